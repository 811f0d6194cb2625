"""Searches are remembered, and what is remembered is never wrong."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from adapters.memory import InMemoryVectorStore
from domain.collections import Collections
from domain.deadline import deadline
from domain.errors import (
    Backend,
    BackendUnavailable,
    CollectionNotFound,
    Failure,
    HoldfastError,
    InvalidInput,
    NotCached,
    Overloaded,
)
from domain.fingerprint import fingerprint
from domain.flights import Flights
from domain.freshness import Cached, Demand, Windows
from domain.invalidation import MAX_COLLECTIONS, Invalidation, Marks
from domain.models import Collection, Distance, Hit, Point, Vector
from domain.points import Points
from domain.ports import Entry, Recollection
from domain.queries import SearchQuery, Selection
from domain.search import Search, SearchResult
from tests.fakes import FailingCache

QUERY = SearchQuery(vector=Vector.of([1, 0]))
DOWN = BackendUnavailable(Backend.VECTOR_STORE, "search", Failure.REFUSED)
POINT_8 = Point(1, Vector.of([8, 0]))
CACHE_DOWN = BackendUnavailable(Backend.CACHE, "any", Failure.TIMEOUT)


class GatedVectorStore(InMemoryVectorStore):
    """Counts searches, and lets each end only while `gate` is open."""

    def __init__(self) -> None:
        super().__init__()
        self.searches = 0
        self.cancelled = 0
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def search(self, collection: str, query: SearchQuery) -> tuple[Hit, ...]:
        self.searches += 1
        if self.error is not None:
            raise self.error
        hits = await super().search(collection, query)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return hits


class MeddlingCache(FailingCache):
    """Does something else, once, while it invalidates."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def invalidate(self, collection: str) -> None:
        await super().invalidate(collection)
        if self.meanwhile is not None:
            await self.meanwhile()


@dataclass
class World:
    """A service without HTTP, on fakes and a clock that a test moves."""

    store: GatedVectorStore = field(default_factory=GatedVectorStore)
    now: float = 1_000_000.0

    def __post_init__(self) -> None:
        self.cache = MeddlingCache(clock=lambda: self.now)
        self.pauses: asyncio.Queue[asyncio.Future[None]] = asyncio.Queue()
        self.invalidation = Invalidation(self.cache, self._sleep)
        self.points = Points(self.store, self.invalidation)
        self.collections = Collections(self.store, self.cache, self.invalidation)
        self.windows = Windows(60, 3600)
        self.searching = Search(self.store, self.cache, self.invalidation, self.windows, lambda: self.now)

    async def _sleep(self, seconds: float) -> None:
        pause: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pauses.put_nowait(pause)
        await pause

    async def search(self, **demand: object) -> SearchResult:
        return await self.searching.search("things", QUERY, Demand(**demand))  # type: ignore[arg-type]

    async def write(self, value: float = 1.0) -> bool:
        written = await self.points.upsert("things", [Point(1, Vector.of([value, 0]))])
        return written.invalidated


@pytest.fixture
async def world() -> World:
    """The collection `things` with a point that scores 1."""
    world = World()
    await world.collections.create(Collection(name="things", size=2, distance=Distance.DOT))
    await world.write()
    return world


async def nothing_is_shown(world: World) -> None:
    """With the store away, not even a stale answer."""
    world.store.error = DOWN
    with pytest.raises(BackendUnavailable):
        await world.search()


async def overtaken(world: World, searching: Search) -> list[list[float]]:
    """The scores of a search that a write by another process overtakes, and of the same one asked after the write."""
    world.store.gate.clear()
    early = asyncio.create_task(searching.search("things", QUERY))
    await _until(lambda: world.store.searches == 1)
    await world.store.upsert("things", [POINT_8])
    late = asyncio.create_task(searching.search("things", QUERY))
    await _until(lambda: world.store.searches == 2)
    world.store.gate.set()
    return [scores(result) for result in await asyncio.gather(early, late)]


def scores(result: SearchResult) -> list[float]:
    return [hit.score for hit in result.hits]


