"""Requests that end in an error, and what is said of each."""

from __future__ import annotations

from typing import Any

THINGS = "/v1/collections/things"
SEARCH = f"{THINGS}/search"
NO_ID = "expected an unsigned 64-bit integer or a UUID."
NO_PATH = "expected a path such as author.name or items[].price."
NO_CONDITION = "expected at least one condition, since an empty filter meets every point."
VECTOR: dict[str, Any] = {"size": 1, "distance": "dot"}

ROWS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "/v1/collections", None),
    ("PUT", THINGS, {"vector": {"size": 2, "distance": "dot"}}),
    ("GET", THINGS, None),
    ("DELETE", THINGS, None),
    ("PUT", f"{THINGS}/indexes/a", {"type": "keyword"}),
    ("PUT", f"{THINGS}/points", {"points": [{"id": 1, "vector": [1, 2]}]}),
    ("PATCH", f"{THINGS}/points", {"payload": {"a": 1}, "ids": [1]}),
    ("GET", f"{THINGS}/points/1", None),
    ("POST", f"{THINGS}/points/retrieve", {"ids": [1]}),
    ("POST", f"{THINGS}/points/delete", {"ids": [1]}),
    ("POST", f"{THINGS}/scroll", {}),
    ("POST", f"{THINGS}/count", {}),
    ("POST", SEARCH, {"vector": [1, 2]}),
    ("POST", f"{THINGS}/search/batch", {"searches": [{"vector": [1, 2]}]}),
]


