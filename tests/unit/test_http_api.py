"""Every row of the API, over HTTP and without a socket."""

from __future__ import annotations

import base64
import struct
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from adapters.memory import InMemoryCache, InMemoryVectorStore
from tests.fakes import serve_in_process

UUID_1 = "00000000-0000-0000-0000-000000000001"
THINGS = "/v1/collections/things"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service() -> AsyncIterator[httpx.AsyncClient]:
    """A client of one service for all tests here."""
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache()) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="module")
async def client(service: httpx.AsyncClient) -> httpx.AsyncClient:
    """The service with the collection `things` alone: red 1 and 3, blue 2, and a UUID without payload."""
    for name in (await service.get("/v1/collections")).json()["collections"]:
        await service.delete(f"/v1/collections/{name}")
    await service.put(THINGS, json={"vector": {"size": 2, "distance": "dot"}, "indexes": {"color": "keyword"}})
    points: list[dict[str, Any]] = [
        {"id": 1, "vector": [3, 0], "payload": {"color": "red", "rank": 1}},
        {"id": 2, "vector": [2, 0], "payload": {"color": "blue", "rank": 2}},
        {"id": 3, "vector": base64.b64encode(struct.pack("<2f", 1, 0)).decode(), "payload": {"color": "red"}},
        {"id": UUID_1, "vector": [0, 1]},
    ]
    answer = await service.put(f"{THINGS}/points", json={"points": points})
    assert (answer.status_code, answer.json()) == (200, {"upserted": 4})
    return service


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    """The body of a 200."""
    answer = await client.post(f"{THINGS}{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


RED = {"must": [{"key": "color", "match": {"value": "red"}}]}


async def test_makes_a_collection(client: httpx.AsyncClient) -> None:
    """201 the first time, 200 when it exists just so, with its description."""
    body = {
        "vector": {
            "size": 3,
            "distance": "cosine",
            "on_disk": True,
            "quantization": {"type": "scalar", "quantile": 0.9},
        },
        "index": {"m": 8},
        "indexes": {"author.name": "keyword"},
    }
    first = await client.put("/v1/collections/other", json=body)
    assert first.status_code == 201
    assert first.json() == {
        "name": "other",
        "size": 3,
        "distance": "cosine",
        "indexes": {"author.name": "keyword"},
        "points": 0,
        "status": "ready",
        "indexed": {"author.name": 0},
        "on_disk": True,
        "quantization": {"type": "scalar", "quantile": 0.9},
        "index": {"m": 8},
    }
    second = await client.put("/v1/collections/other", json={**body, "indexes": {"rank": "integer"}})
    assert (second.status_code, second.json()["indexes"]) == (200, {"author.name": "keyword", "rank": "integer"})


async def test_lists_describes_and_deletes_collections(client: httpx.AsyncClient) -> None:
    """A collection is in the list and has a description until it is deleted."""
    assert (await client.get("/v1/collections")).json() == {"collections": ["things"]}
    described = (await client.get(THINGS)).json()
    assert (described["name"], described["size"], described["distance"], described["points"]) == ("things", 2, "dot", 4)
    deleted = await client.delete(THINGS)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await client.get("/v1/collections")).json() == {"collections": []}


@pytest.mark.parametrize("field", ["rank", "author.name", "items[].price", '"a/b c"'])
async def test_indexes_a_field(client: httpx.AsyncClient, field: str) -> None:
    """200 for an index that is built, at any path."""
    answer = await client.put(f"{THINGS}/indexes/{field}", json={"type": "integer"})
    assert (answer.status_code, answer.json()) == (200, {"field": field, "type": "integer", "built": True})
    assert (await client.get(THINGS)).json()["indexes"][field] == "integer"


async def test_reads_one_point(client: httpx.AsyncClient) -> None:
    """A point comes with its payload, and its vector when asked, by integer and by UUID."""
    assert (await client.get(f"{THINGS}/points/3")).json() == {"id": 3, "payload": {"color": "red"}}
    answer = await client.get(f"{THINGS}/points/{UUID_1}?with_vectors=true")
    assert answer.json() == {"id": UUID_1, "payload": {}, "vector": [0.0, 1.0]}