async def test_remembers_a_result(world: World) -> None:
    """The store is asked once, and the second answer says that it was remembered, and for how long."""
    first = await world.search()
    world.now += 5
    second = await world.search()
    assert (first.cached, first.age, second.cached, second.age) == (Cached.STORED, None, Cached.HIT, 5)
    assert (second.hits, second.stale, world.store.searches) == (first.hits, False, 1)


async def test_asks_again_after_the_fresh_window(world: World) -> None:
    """A result is remembered as fresh for the fresh window, and no longer."""
    await world.search()
    world.now += 59.9
    assert (await world.search()).cached is Cached.HIT
    world.now += 0.1
    assert (await world.search()).cached is Cached.STORED


@pytest.mark.parametrize("outcome", ["done", "unknown"])
async def test_a_write_is_seen_by_the_next_search(world: World, outcome: str) -> None:
    """After a write, and after one of which nobody knows whether it was done, the store is asked."""
    await world.search()
    if outcome == "done":
        assert await world.write(7)
        assert scores(await world.search()) == [7]
    else:
        with pytest.raises(BackendUnavailable):
            await world.invalidation.after("things", _fail)
        assert (await world.search()).cached is Cached.STORED


async def _fail() -> None:
    raise DOWN


async def test_a_refused_write_outdates_nothing(world: World) -> None:
    """A write that changed nothing leaves what is remembered."""
    await world.search()
    with pytest.raises(InvalidInput):
        await world.points.upsert("things", [Point(1, Vector.of([1]))])
    assert (await world.search()).cached is Cached.HIT


@pytest.mark.parametrize(
    "error",
    [Overloaded(Backend.VECTOR_STORE, "upsert"), BackendUnavailable(Backend.VECTOR_STORE, "upsert", Failure.OPEN)],
)
async def test_a_write_that_was_never_sent_outdates_nothing(world: World, error: HoldfastError) -> None:
    """What the failure policy turned away did not reach the store."""
    await world.search()

    async def turned_away() -> None:
        raise error

    with pytest.raises(type(error)):
        await world.invalidation.after("things", turned_away)
    assert (await world.search()).cached is Cached.HIT


async def test_a_result_from_before_a_write_is_not_remembered(world: World) -> None:
    """A search that was under way during a write answers, and its result is not kept."""
    world.store.gate.clear()
    slow = asyncio.create_task(world.search())
    await _until(lambda: world.store.searches == 1)
    await world.write(7)
    world.store.gate.set()
    assert scores(await slow) == [1]
    assert (await slow).cached is Cached.MISS
    assert scores(await world.search()) == [7]


async def test_a_later_search_does_not_join_an_earlier_one_across_a_write(world: World) -> None:
    """Whoever asks after a write gets what was after it, though a search from before is under way."""
    for broken in (False, True):
        world.cache.error = CACHE_DOWN if broken else None
        world.store.gate.clear()
        before = world.store.searches
        slow = asyncio.create_task(world.search())
        await _until(lambda before=before: world.store.searches == before + 1)
        await world.write(8 + broken)
        later = asyncio.create_task(world.search())
        await _until(lambda before=before: world.store.searches == before + 2)
        world.store.gate.set()
        assert scores(await later) == [8 + broken]
        await slow


async def test_many_who_ask_at_once_make_one_search(world: World) -> None:
    """32 callers with one question wait for one search of the store."""
    world.store.gate.clear()
    callers = [asyncio.create_task(world.search()) for _ in range(32)]
    await _until(lambda: world.store.searches == 1)
    await asyncio.sleep(0)
    world.store.gate.set()
    results = await asyncio.gather(*callers)
    assert world.store.searches == 1
    assert all(scores(result) == [1] for result in results)


async def test_a_caller_who_leaves_does_not_take_the_others_along(world: World) -> None:
    """The search goes on while one waits, and is cancelled when the last has left."""
    world.store.gate.clear()
    first, second = asyncio.create_task(world.search()), asyncio.create_task(world.search())
    await _until(lambda: world.store.searches == 1)
    await asyncio.sleep(0.001)
    first.cancel()
    await asyncio.wait([first])
    assert world.store.cancelled == 0
    second.cancel()
    await asyncio.wait([second])
    await _until(lambda: world.store.cancelled == 1)
    world.store.gate.set()
    assert scores(await world.search()) == [1]


