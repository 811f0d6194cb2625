"""A vector store behind the policies: bounded, retried, and left alone while it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.memory import FaultyVectorStore, InMemoryCache, InMemoryVectorStore
from adapters.monitor import BackendMonitor
from adapters.policies import ResilienceSettings
from adapters.resilience import ResilientVectorStore
from domain.deadline import deadline
from domain.errors import Backend, BackendUnavailable, CollectionNotFound, Failure, HoldfastError, Overloaded
from domain.filters import Filter
from domain.health import Health
from domain.models import Collection, Distance, IndexType, Point, Vector
from domain.ports import VectorStore
from domain.queries import SearchQuery, Selection
from entrypoints.http.answers import describe_backend
from tests.clock import Clock
from tests.fakes import FailingVectorStore

QUERY = SearchQuery(vector=Vector.of([1, 0]))
SELECTION = Selection(ids=(1,))

READS: dict[str, Callable[[VectorStore], Awaitable[object]]] = {
    "list_collections": lambda store: store.list_collections(),
    "describe_collection": lambda store: store.describe_collection("things"),
    "retrieve": lambda store: store.retrieve("things", [1]),
    "scroll": lambda store: store.scroll("things", Filter(), limit=1),
    "count": lambda store: store.count("things", Filter()),
    "search": lambda store: store.search("things", QUERY),
    "search_batch": lambda store: store.search_batch("things", [QUERY]),
}

WRITES: dict[str, Callable[[VectorStore], Awaitable[object]]] = {
    "create_collection": lambda store: store.create_collection(Collection(name="other", size=2, distance=Distance.DOT)),
    "create_index": lambda store: store.create_index("things", "color", IndexType.KEYWORD),
    "upsert": lambda store: store.upsert("things", [Point(1, Vector.of([1, 0]))]),
    "set_payload": lambda store: store.set_payload("things", {"a": 1}, SELECTION),
    "delete": lambda store: store.delete("things", SELECTION),
    "delete_collection": lambda store: store.delete_collection("things"),
}

OPERATIONS = READS | WRITES


class Stand:
    """A resilient store around one that fails as told, on a clock that the test moves."""

    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.faulty = FaultyVectorStore(InMemoryVectorStore())
        self.script = self.faulty.script
        self.store = self.around(self.faulty, **options)

    def around(self, inner: VectorStore, **options: Any) -> ResilientVectorStore:
        """The decorator, with the rest of the options as settings."""
        limits = {name: options.pop(name) for name in ("read_timeout", "write_timeout", "monitor") if name in options}
        return ResilientVectorStore(
            inner,
            ResilienceSettings(**options),
            clock=self.clock,
            random=lambda: 0.0,
            sleep=self.clock.sleep,
            **limits,
        )

    async def fill(self) -> None:
        """The collection `things`, with one point."""
        await self.faulty.create_collection(Collection(name="things", size=2, distance=Distance.DOT))
        await self.faulty.upsert("things", [Point(1, Vector.of([1, 0]))])
        self.faulty.calls.clear()

    async def fail(self, operation: str, times: int = 1) -> Failure:
        """How the operation fails, the last of so many times."""
        for _ in range(times):
            with pytest.raises(BackendUnavailable) as caught:
                await OPERATIONS[operation](self.store)
        assert caught.value.operation == operation
        return caught.value.failure


def test_every_operation_of_the_port_is_tried_here() -> None:
    """A new method of the port has to choose its policies."""
    assert set(OPERATIONS) == VectorStore.__abstractmethods__ - {"ping", "aclose"}


@pytest.mark.parametrize("operation", list(OPERATIONS))
async def test_every_operation_is_retried(operation: str) -> None:
    """Once, after a refused connection."""
    stand = Stand()
    await stand.fill()
    stand.script.down(calls=1)
    await OPERATIONS[operation](stand.store)
    assert stand.faulty.calls == [operation] * 2
    assert len(stand.clock.slept) == 1


@pytest.mark.parametrize("operation", list(OPERATIONS))
async def test_an_answer_that_was_lost_is_asked_for_again(operation: str) -> None:
    """All operations leave the same when they are done twice, but for deleting a collection."""
    stand = Stand()
    await stand.fill()
    stand.script.lost(calls=1)
    if operation == "delete_collection":
        assert await stand.fail(operation) is Failure.RESET
        return
    await OPERATIONS[operation](stand.store)
    assert stand.faulty.calls == [operation] * 2


@pytest.mark.parametrize(("tried", "others"), [(READS, WRITES), (WRITES, READS)])
async def test_reads_and_writes_have_breakers_of_their_own(tried: dict[str, Any], others: dict[str, Any]) -> None:
    """All reads share one, and all writes another; while it is open the store is not asked."""
    stand = Stand(retry_tokens=0)
    await stand.fill()
    stand.script.fail(Failure.UNREADY)
    for operation in list(tried)[:5]:
        assert await stand.fail(operation) is Failure.UNREADY
    stand.faulty.calls.clear()
    for operation in tried:
        assert await stand.fail(operation) is Failure.OPEN
    assert stand.faulty.calls == []
    for operation in list(others)[:5]:
        assert await stand.fail(operation) is Failure.UNREADY


async def test_recovers_by_itself() -> None:
    """Once the store is back the first call after the open time succeeds, and all after it."""
    stand = Stand(retry_tokens=0)
    await stand.fill()
    stand.script.down()
    await stand.fail("count", times=5)
    stand.script.recover()
    assert await stand.fail("count") is Failure.OPEN
    stand.clock.now += 1
    assert [await OPERATIONS["count"](stand.store) for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("operation", ["count", "upsert"])
async def test_a_store_that_hangs_opens_the_breaker(operation: str) -> None:
    """A timeout counts, though it is this side that ends the call; it is not retried, and is logged once."""
    monitor = BackendMonitor(Backend.VECTOR_STORE)
    stand = Stand(read_timeout=0.001, write_timeout=0.001, monitor=monitor)
    await stand.fill()
    stand.script.hang()
    with capture_logs() as lines:
        assert await stand.fail(operation, times=5) is Failure.TIMEOUT
    assert stand.faulty.calls == [operation] * 5
    assert [line["event"] for line in lines] == ["backend_failed", "breaker_opened"]
    assert monitor.last_failure is not None
    assert await stand.fail(operation) is Failure.OPEN
    stand.script.recover()
    stand.clock.now += 1
    with capture_logs() as lines:
        await OPERATIONS[operation](stand.store)
    assert [line["event"] for line in lines] == ["breaker_half_open", "backend_recovered", "breaker_closed"]


async def test_takes_no_longer_than_the_request_has() -> None:
    """The request's deadline is nearer than the cap of a write."""
    stand = Stand()
    await stand.fill()
    stand.script.hang()
    with deadline(0.001):
        assert await stand.fail("upsert") is Failure.TIMEOUT