async def test_retrieves_points(client: httpx.AsyncClient) -> None:
    """Points come in the order asked, each once, missing ones left out."""
    found = await post(client, "/points/retrieve", {"ids": [3, UUID_1, 9, 3], "with_vectors": True})
    assert [(point["id"], point["vector"]) for point in found["points"]] == [(3, [1.0, 0.0]), (UUID_1, [0.0, 1.0])]


@pytest.mark.parametrize("selection", [{"ids": [1, 3]}, {"filter": RED}])
async def test_merges_payload(client: httpx.AsyncClient, selection: dict[str, Any]) -> None:
    """Payload is merged at the top level by ids or filter, and null removes a key."""
    answer = await client.patch(f"{THINGS}/points", json={"payload": {"rank": None, "seen": True}, **selection})
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(f"{THINGS}/points/1")).json()["payload"] == {"color": "red", "seen": True}


@pytest.mark.parametrize(("selection", "left"), [({"ids": [1, 99]}, 3), ({"filter": RED}, 2)])
async def test_deletes_points(client: httpx.AsyncClient, selection: dict[str, Any], left: int) -> None:
    """Points are deleted by ids or filter."""
    answer = await client.post(f"{THINGS}/points/delete", json=selection)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await post(client, "/count", {}) == {"count": left}


async def test_scrolls(client: httpx.AsyncClient) -> None:
    """Pages follow each other by `next`, and the last says null."""
    first = await post(client, "/scroll", {"limit": 3})
    assert [point["id"] for point in first["points"]] == [1, 2, 3]
    assert isinstance(first["next"], str)
    last = await post(client, "/scroll", {"limit": 3, "after": first["next"], "with_vectors": True})
    assert last == {"points": [{"id": UUID_1, "payload": {}, "vector": [0.0, 1.0]}], "next": None}
    red = await post(client, "/scroll", {"filter": RED})
    assert [point["id"] for point in red["points"]] == [1, 3]


async def test_gives_vectors_as_base64(client: httpx.AsyncClient) -> None:
    """A page and points by their ids give vectors in the form that writing takes, where they are asked to."""
    asked = {"ids": [1], "with_vectors": "base64"}
    (found,) = (await post(client, "/points/retrieve", asked))["points"]
    page = await post(client, "/scroll", {"limit": 1, "with_vectors": "base64"})
    assert page["points"] == [found]
    assert struct.unpack("<2f", base64.b64decode(found["vector"])) == (3, 0)
    refused = await client.post(f"{THINGS}/scroll", json={"with_vectors": "base32"})
    assert (refused.status_code, "$.with_vectors" in refused.text) == (422, True)


async def test_counts(client: httpx.AsyncClient) -> None:
    """All points count without a filter, else those that meet it."""
    assert await post(client, "/count", {}) == {"count": 4}
    assert await post(client, "/count", {"filter": {}}) == {"count": 4}
    assert await post(client, "/count", {"filter": RED}) == {"count": 2}


async def test_searches(client: httpx.AsyncClient) -> None:
    """Hits come nearest first with their scores and payloads, and say that they are not stale."""
    found = await post(client, "/search", {"vector": [1, 0], "filter": RED, "limit": 5})
    assert found == {
        "hits": [
            {"id": 1, "score": 3.0, "payload": {"color": "red", "rank": 1}},
            {"id": 3, "score": 1.0, "payload": {"color": "red"}},
        ],
        "stale": False,
    }


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        ({"vector": base64.b64encode(struct.pack("<2f", 1, 0)).decode()}, [1, 2, 3, UUID_1]),
        ({"id": 1}, [2, 3, UUID_1]),
        ({"id": UUID_1, "limit": 1}, [1]),
        ({"vector": [1, 0], "offset": 1, "limit": 2}, [2, 3]),
        ({"vector": [1, 0], "score_threshold": 2}, [1, 2]),
        ({"vector": [1, 0], "params": {"hnsw_ef": 64, "exact": True}}, [1, 2, 3, UUID_1]),
    ],
)
async def test_searches_in_every_way(client: httpx.AsyncClient, body: dict[str, Any], ids: list[object]) -> None:
    """A vector as base64, a stored point, offset, threshold and parameters are understood."""
    assert [hit["id"] for hit in (await post(client, "/search", body))["hits"]] == ids