async def test_one_error_is_everybodys(world: World) -> None:
    """An error of the one search is raised to all who wait for it."""
    world.store.error = DOWN
    results = await asyncio.gather(*(world.search() for _ in range(5)), return_exceptions=True)
    assert all(result is DOWN for result in results)


async def test_shows_a_stale_answer_while_the_store_is_away(world: World) -> None:
    """A remembered result is shown, marked, within the stale window; past it the error comes."""
    await world.search()
    await world.write(7)
    world.store.error = DOWN
    world.now += 100
    stale = await world.search()
    assert (scores(stale), stale.stale, stale.age, stale.cached) == ([1], True, 100, Cached.HIT)
    world.now += 3500.1
    with pytest.raises(BackendUnavailable):
        await world.search()


@pytest.mark.parametrize("change", ["deleted", "purged", "made anew"])
async def test_shows_nothing_stale_of_what_was_forgotten(world: World, change: str) -> None:
    """After a deletion, a purge or a new beginning no old answer comes, not even while the store is away."""
    await world.search()
    if change == "purged":
        await world.collections.purge("things")
    else:
        await world.collections.delete("things")
    if change == "made anew":
        await world.collections.create(Collection(name="things", size=2, distance=Distance.DOT))
    await nothing_is_shown(world)


async def test_a_missing_collection_is_forgotten(world: World) -> None:
    """A 404 from the store makes what is remembered unusable: somebody else deleted the collection."""
    await world.search()
    world.now += 61
    world.store.error = CollectionNotFound("things")
    with pytest.raises(CollectionNotFound):
        await world.search()
    await nothing_is_shown(world)


async def test_searches_go_on_without_the_cache(world: World) -> None:
    """With the cache away each search asks the store, and none fails."""
    await world.search()
    world.cache.error = CACHE_DOWN
    for _ in range(2):
        result = await world.search()
        assert (scores(result), result.cached) == ([1], Cached.MISS)


async def test_fences_off_what_could_not_be_invalidated(world: World) -> None:
    """A write that the cache could not be told of says so; nothing old is shown here, and the cache is told later."""
    await world.search()
    world.cache.error = CACHE_DOWN
    assert await world.write(7) is False
    world.cache.error = None
    assert scores(await world.search()) == [7]
    assert (await world.search()).cached is Cached.MISS
    (await world.pauses.get()).set_result(None)
    await _until(lambda: not world.invalidation.is_fenced("things"))
    assert (await world.search()).cached is Cached.STORED
    assert scores(await world.search()) == [7]
    assert await world.write(8) is True


async def test_fenced_off_a_search_joins_none_from_before_a_write_elsewhere(world: World) -> None:
    """While a write here waits to be told of, one through another process is seen by the next search all the same."""
    world.cache.error = CACHE_DOWN
    await world.write(7)
    world.cache.error = None
    world.store.gate.clear()
    slow = asyncio.create_task(world.search())
    await _until(lambda: world.store.searches == 1)
    assert (await Points(world.store, Invalidation(world.cache)).upsert("things", [POINT_8])).invalidated
    later = asyncio.create_task(world.search())
    await _until(lambda: world.store.searches == 2)
    world.store.gate.set()
    assert [scores(await each) for each in (slow, later)] == [[7], [8]]
    assert world.invalidation.is_fenced("things")


async def test_keeps_trying_to_invalidate(world: World) -> None:
    """The cache is told again and again until it takes it, and a write meanwhile keeps the fence."""
    world.cache.error = CACHE_DOWN
    await world.write(2)
    for _ in range(3):
        (await world.pauses.get()).set_result(None)
        await asyncio.sleep(0)
        assert world.invalidation.is_fenced("things")
    assert await world.write(3) is False
    world.cache.error = None
    (await world.pauses.get()).set_result(None)
    await _until(lambda: not world.invalidation.is_fenced("things"))


