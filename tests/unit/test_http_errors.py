"""Every error over HTTP: its status, its body, its headers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from adapters.settings import HttpSettings, Settings
from domain.errors import Backend, BackendUnavailable, Failure
from tests.fakes import FailingCache, FailingVectorStore, serve_in_process

THINGS = "/v1/collections/things"
STORE_DOWN = {"detail": "Vector database temporarily unavailable. Please try again later."}
CACHE_DOWN = {"detail": "Cache temporarily unavailable. Please try again later."}


@pytest.fixture
def store() -> FailingVectorStore:
    """A store that fails when it is told to."""
    return FailingVectorStore()


@pytest.fixture
def cache() -> FailingCache:
    """A cache that fails when it is told to."""
    return FailingCache()


@pytest.fixture
async def client(store: FailingVectorStore, cache: FailingCache) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with the empty collection `things`."""
    settings = Settings(http=HttpSettings(max_body_bytes=4096))
    async with serve_in_process(store, cache, settings) as client:
        await client.put(THINGS, json={"vector": {"size": 2, "distance": "cosine"}, "indexes": {"a": "bool"}})
        yield client


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
    ("POST", f"{THINGS}/search", {"vector": [1, 2]}),
    ("POST", f"{THINGS}/search/batch", {"searches": [{"vector": [1, 2]}]}),
]


@pytest.mark.parametrize(("method", "path", "body"), ROWS)
async def test_without_the_store_every_row_is_a_503(
    client: httpx.AsyncClient, store: FailingVectorStore, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """The one body, and when to come back, whatever was asked."""
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "any", Failure.REFUSED)
    answer = await client.request(method, path, json=body)
    assert (answer.status_code, answer.json()) == (503, STORE_DOWN)
    assert 1 <= int(answer.headers["Retry-After"]) <= 3


async def test_without_the_cache_a_purge_is_a_503(client: httpx.AsyncClient, cache: FailingCache) -> None:
    """What needs the cache says so, what does not goes on."""
    cache.error = BackendUnavailable(Backend.CACHE, "forget", Failure.TIMEOUT)
    answer = await client.delete(f"{THINGS}/cache")
    assert (answer.status_code, answer.json()) == (503, CACHE_DOWN)
    assert int(answer.headers["Retry-After"]) >= 1
    assert (await client.post(f"{THINGS}/search", json={"vector": [1, 2]})).status_code == 200


@pytest.mark.parametrize(("given", "least", "most"), [(7.2, 8, 10), (0.0, 1, 3), (99_999.0, 300, 302)])
async def test_passes_on_when_to_come_back(
    client: httpx.AsyncClient, store: FailingVectorStore, given: float, least: int, most: int
) -> None:
    """What the backend said of when to come back is rounded up, bounded, and spread."""
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "any", Failure.OVERLOADED, given)
    assert least <= int((await client.get(THINGS)).headers["Retry-After"]) <= most


async def test_an_unknown_error_is_a_500_that_gives_nothing_away(
    client: httpx.AsyncClient, store: FailingVectorStore
) -> None:
    """A bug of ours says no more than the request's id."""
    store.error = LookupError("secret")
    answer = await client.get(THINGS, headers={"X-Request-ID": "my-id.1"})
    assert answer.status_code == 500
    assert answer.json() == {"detail": "Internal server error.", "request_id": "my-id.1"}
    assert "secret" not in answer.text


