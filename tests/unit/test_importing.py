"""Points read from a file into a collection, whatever the store does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from adapters.memory import FaultyVectorStore, InMemoryCache, InMemoryVectorStore
from domain.collections import Collections
from domain.errors import (
    Backend,
    BackendUnavailable,
    CollectionConflict,
    CollectionNotFound,
    Failure,
    InvalidInput,
    Overloaded,
)
from domain.filters import Filter
from domain.importing import IN_FLIGHT, Import, Imported
from domain.invalidation import Invalidation
from domain.models import Collection, Distance, Point, Vector
from domain.patience import Patience
from domain.points import Points
from domain.ports import Refused, VectorStore
from tests.listed import ListedSource


class Time:
    """A clock that sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def patience(self, seconds: float = 60.0) -> Patience:
        return Patience(seconds, sleep=self.sleep, clock=lambda: self.now)


class Desk:
    """An import into the collection `fruit` of a store."""

    def __init__(self, store: VectorStore) -> None:
        self.store = store
        self.time = Time()
        self.reports: list[Imported] = []
        invalidation = Invalidation(InMemoryCache())
        self.points = Points(store, invalidation)
        self.importing = Import(self.points, Collections(store, InMemoryCache(), invalidation))

    async def run(self, source: ListedSource, *, batch: int = 2, after: int = 0, patience: float = 60.0) -> None:
        await self.importing.run(
            "fruit",
            source,
            self.reports.append,
            batch=batch,
            after=after,
            patience=self.time.patience(patience),
        )

    @property
    def refused(self) -> list[Refused]:
        return [one for report in self.reports for one in report.refused]

    async def ids(self) -> list[object]:
        return [one.id for one in (await self.points.scroll("fruit", Filter(), limit=1000)).points]


def point(point_id: int, *numbers: float) -> Point:
    return Point(point_id, Vector.of(numbers or (1.0, float(point_id))))


@pytest.fixture
async def desk() -> Desk:
    """Into a store that fails when its script says so."""
    store = FaultyVectorStore(InMemoryVectorStore())
    await store.create_collection(Collection(name="fruit", size=2, distance=Distance.COSINE))
    return Desk(store)


async def test_writes_every_row(desk: Desk) -> None:
    """Blocks are reported in order, with what is done in each."""
    await desk.run(ListedSource(*map(point, range(1, 6))))
    assert await desk.ids() == [1, 2, 3, 4, 5]
    assert desk.reports == [Imported(2, 2, (), 0.4), Imported(4, 2, (), 0.8), Imported(5, 1, (), 1.0)]


async def test_goes_on_behind_a_row(desk: Desk) -> None:
    """Rows up to the one that is named are passed over."""
    await desk.run(ListedSource(*map(point, range(1, 6))), after=3)
    assert await desk.ids() == [4, 5]


async def test_refused_rows_do_not_keep_the_others_out(desk: Desk) -> None:
    """What the source or the collection refuses is named by its row and its reason; the rest is written."""
    source = ListedSource(point(1), "no JSON", point(3, 1, 2, 3), point(4, 0, 0), point(5))
    await desk.run(source, batch=4)
    assert await desk.ids() == [1, 5]
    assert desk.refused == [
        Refused(2, "no JSON"),
        Refused(3, "$.vector: expected 2 numbers, got 3"),
        Refused(4, "$.vector: expected a vector that is not zero, since cosine has no direction for it"),
    ]
    assert [report.written for report in desk.reports] == [1, 1]


async def test_a_block_may_hold_no_point(desk: Desk) -> None:
    """Blocks of refused rows alone are reported, and nothing is written for them."""
    await desk.run(ListedSource("one", "two", point(3, 1, 1, 1)))
    assert [one.row for one in desk.refused] == [1, 2, 3]


async def test_finds_the_row_that_a_store_refuses_for_reasons_of_its_own() -> None:
    """A refusal that names no row, or is about more than vectors, is narrowed down to the rows that cause it."""

    class Picky(InMemoryVectorStore):
        async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
            if any(one.id == 7 for one in points):
                where = "points[0].payload" if len(points) == 1 else ""
                raise InvalidInput(where, "something else")
            if len(points) > 3:
                raise InvalidInput("", "fewer bytes")
            await super().upsert(collection, points, only=only)

    desk = Desk(Picky())
    await desk.store.create_collection(Collection(name="fruit", size=2, distance=Distance.DOT))
    await desk.run(ListedSource(*map(point, range(1, 10))), batch=9)
    assert desk.refused == [Refused(7, "$.payload: expected something else")]
    assert await desk.ids() == [1, 2, 3, 4, 5, 6, 8, 9]


async def test_outlasts_an_outage(desk: Desk) -> None:
    """A store that is away for seconds costs no row, and its wish to be left alone is heeded."""
    assert isinstance(desk.store, FaultyVectorStore)
    desk.store.script.works(calls=2).down(calls=5).down(retry_after=7, calls=1).lost(calls=2)
    await desk.run(ListedSource(*map(point, range(1, 10))))
    assert await desk.ids() == list(range(1, 10))
    assert desk.refused == []
    assert 7 < desk.time.now < 60


