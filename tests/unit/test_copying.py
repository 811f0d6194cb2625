"""Copying between stores: whole, in order, patient with failures, and judged at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from adapters.memory import InMemoryCache, InMemoryVectorStore
from domain.copying import Copying, Position
from domain.errors import (
    Backend,
    BackendUnavailable,
    CollectionConflict,
    CollectionNotFound,
    Failure,
    HoldfastError,
    Overloaded,
)
from domain.filters import Filter
from domain.invalidation import Invalidation
from domain.models import Collection, Distance, IndexType, Page, Point, PointId, Record
from domain.patience import Patience
from domain.ports import VectorStore
from domain.queries import Selection
from tests.clock import Clock
from tests.contract.things import UUID_1, UUID_2, ids, vector
from tests.fakes import FailingVectorStore

THINGS = Collection(name="things", size=2, distance=Distance.COSINE, indexes={"rank": IndexType.INTEGER})


def away(failure: Failure = Failure.RESET, retry_after: float | None = None) -> BackendUnavailable:
    """An outage."""
    return BackendUnavailable(Backend.VECTOR_STORE, "any", failure, retry_after)


class Recording(InMemoryVectorStore):
    """Notes what was done to it, and fails as often as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self.errors: list[HoldfastError] = []
        self.limits: list[int] = []

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        if self.errors:
            raise self.errors.pop()
        await super().upsert(collection, points, only=only)
        self.done.append(f"upsert {points[0].id}")

    async def create_collection(self, collection: Collection) -> bool:
        self.done.append(f"create with {len(collection.indexes)} indexes")
        return await super().create_collection(collection)

    async def scroll(
        self,
        collection: str,
        filter_: Filter,
        *,
        limit: int,
        start: PointId | None = None,
        with_vectors: bool = False,
    ) -> Page:
        self.limits.append(limit)
        if self.errors:
            raise self.errors.pop()
        return await super().scroll(collection, filter_, limit=limit, start=start, with_vectors=with_vectors)


async def filled(count: int = 1200) -> Recording:
    """A store with so many points, two of them with UUIDs."""
    store = Recording()
    await store.create_collection(THINGS)
    numbered = [Point(i, vector(i + 1, 1), {"rank": i}) for i in range(count - 2)]
    await store.upsert("things", [*numbered, Point(UUID_1, vector(0, 1)), Point(UUID_2, vector(1, 0), {"a": [1.0]})])
    store.done.clear()
    return store


def copying(source: VectorStore, target: VectorStore, clock: Clock | None = None, in_flight: int = 4) -> Copying:
    """The use case, with pauses that take no time."""
    clock = clock or Clock()
    patience = Patience(random=lambda: 1.0, sleep=clock.sleep, clock=clock)
    return Copying(source, target, Invalidation(InMemoryCache()), patience=patience, in_flight=in_flight)


async def test_copies_all_of_a_collection() -> None:
    """The copy has the same points, made after the indexes, and compares as the same."""
    source, target = await filled(), Recording()
    use_case = copying(source, target)
    assert await use_case.names() == ("things",)
    info = await use_case.examine("things")
    seen: list[Position] = []
    end = await use_case.copy(info, Position(), seen.append)
    assert (end.copied, end.done, len(end.sample)) == (1200, True, 100)
    assert [position.copied for position in seen] == [500, 1000, 1200]
    assert [position.next for position in seen] == [500, 1000, None]
    assert target.done[0] == "create with 1 indexes"
    copied = await target.describe_collection("things")
    assert (copied.collection, copied.points) == (THINGS, 1200)
    verdict = await use_case.verify("things", end.sample)
    assert (verdict.source_points, verdict.target_points, verdict.compared, verdict.searched) == (1200, 1200, 100, 5)
    assert verdict.differences == ()


async def test_an_empty_collection_is_copied_too() -> None:
    """Nothing to copy is no error, and there is nothing to compare but the count."""
    source, target = Recording(), Recording()
    await source.create_collection(THINGS)
    use_case = copying(source, target)
    end = await use_case.copy(await use_case.examine("things"), Position())
    assert (end.copied, end.done) == (0, True)
    verdict = await use_case.verify("things", end.sample)
    assert (verdict.compared, verdict.searched, verdict.differences) == (0, 0, ())


async def test_goes_on_where_it_was() -> None:
    """From a position on, only what comes after it is read and written; a copy that is done writes nothing."""
    source, target = await filled(), Recording()
    use_case = copying(source, target)
    info = await use_case.examine("things")
    end = await use_case.copy(info, Position(1000, 1000, (1, 2, 3)))
    assert (end.copied, target.done) == (1200, ["create with 1 indexes", "upsert 1000"])
    assert {id_ for id_ in end.sample if isinstance(id_, int) and id_ < 1000} <= {1, 2, 3}
    assert await use_case.copy(info, end) == end
    assert target.done[2:] == ["create with 1 indexes"]


async def test_tells_of_pages_in_order() -> None:
    """A page that is written before an earlier one does not count until that one is."""

    class Slow(Recording):
        """Writes the first page last."""

        def __init__(self) -> None:
            super().__init__()
            self.others = asyncio.Event()

        async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
            if points[0].id == 0:
                await self.others.wait()
            await super().upsert(collection, points, only=only)
            if len(self.done) == 3:
                self.others.set()

    source, target = await filled(1600), Slow()
    use_case = copying(source, target, in_flight=3)
    told: list[tuple[int, int]] = []
    await use_case.copy(
        await use_case.examine("things"), Position(), lambda at: told.append((at.copied, len(target.done)))
    )
    assert target.done[1:4] == ["upsert 500", "upsert 1000", "upsert 0"]
    assert told[0] == (500, 4)
    assert [copied for copied, _ in told] == [500, 1000, 1500, 1600]