MISSING = "Collection 'none' does not exist."
BAD: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/v1/collections/none", None, 404, MISSING),
    ("POST", "/v1/collections/none/search", {"vector": [1, 2]}, 404, MISSING),
    ("GET", f"{THINGS}/points/7", None, 404, "Point 7 does not exist in collection 'things'."),
    ("POST", f"{THINGS}/search", {"id": 7}, 404, "Point 7 does not exist in collection 'things'."),
    ("PATCH", f"{THINGS}/points", {"payload": {"a": 1}, "ids": [7]}, 404, "Point 7 does not exist in collection 'things'."),
    ("GET", "/v1/nothing", None, 404, "There is nothing at this path."),
    ("GET", "/v1/collections/", None, 404, "There is nothing at this path."),
    (
        "PUT",
        THINGS,
        {"vector": {"size": 3, "distance": "dot"}},
        409,
        "Collection 'things' exists and differs: size is 2, not 3; distance is cosine, not dot.",
    ),
    ("PUT", f"{THINGS}/indexes/a", {"type": "uuid"}, 409, "Collection 'things' exists and differs: index of 'a' is bool, not uuid."),
    ("POST", f"{THINGS}/search", {"vector": [1, 2, 3]}, 422, "$.vector: expected 2 numbers, got 3."),
    ("POST", f"{THINGS}/search", {"vector": [0, 0]}, 422, "$.vector: expected a vector that is not zero, since cosine has no direction for it."),
    ("POST", f"{THINGS}/search", {"vector": [1, 1e39]}, 422, "$.vector: expected numbers that are finite in float32."),
    ("POST", f"{THINGS}/search", {"vector": [1, "2"]}, 422, "$.vector[1]: expected 'float', got 'str'."),
    ("POST", f"{THINGS}/search", {"vector": [1, True]}, 422, "$.vector[1]: expected 'float', got 'bool'."),
    ("POST", f"{THINGS}/search", {"vector": "AAAA"}, 422, "$.vector: expected a multiple of 4 bytes of float32, got 3."),
    ("POST", f"{THINGS}/search", {"vector": "ä"}, 422, "$.vector: expected numbers, or base64 of little-endian float32."),
    ("POST", f"{THINGS}/search", {"vector": "!!!!"}, 422, "$.vector: expected numbers, or base64 of little-endian float32."),
    ("POST", f"{THINGS}/search", {}, 422, "$: expected exactly one of 'vector' and 'id'."),
    ("POST", f"{THINGS}/search", [], 422, "$: expected 'object', got 'array'."),
    ("POST", f"{THINGS}/search", {"id": 1, "limt": 3}, 422, "$: expected no field 'limt'."),
    ("POST", f"{THINGS}/search", {"id": 1, "limit": 1001}, 422, "$.limit: expected an integer from 1 to 1000."),
    ("POST", f"{THINGS}/search", {"id": True}, 422, "$.id: expected 'int | str | null', got 'bool'."),
    ("POST", f"{THINGS}/search", {"id": 2**64}, 422, "$.id: expected an unsigned 64-bit integer or a UUID."),
    ("POST", f"{THINGS}/search", {"id": "x"}, 422, "$.id: expected an unsigned 64-bit integer or a UUID."),
    ("POST", f"{THINGS}/search/batch", {"searches": [{"id": 1}, {"id": -1}]}, 422, "$.searches[1].id: expected an unsigned 64-bit integer or a UUID."),
    ("POST", f"{THINGS}/search/batch", {"searches": []}, 422, "$.searches: expected 1 to 100 items, got 0."),
    ("PUT", f"{THINGS}/points", {"points": []}, 422, "$.points: expected 1 to 10000 items, got 0."),
    ("PUT", f"{THINGS}/points", {"points": [{"id": 1, "vector": [1, 2], "payload": {"a": [2**63]}}]}, 422, "$.points[0].payload.a[0]: expected an integer that fits 64 bits, signed."),
    ("PUT", f"{THINGS}/points", {"points": [{"id": 1, "vector": [1, 2]}, {"id": 2, "vector": [1]}]}, 422, "$.points[1].vector: expected 2 numbers, got 1."),
    ("PATCH", f"{THINGS}/points", {"payload": {}, "ids": [1]}, 422, "$.payload: expected at least one key."),
    ("PATCH", f"{THINGS}/points", {"payload": {"a": 1}, "filter": {}}, 422, "$.filter: expected at least one condition, since an empty filter meets every point."),
    ("POST", f"{THINGS}/points/delete", {"filter": {"must": []}}, 422, "$.filter: expected at least one condition, since an empty filter meets every point."),
    ("POST", f"{THINGS}/points/delete", {"ids": [1], "filter": {}}, 422, "$: expected exactly one of 'ids' and 'filter'."),
    ("POST", f"{THINGS}/points/delete", {}, 422, "$: expected exactly one of 'ids' and 'filter'."),
    ("POST", f"{THINGS}/points/retrieve", {"ids": [1, "x"]}, 422, "$.ids[1]: expected an unsigned 64-bit integer or a UUID."),
    ("POST", f"{THINGS}/scroll", {"after": "x"}, 422, "$.after: expected the 'next' of the page before."),
    ("POST", f"{THINGS}/scroll", {"limit": 0}, 422, "$.limit: expected an integer from 1 to 1000."),
    ("GET", f"{THINGS}/points/1?with_vectors=1", None, 422, "query.with_vectors: expected true or false."),
    ("GET", f"{THINGS}/points/1?x=true", None, 422, "query.x: expected no other parameter than 'with_vectors'."),
    ("GET", f"{THINGS}/points/-1", None, 422, "path.id: expected an unsigned 64-bit integer or a UUID."),
    ("PUT", f"{THINGS}/indexes/a..b", {"type": "bool"}, 422, "path.field: expected a path such as author.name or items[].price."),
    ("PUT", f"{THINGS}/indexes/a", {"type": "text"}, 422, "$.type: expected one of the documented values, got 'text'."),
    ("PUT", "/v1/collections/n", {"vector": {"size": 0, "distance": "dot"}}, 422, "$.vector.size: expected an integer from 1 to 65536."),
    ("PUT", "/v1/collections/n", {"vector": {"size": 1, "distance": "dot", "quantization": {"type": "binary", "quantile": 0.6}}}, 422, "$.vector.quantization.quantile: expected nothing here, since only scalar quantization has a quantile."),
    ("PUT", "/v1/collections/n", {"vector": {"size": 1, "distance": "dot"}, "index": {"m": 1}}, 422, "$.index.m: expected an integer from 4 to 128."),
    ("PUT", "/v1/collections/n", {"vector": {"size": 1, "distance": "dot"}, "indexes": {"a b": "bool"}}, 422, "$.indexes['a b']: expected a path such as author.name or items[].price."),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status", "detail"), BAD)