async def test_without_time_the_store_is_not_asked() -> None:
    """A request that is over costs the store nothing, and says nothing about it."""
    stand = Stand()
    await stand.fill()
    with deadline(0.0):
        assert await stand.fail("count", times=6) is Failure.TIMEOUT
        with pytest.raises(BackendUnavailable):
            await stand.store.ping()
    assert stand.faulty.calls == []
    assert await OPERATIONS["count"](stand.store) == 1


async def test_a_caller_who_leaves_says_nothing_about_the_store() -> None:
    """However many are cancelled, the breaker stays closed, and no place is lost."""
    stand = Stand(max_reads=2, max_wait=0.001)
    await stand.fill()
    stand.script.hang()
    for _ in range(6):
        task = asyncio.ensure_future(OPERATIONS["count"](stand.store))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    stand.script.recover()
    assert await OPERATIONS["count"](stand.store) == 1


async def test_so_many_at_a_time() -> None:
    """The 65th read and the 33rd write are turned away, but a ping is answered; later there is room again."""
    stand = Stand(max_wait=0.001)
    await stand.fill()
    stand.script.hang(calls=96)
    operations = ["count"] * 64 + ["upsert"] * 32
    tasks = [asyncio.ensure_future(OPERATIONS[operation](stand.store)) for operation in operations]
    await asyncio.sleep(0)
    assert len(stand.faulty.calls) == 96
    for operation in ("count", "upsert"):
        with pytest.raises(Overloaded) as caught:
            await OPERATIONS[operation](stand.store)
        assert (caught.value.backend, caught.value.operation) == (Backend.VECTOR_STORE, operation)
    assert (await stand.store.ping()).technology == "memory"
    stand.script.recover()
    await asyncio.gather(*tasks)
    assert await OPERATIONS["count"](stand.store) == 1