async def test_a_writer_who_leaves_does_not_stop_the_invalidation(world: World) -> None:
    """A write whose caller was cancelled is finished, and outdates what was remembered."""
    await world.search()
    started, go_on = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        started.set()
        await go_on.wait()
        await world.store.delete("things", Selection(ids=(1,)))

    writer = asyncio.create_task(world.invalidation.after("things", write))
    await started.wait()
    writer.cancel()
    await asyncio.wait([writer])
    go_on.set()
    await world.invalidation.aclose()
    assert scores(await world.search()) == []


async def test_a_write_that_fails_when_its_caller_has_left_is_nobodys_error(world: World) -> None:
    """The event loop, which would log it as an error of its own, is told of nothing."""
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    started, go_on = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        started.set()
        await go_on.wait()
        raise DOWN

    writer = asyncio.create_task(world.invalidation.after("things", write))
    await started.wait()
    writer.cancel()
    await asyncio.wait([writer])
    go_on.set()
    await world.invalidation.aclose()
    gc.collect()
    assert told == []


@pytest.mark.parametrize(
    ("demand", "cached", "searches"),
    [
        ({}, Cached.HIT, 1),
        ({"no_cache": True}, Cached.STORED, 2),
        ({"no_store": True}, Cached.BYPASS, 2),
        ({"max_age": 10.0}, Cached.HIT, 1),
        ({"max_age": 9.0}, Cached.STORED, 2),
        ({"only_if_cached": True}, Cached.HIT, 1),
    ],
)
async def test_heeds_what_the_caller_demands(
    world: World, demand: dict[str, object], cached: Cached, searches: int
) -> None:
    """`Cache-Control` decides whether a remembered result of ten seconds will do."""
    await world.search()
    world.now += 10
    assert (await world.search(**demand)).cached is cached
    assert world.store.searches == searches


async def test_only_if_cached_never_asks_the_store(world: World) -> None:
    """Without a remembered result it is an error of its own."""
    with pytest.raises(NotCached):
        await world.search(only_if_cached=True)
    with pytest.raises(NotCached):
        await world.searching.search_batch("things", [QUERY], Demand(only_if_cached=True))
    assert world.store.searches == 0


async def test_max_stale_takes_what_a_write_outdated(world: World) -> None:
    """An outdated result is shown, marked, up to the age that the caller allows."""
    await world.search()
    await world.write(7)
    world.now += 10
    old = await world.search(max_stale=10.0)
    assert (scores(old), old.stale) == ([1], True)
    assert scores(await world.search(max_stale=9.0)) == [7]


@pytest.mark.parametrize(
    ("demand", "shown"),
    [
        ({"no_cache": True}, False),
        ({"no_cache": True, "stale_if_error": 10.0}, True),
        ({"stale_if_error": 9.0}, False),
        ({"stale_if_error": 99_999.0}, True),
        ({"max_age": 9.0}, False),
        ({"no_store": True}, False),
    ],
)
async def test_heeds_demands_while_the_store_is_away(world: World, demand: dict[str, object], *, shown: bool) -> None:
    """What is shown in place of an error is the caller's to say, within the window."""
    await world.search()
    world.now += 10
    await world.write(7)
    world.store.error = DOWN
    if shown:
        assert (await world.search(**demand)).stale
    else:
        with pytest.raises(BackendUnavailable):
            await world.search(**demand)


async def test_a_batch_asks_the_store_once_for_what_is_not_remembered(world: World) -> None:
    """Each search of a batch is remembered for itself, and the rest is one call."""
    other = SearchQuery(vector=Vector.of([2, 0]))
    await world.search()
    results = await world.searching.search_batch("things", [QUERY, other, QUERY])
    assert [result.cached for result in results] == [Cached.HIT, Cached.STORED, Cached.HIT]
    assert [scores(result) for result in results] == [[1], [2], [1]]
    again = await world.searching.search_batch("things", [other, QUERY])
    assert [result.cached for result in again] == [Cached.HIT, Cached.HIT]


async def test_a_batch_without_one_answer_is_an_error(world: World) -> None:
    """While the store is away a batch is shown stale as a whole, or not at all."""
    await world.search()
    await world.write(7)
    world.store.error = DOWN
    (stale,) = await world.searching.search_batch("things", [QUERY])
    assert stale.stale
    with pytest.raises(BackendUnavailable):
        await world.searching.search_batch("things", [QUERY, SearchQuery(id=1)])