async def test_says_what_is_wrong(
    client: httpx.AsyncClient, method: str, path: str, body: Any, status: int, detail: str
) -> None:
    """Each error says where it is and what was expected, in JSON, and carries the request's id."""
    answer = await client.request(method, path, json=body)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize("name", ["-a", "a b", "a\n", "ä", "a" * 256])
async def test_refuses_bad_names_of_collections(client: httpx.AsyncClient, name: str) -> None:
    """A path names a collection by a good name."""
    answer = await client.get(f"/v1/collections/{_quoted(name)}")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("path.collection: expected a name of 1 to 255")


def _quoted(name: str) -> str:
    return "".join(f"%{byte:02X}" for byte in name.encode())


BAD_FILTERS: list[tuple[Any, str]] = [
    ({"must": [{}]}, "must[0]: expected exactly one of match, range,"),
    ({"must": [{"key": "a"}]}, "must[0]: expected exactly one of match, range,"),
    ({"must": [{"match": {"value": 1}}]}, "must[0].key: expected a path beside this condition."),
    ({"must": [{"key": "a", "has_id": [1]}]}, "must[0].key: expected nothing here, beside this condition."),
    ({"must": [{"key": "a", "match": {"value": 1}, "range": {"gt": 1}}]}, "must[0]: expected exactly one of"),
    ({"must": [{"key": "a", "match": {"value": 1.5}}]}, "must[0].match.value: expected 'bool | int | str | null', got 'float'."),
    ({"must": [{"key": "a", "match": {}}]}, "must[0].match: expected exactly one of 'value', 'any', 'except'."),
    ({"must": [{"key": "a", "match": {"any": []}}]}, "must[0].match.any: expected at least one value."),
    ({"must": [{"key": "a", "match": {"any": [True]}}]}, "must[0].match.any[0]: expected 'int | str', got 'bool'."),
    ({"must": [{"key": "a", "match": {"text": "x"}}]}, "must[0].match: expected no field 'text'."),
    ({"must": [{"key": "a", "range": {}}]}, "must[0].range: expected at least one of 'gt', 'gte', 'lt', 'lte'."),
    ({"must": [{"key": "a", "range": {"gt": 1, "lt": "2026-01-01T00:00:00Z"}}]}, "must[0].range.gt: expected a time in RFC 3339"),
    ({"must": [{"key": "a", "range": {"gt": "2026-13-01T00:00:00Z"}}]}, "must[0].range.gt: expected a time in RFC 3339"),
    ({"must": [{"key": "a", "range": {"gt": "tomorrow"}}]}, "must[0].range.gt: expected a time in RFC 3339"),
    ({"must": [{"key": "a", "geo_radius": {"center": {"lat": 91, "lon": 0}, "radius": 1}}]}, "must[0].geo_radius.center.lat: expected degrees"),
    ({"must": [{"key": "a", "geo_radius": {"center": {"lat": 1, "lon": 0}, "radius": 0}}]}, "must[0].geo_radius.radius: expected a positive"),
    ({"should": [{"is_null": {"key": "a b"}}]}, "should[0].is_null.key: expected a path"),
    ({"must_not": [{"has_id": []}]}, "must_not[0].has_id: expected at least one id."),
    ({"must_not": [{"has_id": [1, -1]}]}, "must_not[0].has_id[1]: expected an unsigned"),
    ({"must": [{"nested": {"key": "a", "filter": {}}}]}, "must[0].nested.filter: expected at least one condition."),
    ({"must": [{"must": []}]}, "must[0]: expected a condition, got an empty filter."),
    ({"min_should": {"conditions": [{"has_id": [1]}], "min_count": 0}}, "min_should.min_count: expected an integer of at least 1."),
    ({"must": {"has_id": [1]}}, "must: expected 'array | null', got 'object'."),
]  # fmt: skip