MISSING = "Collection 'none' does not exist."
BAD: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/v1/collections/none", None, 404, MISSING),
    ("POST", "/v1/collections/none/search", {"vector": [1, 2]}, 404, MISSING),
    ("GET", f"{THINGS}/points/7", None, 404, "Point 7 does not exist in collection 'things'."),
    ("POST", SEARCH, {"id": 7}, 404, "Point 7 does not exist in collection 'things'."),
    (
        "PATCH",
        f"{THINGS}/points",
        {"payload": {"a": 1}, "ids": [7]},
        404,
        "Point 7 does not exist in collection 'things'.",
    ),
    ("GET", "/v1/nothing", None, 404, "There is nothing at this path."),
    ("GET", "/v1/collections/", None, 404, "There is nothing at this path."),
    (
        "PUT",
        THINGS,
        {"vector": {"size": 3, "distance": "dot"}},
        409,
        "Collection 'things' exists and differs: size is 2, not 3; distance is cosine, not dot.",
    ),
    (
        "PUT",
        f"{THINGS}/indexes/a",
        {"type": "uuid"},
        409,
        "Collection 'things' exists and differs: index of 'a' is bool, not uuid.",
    ),
    ("POST", SEARCH, {"vector": [1, 2, 3]}, 422, "$.vector: expected 2 numbers, got 3."),
    (
        "POST",
        SEARCH,
        {"vector": [0, 0]},
        422,
        "$.vector: expected a vector that is not zero, since cosine has no direction for it.",
    ),
    ("POST", SEARCH, {"vector": [1, 1e39]}, 422, "$.vector: expected numbers that are finite in float32."),
    ("POST", SEARCH, {"vector": [1, "2"]}, 422, "$.vector[1]: expected 'number', got 'string'."),
    ("POST", SEARCH, {"vector": [1, True]}, 422, "$.vector[1]: expected 'number', got 'true or false'."),
    ("POST", SEARCH, {"vector": "AAAA"}, 422, "$.vector: expected a multiple of 4 bytes of float32, got 3."),
    ("POST", SEARCH, {"vector": "ä"}, 422, "$.vector: expected numbers, or base64 of little-endian float32."),
    ("POST", SEARCH, {"vector": "!!!!"}, 422, "$.vector: expected numbers, or base64 of little-endian float32."),
    ("POST", SEARCH, {}, 422, "$: expected exactly one of 'vector' and 'id'."),
    ("POST", SEARCH, [], 422, "$: expected 'object', got 'list'."),
    ("POST", SEARCH, {"id": 1, "limt": 3}, 422, "$: expected no field 'limt'."),
    ("POST", SEARCH, {"id": 1, "limit": 1001}, 422, "$.limit: expected an integer from 1 to 1000."),
    ("POST", SEARCH, {"id": True}, 422, "$.id: expected 'integer | string | null', got 'true or false'."),
    ("POST", SEARCH, {"id": 2**64}, 422, f"$.id: {NO_ID}"),
    ("POST", SEARCH, {"id": "x"}, 422, f"$.id: {NO_ID}"),
    ("POST", f"{THINGS}/search/batch", {"searches": [{"id": 1}, {"id": -1}]}, 422, f"$.searches[1].id: {NO_ID}"),
    ("POST", f"{THINGS}/search/batch", {"searches": []}, 422, "$.searches: expected 1 to 100 items, got 0."),
    ("PUT", f"{THINGS}/points", {"points": []}, 422, "$.points: expected 1 to 10000 items, got 0."),
    (
        "PUT",
        f"{THINGS}/points",
        {"points": [{"id": 1, "vector": [1, 2], "payload": {"a": [2**63]}}]},
        422,
        "$.points[0].payload.a[0]: expected an integer that fits 64 bits, signed.",
    ),
    (
        "PUT",
        f"{THINGS}/points",
        {"points": [{"id": 1, "vector": [1, 2]}, {"id": 2, "vector": [1]}]},
        422,
        "$.points[1].vector: expected 2 numbers, got 1.",
    ),
    ("PATCH", f"{THINGS}/points", {"payload": {}, "ids": [1]}, 422, "$.payload: expected at least one key."),
    ("PATCH", f"{THINGS}/points", {"payload": {"a": 1}, "filter": {}}, 422, f"$.filter: {NO_CONDITION}"),
    ("POST", f"{THINGS}/points/delete", {"filter": {"must": []}}, 422, f"$.filter: {NO_CONDITION}"),
    (
        "POST",
        f"{THINGS}/points/delete",
        {"ids": [1], "filter": {}},
        422,
        "$: expected exactly one of 'ids' and 'filter'.",
    ),
    ("POST", f"{THINGS}/points/delete", {}, 422, "$: expected exactly one of 'ids' and 'filter'."),
    ("POST", f"{THINGS}/points/retrieve", {"ids": [1, "x"]}, 422, f"$.ids[1]: {NO_ID}"),
    ("POST", f"{THINGS}/scroll", {"after": "x"}, 422, "$.after: expected the 'next' of the page before."),
    ("POST", f"{THINGS}/scroll", {"limit": 0}, 422, "$.limit: expected an integer from 1 to 1000."),
    ("GET", f"{THINGS}/points/1?with_vectors=1", None, 422, "query.with_vectors: expected true or false."),
    (
        "GET",
        f"{THINGS}/points/1?with_vectors=true&with_vectors=true",
        None,
        422,
        "query.with_vectors: expected no parameter but with_vectors, once.",
    ),
    ("DELETE", f"{THINGS}?dry_run=true", None, 422, "query.dry_run: expected no parameter."),
    ("GET", f"/v1/collections?{'x' * 99}=1", None, 422, f"query.{'x' * 40}: expected no parameter."),
    ("GET", f"{THINGS}/points/1?x=true", None, 422, "query.x: expected no parameter but with_vectors, once."),
    ("GET", f"{THINGS}/points/-1", None, 422, f"path.id: {NO_ID}"),
    ("PUT", f"{THINGS}/indexes/a..b", {"type": "bool"}, 422, f"path.field: {NO_PATH}"),
    ("PUT", f"{THINGS}/indexes/a", {"type": "text"}, 422, "$.type: expected one of the documented values, got 'text'."),
    (
        "PUT",
        "/v1/collections/n",
        {"vector": {"size": 0, "distance": "dot"}},
        422,
        "$.vector.size: expected 'integer' >= 1.",
    ),
    (
        "PUT",
        "/v1/collections/n",
        {"vector": {**VECTOR, "quantization": {"type": "binary", "quantile": 0.6}}},
        422,
        "$.vector.quantization.quantile: expected nothing here, since only scalar quantization has a quantile.",
    ),
    (
        "PUT",
        "/v1/collections/n",
        {"vector": {"size": 1, "distance": "dot"}, "index": {"m": 1}},
        422,
        "$.index.m: expected an integer from 4 to 128.",
    ),
    (
        "PUT",
        "/v1/collections/n",
        {"vector": {"size": 1, "distance": "dot"}, "indexes": {"a b": "bool"}},
        422,
        f"$.indexes['a b']: {NO_PATH}",
    ),
]