async def test_bears_failures_of_both() -> None:
    """An outage, a full bulkhead and a time limit are waited for, and what was asked to wait is waited."""
    clock = Clock()
    source, target = await filled(), Recording()
    target.errors = [away(Failure.OPEN, 7.0), Overloaded(Backend.VECTOR_STORE, "upsert")]
    source.errors = [away(Failure.TIMEOUT), away(Failure.TIMEOUT)]
    use_case = copying(source, target, clock, in_flight=1)
    end = await use_case.copy(await use_case.examine("things"), Position())
    assert end.copied == 1200
    assert clock.slept == [0.25, 0.5, 0.25, 7.5]
    # A page that took too long is asked for in smaller parts from then on.
    assert source.limits == [500, 250, *[125] * 10]


async def test_an_end_by_failure_leaves_no_write_behind() -> None:
    """When a page cannot be read, writes under way are ended, and what was told is in the target."""
    source, target = await filled(1600), Recording()
    use_case = copying(source, target, in_flight=2)
    info = await use_case.examine("things")
    told: list[Position] = []

    def advanced(position: Position) -> None:
        told.append(position)
        source.errors = [away(Failure.UNAUTHORIZED)]

    with pytest.raises(BackendUnavailable):
        await use_case.copy(info, Position(), advanced)
    assert [position.next for position in told] == [500]
    assert await target.count("things", Filter()) >= 500
    assert len(asyncio.all_tasks()) == 1


async def test_refuses_a_collection_that_is_there() -> None:
    """One that differs is refused, and one that holds points, unless the copy goes on; nothing is changed."""
    source, target = await filled(), Recording()
    use_case = copying(source, target)
    with pytest.raises(CollectionNotFound):
        await use_case.examine("none")
    await target.create_collection(THINGS)
    await use_case.examine("things")
    await target.upsert("things", [Point(1, vector(1, 1))])
    with pytest.raises(CollectionConflict, match=r"points is 1, not 0"):
        await use_case.examine("things")
    await use_case.examine("things", resumed=True)
    await target.delete_collection("things")
    await target.create_collection(replace(THINGS, size=3))
    for resumed in (False, True):
        with pytest.raises(CollectionConflict, match=r"size is 3, not 2"):
            await use_case.examine("things", resumed=resumed)
    assert target.done == ["create with 1 indexes", "upsert 1", "create with 1 indexes"]


async def test_a_point_without_a_vector_cannot_be_copied() -> None:
    """What another client left in a store is named, and not made up."""

    class Bare(Recording):
        """Gives no vectors."""

        async def scroll(self, *arguments: object, **options: object) -> Page:
            return Page((Record(7, {}),), None)

    source, target = Bare(), Recording()
    await source.create_collection(THINGS)
    use_case = copying(source, target)
    with pytest.raises(CollectionConflict, match="its point 7 has no vector"):
        await use_case.copy(await use_case.examine("things"), Position())


@pytest.mark.parametrize(
    ("point", "said"),
    [
        (None, "points is 9, not 10; point 3 is missing; a search gives"),
        (Point(3, vector(4, 1), {"rank": 3.0}), "the payload of point 3 is another"),
        (Point(3, vector(4, 1.001), {"rank": 3}), "the vector of point 3 is another"),
        (Point(3, vector(8, 2), {"rank": 3}), ""),
    ],
    ids=["missing", "payload", "vector", "same direction"],
)
async def test_finds_what_differs(point: Point | None, said: str) -> None:
    """A point that is missing, or another, is named; what differs only as float32 and cosine do is the same."""
    source, target = await filled(10), Recording()
    use_case = copying(source, target)
    end = await use_case.copy(await use_case.examine("things"), Position())
    if point is None:
        await target.delete("things", Selection(ids=(3,)))
    else:
        await target.upsert("things", [point])
    verdict = await use_case.verify("things", end.sample)
    assert "; ".join(verdict.differences).startswith(said)
    assert bool(verdict.differences) is bool(said)


async def test_finds_a_vector_that_is_missing() -> None:
    """A store that gives no vector for a point has another."""

    class Bare(InMemoryVectorStore):
        """Gives no vectors."""

        async def retrieve(
            self, collection: str, ids: Sequence[PointId], *, with_vectors: bool = False
        ) -> tuple[Record, ...]:
            return await super().retrieve(collection, ids)

    source, target = await filled(3), Bare()
    use_case = copying(source, target)
    end = await use_case.copy(await use_case.examine("things"), Position())
    differences = (await use_case.verify("things", end.sample)).differences
    assert differences == tuple(f"the vector of point {id_} is another" for id_ in end.sample)
    assert (await copying(target, source).verify("things", end.sample)).searched == 0


async def test_a_write_outdates_what_is_remembered(store: FailingVectorStore) -> None:
    """What the cache of the target knows of the collection is forgotten before its points are there."""
    source, cache = await filled(10), InMemoryCache()
    before = (await cache.recall("things", "key")).generation
    use_case = Copying(source, store, Invalidation(cache))
    await use_case.copy(await use_case.examine("things"), Position())
    assert (await cache.recall("things", "key")).generation != before
    assert ids((await store.scroll("things", Filter(), limit=2)).points) == [0, 1]