async def test_windows_of_nothing_remember_nothing(world: World) -> None:
    """With both windows 0 each search asks the store, and nobody is shown anything old."""
    plain = Search(world.store, world.cache, world.invalidation, Windows(0, 0), lambda: world.now)
    for _ in range(2):
        assert (await plain.search("things", QUERY)).cached is Cached.MISS
    world.store.error = DOWN
    with pytest.raises(BackendUnavailable):
        await plain.search("things", QUERY)


async def test_windows_of_nothing_join_nothing(world: World) -> None:
    """A search after a write by another process does not wait for one that began before it, and shows the write."""
    plain = Search(world.store, world.cache, world.invalidation, Windows(0, 0), lambda: world.now)
    assert await overtaken(world, plain) == [[1], [8]]


async def test_without_a_generation_nothing_is_joined(world: World) -> None:
    """A cache that answers and has no generation, such as a full one, cannot tell of writes by other processes."""

    class FullCache(FailingCache):
        async def recall(self, collection: str, key: str) -> Recollection:
            return Recollection(None, None)

    full = Search(world.store, FullCache(), world.invalidation, world.windows, lambda: world.now)
    assert await overtaken(world, full) == [[1], [8]]


async def test_a_call_that_is_cancelled_from_within_is_over_for_everybody() -> None:
    """Whoever waits for it is told, and the next caller begins a new one."""
    flights: Flights[int] = Flights()

    async def gone() -> int:
        raise asyncio.CancelledError

    results = await asyncio.gather(flights.join("k", gone), flights.join("k", gone), return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    assert await flights.join("k", lambda: asyncio.sleep(0, 3)) == 3


async def test_a_caller_waits_no_longer_than_his_deadline(world: World) -> None:
    """A caller whose time is up gets the error, and the search goes on for the others."""
    world.store.gate.clear()
    patient = asyncio.create_task(world.search())
    await _until(lambda: world.store.searches == 1)
    with deadline(0.01), pytest.raises(BackendUnavailable) as caught:
        await world.search()
    assert caught.value.failure is Failure.TIMEOUT
    world.store.gate.set()
    assert scores(await patient) == [1]
    assert world.store.searches == 1


async def test_a_batch_forgets_a_missing_collection(world: World) -> None:
    """A 404 from the store counts in a batch too."""
    await world.search()
    world.now += 61
    world.store.error = CollectionNotFound("things")
    with pytest.raises(CollectionNotFound):
        await world.searching.search_batch("things", [QUERY])
    assert (await world.cache.recall("things", fingerprint(QUERY))).entry is None


class ForgetfulCache(FailingCache):
    """Remembers nothing, and does something else while it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def recall(self, collection: str, key: str) -> Recollection:
        known = await super().recall(collection, key)
        if self.meanwhile is not None:
            await self.meanwhile()
        return known

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        raise CACHE_DOWN


async def test_a_result_that_cannot_be_remembered_is_answered(world: World) -> None:
    """A cache that takes no entry costs nothing but the entry."""
    searching = Search(world.store, ForgetfulCache(), world.invalidation)
    assert (await searching.search("things", QUERY)).cached is Cached.MISS


async def test_a_fence_that_comes_while_the_cache_is_asked_counts(world: World) -> None:
    """What was recalled is not used once a write could not be told of."""
    cache = ForgetfulCache()
    searching = Search(world.store, cache, world.invalidation)

    async def write() -> None:
        cache.meanwhile = None
        world.cache.error = CACHE_DOWN
        await world.write(7)

    cache.meanwhile = write
    assert scores(await searching.search("things", QUERY)) == [7]
    assert world.invalidation.is_fenced("things")


class LateAnswers(FailingCache):
    """Does something else once it has looked, and before its answer arrives."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def recall(self, collection: str, key: str) -> Recollection:
        known = await super().recall(collection, key)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        return known


async def test_a_fence_that_goes_while_the_cache_is_asked_counts(world: World) -> None:
    """What was recalled before the cache was told of an acknowledged write is not used, though it arrives after."""
    cache = LateAnswers(lambda: world.now)
    invalidation = Invalidation(cache, world._sleep)  # noqa: SLF001
    points, searching = Points(world.store, invalidation), Search(world.store, cache, invalidation)
    for expected in (Cached.STORED, Cached.HIT):
        assert (await searching.search("things", QUERY)).cached is expected
    cache.error = CACHE_DOWN
    written = await points.upsert("things", [Point(1, Vector.of([7, 0]))])
    assert not written.invalidated
    cache.error = None

    async def told() -> None:
        (await world.pauses.get()).set_result(None)
        await _until(lambda: not invalidation.is_fenced("things"))

    cache.meanwhile = told
    assert scores(await searching.search("things", QUERY)) == [7]


async def test_a_fence_is_kept_while_other_writes_fail(world: World) -> None:
    """Several collections are fenced off, told of one after another, and a deletion stays a deletion."""
    world.cache.error = CACHE_DOWN
    for name in ("one", "two"):
        await world.invalidation.after(name, _nothing)
    await world.invalidation.after("one", _nothing, forget=True)
    await world.invalidation.forget("one")
    world.cache.error = None
    (await world.pauses.get()).set_result(None)
    await _until(lambda: not any(map(world.invalidation.is_fenced, ("one", "two"))))


async def test_a_write_to_a_missing_collection_forgets_it(world: World) -> None:
    """A 404 of a write is a sign that somebody else deleted the collection."""
    await world.search()
    await world.store.delete_collection("things")
    with pytest.raises(CollectionNotFound):
        await world.write()
    await nothing_is_shown(world)


async def test_a_write_while_the_cache_is_told_keeps_the_fence(world: World) -> None:
    """The fence goes when the cache was told of the last write, and not of one before."""
    world.cache.error = CACHE_DOWN
    await world.write(2)

    async def write_again() -> None:
        world.cache.meanwhile = None
        world.cache.error = CACHE_DOWN
        await world.write(3)
        world.cache.error = None

    world.cache.error, world.cache.meanwhile = None, write_again
    (await world.pauses.get()).set_result(None)
    second = await world.pauses.get()
    assert world.invalidation.is_fenced("things")
    second.set_result(None)
    await _until(lambda: not world.invalidation.is_fenced("things"))


async def _nothing() -> None:
    return None


async def test_keeps_few_collections_in_mind(world: World) -> None:
    """Names that never were cannot fill the memory, and a collection let go counts as written."""
    marks = Marks(most=2)
    before = marks["first"]
    for name in ("first", "second", "third"):
        marks.set(name)
    assert marks["first"] not in (before, marks["second"], marks["third"])
    world.cache.error = CACHE_DOWN
    for index in range(MAX_COLLECTIONS + 1):
        await world.invalidation._outdate(str(index), forget=False)  # noqa: SLF001
    assert not world.invalidation.is_fenced("0")
    assert world.invalidation.is_fenced("1")


async def test_closing_gives_up_on_a_cache_that_cannot_be_told(world: World) -> None:
    """The end does not wait for the cache."""
    world.cache.error = CACHE_DOWN
    await world.write(7)
    await world.pauses.get()
    await asyncio.wait_for(world.invalidation.aclose(), 5)


async def _until(condition: object) -> None:
    """Let other tasks run until the condition holds. Fails after many turns."""
    for _ in range(1000):
        if condition():  # type: ignore[operator]
            return
        await asyncio.sleep(0)
    raise AssertionError("it never held")


async def test_a_write_that_fails_after_its_caller_has_gone_is_no_error_of_the_loop() -> None:
    """Its error is nobody's any more, so that it is not reported as one that was never looked at."""
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    invalidation, begun, gate = Invalidation(FailingCache()), asyncio.Event(), asyncio.Event()

    async def write() -> None:
        begun.set()
        await gate.wait()
        raise DOWN

    writer = asyncio.create_task(invalidation.after("things", write))
    await begun.wait()
    writer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writer
    gate.set()
    await invalidation.aclose()
    del writer
    gc.collect()
    assert reported == []