@pytest.mark.parametrize(("body", "detail"), BAD_FILTERS)
async def test_says_what_is_wrong_with_a_filter(client: httpx.AsyncClient, body: Any, detail: str) -> None:
    """A condition that says nothing, or no sense, is refused with its place."""
    answer = await client.post(f"{THINGS}/count", json={"filter": body})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(f"$.filter.{detail}")


def nested_filter(depth: int) -> bytes:
    """A filter of so many levels."""
    inner = b'{"must":[' * depth + b'{"has_id":[1]}' + b"]}" * depth
    return b'{"filter":' + inner + b"}"


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 400, "The body is not JSON: it ends too early."),
        (b'{"vector": [1, 2]', 400, "The body is not JSON: it ends too early."),
        (b'{"vector": [1, NaN]}', 400, "The body is not JSON: invalid character (byte 15)."),
        (b'{"id": 1}x', 400, "The body is not JSON: trailing characters (byte 10)."),
        (b'{"vector": "\xff"}', 400, "The body is not JSON: it is not UTF-8 at byte 0 of a string."),
        (b'{"with_payload": "' + b"a" * 5000 + b'"}', 413, "The body must be of at most 4096 bytes."),
        (b'{"vector": [1e999]}', 422, "$.vector[0]: expected a number in range."),
    ],
)
async def test_says_what_is_wrong_with_the_body(
    client: httpx.AsyncClient, body: bytes, status: int, detail: str
) -> None:
    """A body that is no JSON, or too large, is refused as a whole."""
    answer = await client.post(f"{THINGS}/search", content=body)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


async def test_bounds_a_body_without_a_length(client: httpx.AsyncClient) -> None:
    """A body that does not say how long it is, is cut off."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * 1000

    answer = await client.post(f"{THINGS}/search", content=chunks())
    assert (answer.status_code, answer.json()) == (413, {"detail": "The body must be of at most 4096 bytes."})


async def test_bounds_the_depth_of_filters(client: httpx.AsyncClient) -> None:
    """16 levels are understood, 17 are a 422."""
    good = await client.post(f"{THINGS}/count", content=nested_filter(16))
    assert good.status_code == 200
    bad = await client.post(f"{THINGS}/count", content=nested_filter(17))
    assert bad.status_code == 422
    assert bad.json()["detail"].endswith("expected at most 16 levels of filters.")


async def test_survives_any_depth(store: FailingVectorStore, cache: FailingCache) -> None:
    """JSON that is nested past what can be read is a 400, as deep as a body can be."""
    async with serve_in_process(store, cache) as client:
        for depth in (300, 1_000, 100_000, 1_000_000):
            answer = await client.post(f"{THINGS}/count", content=nested_filter(depth))
            assert answer.status_code in (400, 422), depth
            assert len(answer.text) < 2000
            payload = b'{"payload":' + b'{"a":' * depth + b"1" + b"}" * depth + b',"ids":[1]}'
            assert (await client.patch(f"{THINGS}/points", content=payload)).status_code in (400, 422), depth


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        ({"Content-Type": 'APPLICATION/JSON;charset="UTF-8"'}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json; charset=latin-1"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
    ],
)
async def test_takes_json_in_utf8_alone(client: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    """Another media type, charset or coding is a 415."""
    answer = await client.post(f"{THINGS}/count", content=b"{}", headers=headers)
    assert answer.status_code == status
    assert set(answer.json()) == ({"count"} if status == 200 else {"detail"})


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/collections", "GET, HEAD"),
        (THINGS, "DELETE, GET, HEAD, PUT"),
        (f"{THINGS}/points", "PATCH, PUT"),
        (f"{THINGS}/search", "POST"),
        ("/health/live", "GET, HEAD"),
    ],
)
async def test_names_the_methods_that_are_allowed(client: httpx.AsyncClient, path: str, allow: str) -> None:
    """A 405 names every method of its path."""
    answer = await client.request("OPTIONS", path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
    assert set(answer.json()) == {"detail"}


@pytest.mark.parametrize("given", ["ok-1._", "a" * 128])
async def test_keeps_the_request_id_of_a_client(client: httpx.AsyncClient, given: str) -> None:
    """A good id comes back."""
    assert (await client.get(THINGS, headers={"X-Request-ID": given})).headers["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "a b", "a" * 129, "<script>", "a\tb"])
async def test_replaces_a_bad_request_id(client: httpx.AsyncClient, given: str) -> None:
    """A bad one is replaced by one of our own."""
    answer = await client.get(THINGS, headers={"X-Request-ID": given})
    assert len(answer.headers["X-Request-ID"]) == 32
    assert json.loads(answer.text)["name"] == "things"
