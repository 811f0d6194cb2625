"""The use cases check what every adapter relies on, and need no HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.memory import InMemoryCache, InMemoryVectorStore
from domain.collections import Collections
from domain.errors import Backend, BackendUnavailable, Failure, InvalidInput, PointNotFound
from domain.filters import Filter
from domain.health import Health, Status
from domain.invalidation import Invalidation
from domain.models import Collection, Distance, IndexType, Point, Vector
from domain.points import MAX_POINTS, Points
from domain.ports import BackendStatus, Entry
from domain.queries import SearchQuery, Selection
from domain.search import MAX_SEARCHES, Search
from tests.fakes import FailingCache, FailingVectorStore

ONE = Point(1, Vector.of([1, 2]), {"a": 1})


@pytest.fixture
async def store() -> InMemoryVectorStore:
    """A store with the collection `things` and one point."""
    store = InMemoryVectorStore()
    await store.create_collection(Collection(name="things", size=2, distance=Distance.DOT))
    await store.upsert("things", [ONE])
    return store


def points_of(store: InMemoryVectorStore) -> Points:
    return Points(store, Invalidation(InMemoryCache()))


def search_of(store: InMemoryVectorStore) -> Search:
    cache = InMemoryCache()
    return Search(store, cache, Invalidation(cache))


def collections_of(store: InMemoryVectorStore, cache: InMemoryCache) -> Collections:
    return Collections(store, cache, Invalidation(cache))


CALLS: list[tuple[str, Callable[[Collections, Points, Search, str], Awaitable[object]]]] = [
    ("describe", lambda c, p, s, name: c.describe(name)),
    ("delete", lambda c, p, s, name: c.delete(name)),
    ("create_index", lambda c, p, s, name: c.create_index(name, "a", IndexType.BOOL)),
    ("purge", lambda c, p, s, name: c.purge(name)),
    ("upsert", lambda c, p, s, name: p.upsert(name, [ONE])),
    ("set_payload", lambda c, p, s, name: p.set_payload(name, {"a": 1}, Selection(ids=(1,)))),
    ("delete_points", lambda c, p, s, name: p.delete(name, Selection(ids=(1,)))),
    ("get", lambda c, p, s, name: p.get(name, 1)),
    ("retrieve", lambda c, p, s, name: p.retrieve(name, [1])),
    ("scroll", lambda c, p, s, name: p.scroll(name, Filter())),
    ("count", lambda c, p, s, name: p.count(name, Filter())),
    ("search", lambda c, p, s, name: s.search(name, SearchQuery(id=1))),
    ("search_batch", lambda c, p, s, name: s.search_batch(name, [SearchQuery(id=1)])),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
async def test_refuses_bad_names(
    store: InMemoryVectorStore, name: str, call: Callable[[Collections, Points, Search, str], Awaitable[object]]
) -> None:
    """No use case hands a bad name on to an adapter."""
    del name
    cache = InMemoryCache()
    invalidation = Invalidation(cache)
    cases = (
        Collections(store, cache, invalidation),
        Points(store, invalidation),
        Search(store, cache, invalidation),
    )
    with pytest.raises(InvalidInput, match="collection: expected a name"):
        await call(*cases, "a/b")


@pytest.mark.parametrize(
    ("where", "call"),
    [
        ("points", lambda points: points.upsert("things", [])),
        ("points", lambda points: points.upsert("things", [ONE] * (MAX_POINTS + 1))),
        ("ids", lambda points: points.retrieve("things", [])),
        ("ids", lambda points: points.retrieve("things", range(MAX_POINTS + 1))),
        ("ids[1]", lambda points: points.retrieve("things", [1, True])),
        ("ids", lambda points: points.delete("things", Selection(ids=tuple(range(MAX_POINTS + 1))))),
        ("ids", lambda points: points.set_payload("things", {"a": 1}, Selection(ids=tuple(range(MAX_POINTS + 1))))),
        ("payload", lambda points: points.set_payload("things", {}, Selection(ids=(1,)))),
        ("payload.a", lambda points: points.set_payload("things", {"a": 2**63}, Selection(ids=(1,)))),
        ("limit", lambda points: points.scroll("things", Filter(), limit=1001)),
    ],
)
async def test_refuses_bad_batches(store: InMemoryVectorStore, where: str, call: Callable[[Points], Any]) -> None:
    """Batches have sizes, and what is in them is checked."""
    with pytest.raises(InvalidInput) as caught:
        await call(points_of(store))
    assert caught.value.where == where


@pytest.mark.parametrize("size", [0, MAX_SEARCHES + 1])
async def test_bounds_batches_of_searches(store: InMemoryVectorStore, size: int) -> None:
    """A batch has 1 to 100 searches."""
    with pytest.raises(InvalidInput, match=f"searches: expected 1 to 100 items, got {size}"):
        await search_of(store).search_batch("things", [SearchQuery(id=1)] * size)


async def test_counts_each_id_once(store: InMemoryVectorStore) -> None:
    """How many were written is how many ids there were."""
    written = await points_of(store).upsert("things", [ONE, ONE, Point(2, Vector.of([1, 2]))])
    assert written.value == 2


async def test_gets_a_point_or_says_that_there_is_none(store: InMemoryVectorStore) -> None:
    """One point by its id."""
    assert (await points_of(store).get("things", 1, with_vectors=True)).vector == ONE.vector
    with pytest.raises(PointNotFound, match="Point 2 does not exist in collection 'things'"):
        await points_of(store).get("things", 2)


async def test_refuses_an_index_at_no_path(store: InMemoryVectorStore) -> None:
    """The field of an index is a path."""
    with pytest.raises(InvalidInput, match="field: expected a path"):
        await collections_of(store, InMemoryCache()).create_index("things", "a..b", IndexType.BOOL)


async def test_purging_forgets_what_was_cached(store: InMemoryVectorStore) -> None:
    """After a purge no entry of the collection comes back."""
    cache = InMemoryCache()
    generation = (await cache.recall("things", "k")).generation or ""
    await cache.remember("things", "k", Entry(generation, 0.0, ()), 60)
    await collections_of(store, cache).purge("things")
    assert (await cache.recall("things", "k")).entry is None


class HangingVectorStore(InMemoryVectorStore):
    """Never answers a ping."""

    async def ping(self) -> BackendStatus:
        await asyncio.Event().wait()
        return BackendStatus("never")


async def test_health_tells_how_the_backends_are() -> None:
    """Up with both, degraded without the cache, down without the store, and why."""
    store, cache = FailingVectorStore(), FailingCache()
    health = Health(store, cache)
    assert (await health.check()).status is Status.UP
    cache.error = BackendUnavailable(Backend.CACHE, "ping", Failure.REFUSED)
    found = await health.check()
    assert (found.status, found.cache.failure) == (Status.DEGRADED, Failure.REFUSED)
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "ping", Failure.UNREADY)
    found = await health.check()
    assert (found.status, found.vector_store.status, found.vector_store.failure) == (
        Status.DOWN,
        Status.DOWN,
        Failure.UNREADY,
    )


async def test_health_does_not_wait_for_ever() -> None:
    """A backend that hangs is down after the time-out, and the other is asked meanwhile."""
    found = await Health(HangingVectorStore(), InMemoryCache(), timeout=0.01).check()
    assert found.vector_store.failure is Failure.TIMEOUT
    assert found.cache.status is Status.UP
    assert found.vector_store.latency >= 0.01