async def test_gives_the_parts_that_were_asked_for(client: httpx.AsyncClient) -> None:
    """The payload comes in part or not at all, the vector when asked."""
    part = await post(client, "/search", {"id": 2, "limit": 1, "with_payload": ["rank"], "with_vectors": True})
    assert part["hits"] == [{"id": 1, "score": 6.0, "payload": {"rank": 1}, "vector": [3.0, 0.0]}]
    none = await post(client, "/search", {"id": 2, "limit": 1, "with_payload": False})
    assert none["hits"] == [{"id": 1, "score": 6.0}]


async def test_searches_a_batch(client: httpx.AsyncClient) -> None:
    """Each search of a batch has a result of its own, in order."""
    found = await post(client, "/search/batch", {"searches": [{"vector": [0, 1], "limit": 1}, {"id": 1, "limit": 1}]})
    assert [[hit["id"] for hit in result["hits"]] for result in found["results"]] == [[UUID_1], [2]]
    assert [result["stale"] for result in found["results"]] == [False, False]


async def test_purges_the_cache(client: httpx.AsyncClient) -> None:
    """204, also where nothing is cached."""
    answer = await client.delete(f"{THINGS}/cache")
    assert (answer.status_code, answer.content) == (204, b"")


FILTERS: list[tuple[dict[str, Any], list[object]]] = [
    ({"must": [{"key": "rank", "match": {"any": [2, 3]}}]}, [2]),
    ({"must": [{"key": "color", "match": {"except": ["red"]}}]}, [2]),
    ({"must": [{"key": "rank", "range": {"gte": 1, "lt": 1.5}}]}, [1]),
    ({"must_not": [{"is_empty": {"key": "color"}}, {"has_id": [3]}]}, [1, 2]),
    ({"should": [{"has_id": [3, UUID_1]}, {"is_null": {"key": "x"}}]}, [3, UUID_1]),
    ({"min_should": {"conditions": [RED, {"has_id": [1, 2]}], "min_count": 2}}, [1]),
    ({"must": [{"key": "color", "values_count": {"gt": 0}}, {"must_not": [RED]}]}, [2]),
    ({"must": [{"nested": {"key": "items", "filter": RED}}]}, []),
    ({"must": [{"key": "at", "range": {"lt": "2026-01-01T00:00:00Z", "gt": "2025-01-01 00:00:00.5+01:00"}}]}, []),
    ({"must": [{"key": "at", "range": {"lt": "2026-01-01T00:00:00"}}]}, []),
    ({"must": [{"key": "p", "geo_radius": {"center": {"lat": 1, "lon": 2}, "radius": 3}}]}, []),
    (
        {
            "must": [
                {
                    "key": "p",
                    "geo_bounding_box": {"top_left": {"lat": 2, "lon": 1}, "bottom_right": {"lat": 1, "lon": 2}},
                }
            ]
        },
        [],
    ),
]


@pytest.mark.parametrize(("body", "ids"), FILTERS)
async def test_understands_filters(client: httpx.AsyncClient, body: dict[str, Any], ids: list[object]) -> None:
    """Every condition is understood as Qdrant's users write it."""
    assert [point["id"] for point in (await post(client, "/scroll", {"filter": body}))["points"]] == ids


async def test_leaves_points_that_do_not_meet_the_update_filter(client: httpx.AsyncClient) -> None:
    """The answer says how many ids were sent; a blue point stays as it is, a red one and a new one are written."""
    points = [{"id": i, "vector": [9, 9], "payload": {"color": "green"}} for i in (1, 2, 9)]
    answer = await client.put(f"{THINGS}/points", json={"points": points, "update_filter": RED})
    assert (answer.status_code, answer.json()) == (200, {"upserted": 3})
    found = await post(client, "/points/retrieve", {"ids": [1, 2, 9]})
    assert [point["payload"]["color"] for point in found["points"]] == ["green", "blue", "green"]
    answer = await client.put(f"{THINGS}/points", json={"points": points, "update_filter": {}})
    assert await post(client, "/count", {"filter": {"must": [{"key": "color", "match": {"value": "green"}}]}}) == {
        "count": 3
    }
    wrong = {"must": [{"key": "color"}]}
    answer = await client.put(f"{THINGS}/points", json={"points": points, "update_filter": wrong})
    assert (answer.status_code, answer.json()["detail"][:25]) == (422, "$.update_filter.must[0]: ")