@pytest.mark.parametrize(("slow", "other"), [("upsert", "count"), ("count", "upsert")])
async def test_slow_writes_take_no_place_from_reads(slow: str, other: str) -> None:
    """Nor the other way round: with every place of the one taken, the other goes on."""
    stand = Stand(max_reads=2, max_writes=2, max_wait=0.001)
    await stand.fill()
    stand.script.hang(only=slow)
    flood = [asyncio.ensure_future(OPERATIONS[slow](stand.store)) for _ in range(20)]
    await asyncio.sleep(0)
    for _ in range(5):
        await OPERATIONS[other](stand.store)
    await asyncio.wait(flood[2:])
    assert {type(each.exception()) for each in flood[2:]} == {Overloaded}
    stand.script.recover()
    await asyncio.gather(*flood[:2])


async def test_an_open_breaker_answers_before_a_full_bulkhead() -> None:
    """While an old call and the probe hang in every place, the next learns at once that the store is gone."""
    stand = Stand(max_reads=2, max_wait=60.0, retry_tokens=0, breaker_failures_in_row=1)
    await stand.fill()
    stand.script.hang(calls=1).down(calls=1).hang()
    old = asyncio.ensure_future(OPERATIONS["count"](stand.store))
    await asyncio.sleep(0)
    await stand.fail("count")
    stand.clock.now += 1
    probe = asyncio.ensure_future(OPERATIONS["count"](stand.store))
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await stand.fail("count") is Failure.OPEN
    stand.script.recover()
    assert (await old, await probe) == (1, 1)


@pytest.mark.parametrize(
    "error",
    [
        CollectionNotFound("things"),
        BackendUnavailable(Backend.VECTOR_STORE, "count", Failure.FAULT, 3.0),
        KeyError("a bug of ours"),
        TimeoutError("a bug of ours"),
    ],
)
async def test_what_the_store_raises_comes_out_untouched(error: Exception) -> None:
    """It is the same object, and in no group."""
    inner = FailingVectorStore()
    inner.error = error
    store = Stand().around(inner)
    for operation in OPERATIONS.values():
        with pytest.raises((HoldfastError, KeyError, TimeoutError)) as caught:
            await operation(store)
        assert caught.value is error
        assert caught.value.__cause__ is None


async def test_a_ping_tells_the_breakers() -> None:
    """It asks though the breaker of reads is open, does not count then, and is the probe once one is due."""
    stand = Stand(retry_tokens=0)
    await stand.fill()
    await stand.store.ping()
    assert stand.store.breakers() == {"read": "closed", "write": "closed"}
    stand.script.down()
    await stand.fail("count", times=5)
    stand.script.recover()
    await stand.store.ping()
    assert stand.store.breakers() == {"read": "open", "write": "closed"}
    assert await stand.fail("count") is Failure.OPEN
    stand.clock.now += 1
    await stand.store.ping()
    assert stand.store.breakers() == {"read": "closed", "write": "closed"}


async def test_breakers_are_told_where_the_backend_does_not_answer() -> None:
    """People look at an open breaker while the backend is down, and most of all then."""
    stand = Stand(retry_tokens=0)
    stand.script.down()
    await stand.fail("list_collections", times=5)
    found = (await Health(stand.store, InMemoryCache()).check()).vector_store
    assert (found.said, found.failure) == (None, Failure.REFUSED)
    assert describe_backend(found)["breakers"] == {"read": "open", "write": "closed"}


async def test_a_ping_that_fails_keeps_the_breaker_open() -> None:
    """As the probe it doubles the open time."""
    stand = Stand(retry_tokens=0)
    stand.script.down()
    await stand.fail("list_collections", times=5)
    stand.clock.now += 1
    with pytest.raises(BackendUnavailable):
        await stand.store.ping()
    stand.clock.now += 1
    assert await stand.fail("list_collections") is Failure.OPEN


async def test_closes_the_store() -> None:
    """And a store that was closed opens no breaker: nobody asked the backend."""
    stand = Stand()
    await stand.store.aclose()
    assert await stand.fail("count", times=6) is Failure.CLOSED
