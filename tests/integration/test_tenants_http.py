"""Tenants of one collection, over HTTP and beside each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from domain.access import EVERYTHING, Grant, Right, Tenant
from tests.fakes import FailingCache, FailingVectorStore, serve_in_process

THINGS = "/v1/collections/things"
BY_ID = {"id": 1, "limit": 5}
TAGGED: dict[str, Any] = {"key": "tag", "match": {"any": ["a", "b"]}}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Callers:
    """Two tenants and one who sees all, before one store and one cache."""

    store: FailingVectorStore
    acme: httpx.AsyncClient
    beta: httpx.AsyncClient
    all: httpx.AsyncClient


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def services() -> AsyncIterator[Callers]:
    """Three services for all tests here."""
    store, cache = FailingVectorStore(), FailingCache()
    async with AsyncExitStack() as stack:
        grants = [Grant(name, frozenset(Right), tenant=Tenant("tenant", name)) for name in ("acme", "beta")]
        clients = [
            await stack.enter_async_context(serve_in_process(store, cache, grant=grant))
            for grant in (*grants, EVERYTHING)
        ]
        yield Callers(store, *clients)


@pytest_asyncio.fixture(loop_scope="module")
async def callers(services: Callers) -> Callers:
    """`things` with 1 and 3 of acme, 2 of beta, 4 of both, and 5 of nobody; the nearer to (1, 0) the lower."""
    await services.all.delete(THINGS)
    await services.all.put(THINGS, json={"vector": {"size": 2, "distance": "dot"}, "indexes": {"tenant": "keyword"}})
    owners: list[Any] = ["acme", "beta", "acme", ["acme", "beta"]]
    points = [
        {"id": number, "vector": [10 - number, 1], "payload": {"tenant": owner, "tag": "a"}}
        for number, owner in enumerate(owners, 1)
    ]
    await services.all.put(f"{THINGS}/points", json={"points": [*points, {"id": 5, "vector": [5, 1]}]})
    return services


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> tuple[int, Any]:
    """The status and the body of an answer."""
    answer = await client.post(f"{THINGS}{path}", json=body)
    return answer.status_code, answer.json() if answer.content else None


async def search(client: httpx.AsyncClient, **body: Any) -> tuple[list[int], str]:
    """The ids that a search finds, and what the cache had to do with it."""
    answer = await client.post(f"{THINGS}/search", json=body)
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]], answer.headers["Cache-Status"].removeprefix("holdfast; ")


async def test_reads_are_of_the_tenants_points(callers: Callers) -> None:
    """Points of others do not exist, and one that names several tenants is of each."""
    for client, own, rest in ((callers.acme, [1, 3, 4], [2, 5]), (callers.beta, [2, 4], [1, 3, 5])):
        status, found = await post(client, "/points/retrieve", ids=[5, 4, 3, 2, 1])
        assert (status, [point["id"] for point in found["points"]]) == (200, own[::-1])
        assert await post(client, "/count") == (200, {"count": len(own)})
        page = (await post(client, "/scroll", limit=1))[1]
        assert (page["points"][0]["id"], page["next"]) == (own[0], str(own[1]))
        assert (await post(client, "/scroll", limit=1, after=str(own[-1])))[1]["next"] is None
        for number in rest:
            answer = await client.get(f"{THINGS}/points/{number}")
            detail = f"Point {number} does not exist in collection 'things'."
            assert (answer.status_code, answer.json()) == (404, {"detail": detail})
            searched: dict[str, Any] = {"searches": [{"id": own[0]}, {"id": number}]}
            assert await post(client, "/search", id=number) == (404, {"detail": detail})
            assert await post(client, "/search/batch", **searched) == (404, {"detail": detail})


async def test_a_description_tells_nothing_of_others(callers: Callers) -> None:
    """The points are the tenant's, and the progress of indexes, which counts everybody's, is left out."""
    described = (await callers.acme.get(THINGS)).json()
    assert described == {
        "name": "things",
        "size": 2,
        "distance": "dot",
        "indexes": {"tenant": "keyword"},
        "points": 3,
        "status": "ready",
        "indexed": {},
    }


async def test_the_same_bytes_mean_to_each_tenant_his_own(callers: Callers) -> None:
    """What is remembered of a search, and of its body, is remembered for one tenant; each has hits of his own."""
    clauses = {"should": [TAGGED, {"has_id": [1, 2, 5]}]}
    for cached in ("fwd=miss; stored", "hit", "hit", "hit"):
        for client, own in ((callers.acme, [1, 3, 4]), (callers.beta, [2, 4]), (callers.all, [1, 2, 3, 4, 5])):
            assert await search(client, vector=[1, 0], filter=clauses) == (own, cached)


async def test_a_search_by_a_point_is_remembered(callers: Callers) -> None:
    """It is cached for the tenant whose point it is, also as a stale answer, and for no other."""
    await search(callers.all, **BY_ID, filter={"must": [{"key": "tenant", "match": {"value": "beta"}}]})
    assert await search(callers.acme, **BY_ID) == ([3, 4], "fwd=miss; stored")
    assert await search(callers.acme, **BY_ID) == ([3, 4], "hit")
    assert (await post(callers.beta, "/search", **BY_ID))[0] == 404
    searches: list[dict[str, Any]] = [BY_ID, {"id": 3, "limit": 1}, {"vector": [1, 0]}]
    found = (await post(callers.acme, "/search/batch", searches=searches))[1]
    assert [[hit["id"] for hit in result["hits"]] for result in found["results"]] == [[3, 4], [1], [1, 3, 4]]
    answer = await callers.acme.post(f"{THINGS}/search", json=BY_ID, headers={"Cache-Control": "no-store"})
    assert [hit["id"] for hit in answer.json()["hits"]] == [3, 4]


async def test_what_one_tenant_writes_outdates_what_another_remembers(callers: Callers) -> None:
    """A write goes to the one generation of the collection, and each tenant finds what is there after it."""
    assert await search(callers.beta, vector=[1, 0]) == ([2, 4], "fwd=miss; stored")
    await post(callers.acme, "/points/delete", ids=[4])
    assert await search(callers.beta, vector=[1, 0]) == ([2], "fwd=miss; stored")


async def test_points_are_written_as_the_tenants(callers: Callers) -> None:
    """Those of others stay, and the answer is as if they were not; new ones and his own get his name."""
    points: list[dict[str, Any]] = [
        {"id": number, "vector": [0, number], "payload": {"n": 1}} for number in (1, 2, 3, 5, 9)
    ]
    points[2]["payload"] = {"tenant": "acme"}
    answer = await callers.acme.put(f"{THINGS}/points", json={"points": points})
    assert (answer.status_code, answer.json()) == (200, {"upserted": 5})
    found = (await post(callers.all, "/points/retrieve", ids=[1, 2, 3, 5, 9]))[1]["points"]
    acme = {"n": 1, "tenant": "acme"}
    assert [point["payload"] for point in found] == [acme, {"tenant": "beta", "tag": "a"}, {"tenant": "acme"}, {}, acme]


@pytest.mark.parametrize("value", ["beta", "", None, 1, True, ["acme"], {"a": "acme"}])
async def test_no_point_is_written_as_anothers(callers: Callers, value: Any) -> None:
    """Any other value in the tenant's field is refused, with its place, and nothing is written."""
    points = [{"id": 8, "vector": [0, 1]}, {"id": 9, "vector": [0, 1], "payload": {"tenant": value}}]
    answer = await callers.acme.put(f"{THINGS}/points", json={"points": points})
    expected = "expected nothing else here than 'acme'."
    assert (answer.status_code, answer.json()["detail"]) == (422, f"$.points[1].payload.tenant: {expected}")
    answer = await callers.acme.patch(f"{THINGS}/points", json={"payload": {"x": 1, "tenant": value}, "ids": [1]})
    assert (answer.status_code, answer.json()["detail"]) == (422, f"$.payload.tenant: {expected}")
    assert (await post(callers.all, "/count"))[1] == {"count": 5}