async def test_patience_ends(desk: Desk) -> None:
    """A store that stays away ends the import, and what was reported before is all that is done."""
    assert isinstance(desk.store, FaultyVectorStore)
    desk.store.script.works(calls=3).down(only="upsert")
    source = ListedSource(*map(point, range(1, 100)))
    with pytest.raises(BackendUnavailable):
        await desk.run(source, patience=30.0)
    assert desk.reports[-1].row == 4
    assert source.read <= 4 + 2 * (IN_FLIGHT + 2)
    assert desk.time.now >= 30


@pytest.mark.parametrize("failure", [Failure.UNAUTHORIZED, Failure.CLOSED])
async def test_does_not_wait_for_what_waiting_cannot_mend(desk: Desk, failure: Failure) -> None:
    """A wrong key ends the import at once."""
    assert isinstance(desk.store, FaultyVectorStore)
    desk.store.script.fail(failure, only="upsert")
    with pytest.raises(BackendUnavailable):
        await desk.run(ListedSource(point(1)))
    assert desk.time.now == 0


async def test_waits_while_there_is_too_much_to_do() -> None:
    """A call that this process turned away is made again."""

    class Busy(InMemoryVectorStore):
        turns = 2

        async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
            if self.turns:
                self.turns -= 1
                raise Overloaded(Backend.VECTOR_STORE, "upsert")
            await super().upsert(collection, points, only=only)

    desk = Desk(Busy())
    await desk.store.create_collection(Collection(name="fruit", size=2, distance=Distance.DOT))
    await desk.run(ListedSource(point(1)))
    assert await desk.ids() == [1]


async def test_of_rows_with_one_id_the_last_counts() -> None:
    """Batches that share an id do not overtake each other, however long one takes."""

    class Slowing(InMemoryVectorStore):
        turns = 5

        async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
            self.turns -= 1
            for _ in range(self.turns * 3):
                await asyncio.sleep(0)
            await super().upsert(collection, points, only=only)

    desk = Desk(Slowing())
    await desk.store.create_collection(Collection(name="fruit", size=2, distance=Distance.DOT))
    await desk.run(ListedSource(*(point(1, 1.0, float(row)) for row in range(5))), batch=1)
    assert (await desk.points.get("fruit", 1, with_vectors=True)).vector == Vector.of([1.0, 4.0])


async def test_nothing_is_read_far_ahead() -> None:
    """While the store hangs, a few blocks are read and no more; a cancelled import ends."""

    class Hanging(InMemoryVectorStore):
        calls = 0
        full = asyncio.Event()
        recovered = asyncio.Event()

        async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
            self.calls += 1
            if self.calls == IN_FLIGHT:
                self.full.set()
            await self.recovered.wait()

    store = Hanging()
    await store.create_collection(Collection(name="fruit", size=2, distance=Distance.DOT))
    desk = Desk(store)
    source = ListedSource(*map(point, range(1000)))
    running = asyncio.create_task(desk.run(source, batch=1))
    await store.full.wait()
    running.cancel()
    store.recovered.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert source.read <= IN_FLIGHT + 2
    assert desk.reports == []


async def test_a_broken_file_ends_the_import_behind_what_was_whole(desk: Desk) -> None:
    """The source's own error comes through, and is not waited for."""
    with pytest.raises(InvalidInput, match="a whole file"):
        await desk.run(ListedSource(point(1), point(2), point(3), broken=InvalidInput("", "a whole file")))


async def test_a_missing_collection_is_said_at_once() -> None:
    """Nothing is read for a collection that does not exist."""
    source = ListedSource(point(1))
    with pytest.raises(CollectionNotFound):
        await Desk(InMemoryVectorStore()).run(source)
    assert source.read == 0


async def test_makes_the_collection_for_the_first_point() -> None:
    """The first row that is a point says how many numbers a vector has; a collection that differs is left as it is."""
    desk = Desk(InMemoryVectorStore())
    source = ListedSource("no point", point(1, 1, 2, 3))
    assert await desk.importing.create("fruit", source, Distance.EUCLID)
    assert not await desk.importing.create("fruit", source, Distance.EUCLID)
    info = await desk.store.describe_collection("fruit")
    assert (info.collection.size, info.collection.distance) == (3, Distance.EUCLID)
    with pytest.raises(CollectionConflict):
        await desk.importing.create("fruit", source, Distance.DOT)
    with pytest.raises(InvalidInput, match="at least one point"):
        await desk.importing.create("fruit", ListedSource("no point"), Distance.DOT)


@pytest.mark.parametrize("batch", [0, 10_001])
async def test_batches_have_bounds(desk: Desk, batch: int) -> None:
    """What one call to the store cannot take is refused before it is tried."""
    with pytest.raises(InvalidInput, match="1 to 10000"):
        await desk.run(ListedSource(), batch=batch)