BAD_FILTERS: list[tuple[Any, str]] = [
    ({"must": [{}]}, "must[0]: expected exactly one of match, range,"),
    ({"must": [{"key": "a"}]}, "must[0]: expected exactly one of match, range,"),
    ({"must": [{"match": {"value": 1}}]}, "must[0].key: expected a path beside this condition."),
    ({"must": [{"key": "a", "has_id": [1]}]}, "must[0].key: expected nothing here, beside this condition."),
    ({"must": [{"key": "a", "match": {"value": 1}, "range": {"gt": 1}}]}, "must[0]: expected exactly one of"),
    (
        {"must": [{"key": "a", "match": {"value": 1.5}}]},
        "must[0].match.value: expected 'true or false | integer | string | null', got 'number'.",
    ),
    ({"must": [{"key": "a", "match": {}}]}, "must[0].match: expected exactly one of 'value', 'any', 'except'."),
    ({"must": [{"key": "a", "match": {"any": []}}]}, "must[0].match.any: expected 1 to 10000 values, got 0."),
    (
        {"must": [{"key": "a", "match": {"any": [True]}}]},
        "must[0].match.any[0]: expected 'integer | string', got 'true or false'.",
    ),
    ({"must": [{"key": "a", "match": {"text": "x"}}]}, "must[0].match: expected no field 'text'."),
    ({"must": [{"key": "a", "range": {}}]}, "must[0].range: expected at least one of 'gt', 'gte', 'lt', 'lte'."),
    (
        {"must": [{"key": "a", "range": {"gt": 1, "lt": "2026-01-01T00:00:00Z"}}]},
        "must[0].range.gt: expected a time in RFC 3339",
    ),
    (
        {"must": [{"key": "a", "range": {"gt": "2026-13-01T00:00:00Z"}}]},
        "must[0].range.gt: expected a time in RFC 3339",
    ),
    ({"must": [{"key": "a", "range": {"gt": "tomorrow"}}]}, "must[0].range.gt: expected a time in RFC 3339"),
    (
        {"must": [{"key": "a", "geo_radius": {"center": {"lat": 91, "lon": 0}, "radius": 1}}]},
        "must[0].geo_radius.center.lat: expected degrees",
    ),
    (
        {"must": [{"key": "a", "geo_radius": {"center": {"lat": 1, "lon": 0}, "radius": 0}}]},
        "must[0].geo_radius.radius: expected metres",
    ),
    ({"should": [{"is_null": {"key": "a b"}}]}, "should[0].is_null.key: expected a path"),
    ({"must_not": [{"has_id": []}]}, "must_not[0].has_id: expected 1 to 10000 ids, got 0."),
    ({"must_not": [{"has_id": [1, -1]}]}, "must_not[0].has_id[1]: expected an unsigned"),
    ({"must": [{"nested": {"key": "a", "filter": {}}}]}, "must[0].nested.filter: expected at least one condition."),
    ({"must": [{"must": []}]}, "must[0]: expected a condition, got an empty filter."),
    (
        {"min_should": {"conditions": [{"has_id": [1]}], "min_count": 0}},
        "min_should.min_count: expected an integer from 1 to the 1 conditions",
    ),
    ({"must": {"has_id": [1]}}, "must: expected 'list | null', got 'object'."),
]