async def test_payload_is_set_on_the_tenants_points(callers: Callers) -> None:
    """An id of another's is as one that does not exist; a filter reaches no points but his."""
    for missing in (2, 7):
        answer = await callers.acme.patch(f"{THINGS}/points", json={"payload": {"seen": 1}, "ids": [1, missing]})
        detail = f"Point {missing} does not exist in collection 'things'."
        assert (answer.status_code, answer.json()) == (404, {"detail": detail})
    seen = {"must": [{"key": "seen", "match": {"value": 1}}]}
    assert (await post(callers.all, "/count", filter=seen))[1] == {"count": 0}
    body = {"payload": {"seen": 1, "tenant": "acme", "tenant.x": "beta"}, "ids": [1, 1]}
    assert (await callers.acme.patch(f"{THINGS}/points", json=body)).status_code == 204
    body = {"payload": {"seen": 1}, "filter": {"should": [TAGGED]}}
    assert (await callers.acme.patch(f"{THINGS}/points", json=body)).status_code == 204
    found = (await post(callers.all, "/scroll", filter=seen))[1]["points"]
    assert [point["id"] for point in found] == [1, 3, 4]
    assert (await post(callers.acme, "/count"))[1] == {"count": 3}


async def test_deletes_the_tenants_points(callers: Callers) -> None:
    """By ids and by filter, and 204 whatever there was."""
    assert await post(callers.beta, "/points/delete", ids=[1, 2, 5, 7]) == (204, None)
    assert await post(callers.acme, "/points/delete", filter={"must_not": [{"has_id": [1]}]}) == (204, None)
    left = (await post(callers.all, "/scroll"))[1]["points"]
    assert [point["id"] for point in left] == [1, 5]


async def test_a_tenants_largest_filter_is_taken(callers: Callers) -> None:
    """The tenant's condition takes nothing from the depth and the size that filters may have."""
    deep: dict[str, Any] = {"must": [TAGGED]}
    for _ in range(15):
        deep = {"must": [deep]}
    for filter_ in (deep, {"should": [TAGGED] * 1000}):
        assert (await post(callers.acme, "/count", filter=filter_))[1] == {"count": 3}
        assert (await search(callers.acme, id=1, filter=filter_))[0] == [3, 4]


async def test_a_collection_as_a_whole_is_no_tenants(callers: Callers) -> None:
    """Who sees a part of it may not make, delete, index or purge it, whatever rights he has."""
    body = {"vector": {"size": 2, "distance": "dot"}}
    answers = [
        await callers.acme.put(THINGS, json=body),
        await callers.acme.put(f"{THINGS}/indexes/tenant", json={"type": "uuid"}),
        await callers.acme.delete(f"{THINGS}/cache"),
        await callers.acme.delete(THINGS),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert (await post(callers.all, "/count"))[1] == {"count": 5}
