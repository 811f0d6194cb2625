"""A cache behind the policies costs little when it is slow and nothing when it is down, and writes still reach it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.memory import FaultyCache, InMemoryCache
from adapters.policies import ResilienceSettings
from adapters.resilience import ResilientCache
from domain.deadline import deadline
from domain.errors import Backend, BackendUnavailable, Failure
from domain.ports import Cache, Entry
from tests.clock import Clock
from tests.fakes import FailingCache

OPERATIONS: dict[str, Callable[[Cache], Awaitable[object]]] = {
    "recall": lambda cache: cache.recall("things", "key"),
    "remember": lambda cache: cache.remember("things", "key", Entry("generation", 0.0, ()), 60),
    "invalidate": lambda cache: cache.invalidate("things"),
    "forget": lambda cache: cache.forget("things"),
}


class Stand:
    """A resilient cache around one that fails as told, on a clock that the test moves."""

    def __init__(self, **limits: Any) -> None:
        self.clock = Clock()
        self.faulty = FaultyCache(InMemoryCache())
        self.script = self.faulty.script
        self.cache = ResilientCache(self.faulty, ResilienceSettings(), clock=self.clock, random=lambda: 0.0, **limits)

    async def fail(self, operation: str, times: int = 1) -> Failure:
        """How the operation fails, the last of so many times."""
        for _ in range(times):
            with pytest.raises(BackendUnavailable) as caught:
                await OPERATIONS[operation](self.cache)
        assert (caught.value.backend, caught.value.operation) == (Backend.CACHE, operation)
        return caught.value.failure


def test_every_operation_of_the_port_is_tried_here() -> None:
    """A new method of the port has to choose its policies."""
    assert set(OPERATIONS) == Cache.__abstractmethods__ - {"ping", "aclose"}


@pytest.mark.parametrize(("tried", "other"), [("recall", "remember"), ("remember", "recall")])
async def test_a_cache_that_is_down_is_left_alone(tried: str, other: str) -> None:
    """Nothing is retried; after five failures the cache is not asked, but for the other kind of call."""
    stand = Stand()
    stand.script.down(only=tried)
    assert await stand.fail(tried, times=5) is Failure.REFUSED
    assert await stand.fail(tried) is Failure.OPEN
    assert stand.faulty.calls == [tried] * 5
    await OPERATIONS[other](stand.cache)
    stand.script.recover()
    stand.clock.now += 1
    await OPERATIONS[tried](stand.cache)


@pytest.mark.parametrize("operation", ["recall", "remember"])
async def test_a_cache_that_hangs_costs_its_time_limit(operation: str) -> None:
    """Five times, and then nothing."""
    stand = Stand(timeout=0.001)
    stand.script.hang()
    assert await stand.fail(operation, times=5) is Failure.TIMEOUT
    assert await stand.fail(operation) is Failure.OPEN


@pytest.mark.parametrize("operation", ["recall", "remember"])
async def test_takes_no_longer_than_the_request_has(operation: str) -> None:
    """And is not asked where nothing is left."""
    stand = Stand(timeout=60.0)
    stand.script.hang()
    with deadline(0.001):
        assert await stand.fail(operation) is Failure.TIMEOUT
    with deadline(0.0):
        assert await stand.fail(operation) is Failure.TIMEOUT
    assert stand.faulty.calls == [operation]


@pytest.mark.parametrize("operation", ["invalidate", "forget"])
async def test_an_invalidation_passes_by(operation: str) -> None:
    """Neither open breakers nor a request whose time is over keep it from the cache."""
    stand = Stand()
    stand.script.down()
    await stand.fail("recall", times=5)
    await stand.fail("remember", times=5)
    assert await stand.fail(operation, times=6) is Failure.REFUSED
    stand.script.recover()
    stand.faulty.calls.clear()
    with deadline(0.0):
        await OPERATIONS[operation](stand.cache)
    assert stand.faulty.calls == [operation]
    assert await stand.fail("recall") is Failure.OPEN


@pytest.mark.parametrize("operation", ["invalidate", "forget"])
async def test_an_invalidation_has_a_time_limit_of_its_own(operation: str) -> None:
    """It does not wait for a cache that hangs, whatever the others may take."""
    stand = Stand(timeout=60.0, invalidation_timeout=0.001)
    stand.script.hang()
    assert await stand.fail(operation) is Failure.TIMEOUT


async def test_a_search_that_leaves_says_nothing_about_the_cache() -> None:
    """However many are cancelled, the breaker stays closed."""
    stand = Stand()
    stand.script.hang()
    for _ in range(6):
        task = asyncio.ensure_future(OPERATIONS["recall"](stand.cache))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    stand.script.recover()
    await OPERATIONS["recall"](stand.cache)


@pytest.mark.parametrize("operation", list(OPERATIONS))
async def test_what_the_cache_raises_comes_out_untouched(operation: str) -> None:
    """It is the same object."""
    inner = FailingCache()
    inner.error = BackendUnavailable(Backend.CACHE, operation, Failure.OVERLOADED, 3.0)
    with pytest.raises(BackendUnavailable) as caught:
        await OPERATIONS[operation](ResilientCache(inner, ResilienceSettings()))
    assert caught.value is inner.error


async def test_a_ping_tells_the_breakers() -> None:
    """It asks though the breaker of reads is open, and is the probe once one is due."""
    stand = Stand()
    stand.script.down(only=("recall", "remember"))
    await stand.fail("recall", times=5)
    await stand.fail("remember", times=5)
    await stand.cache.ping()
    assert stand.cache.breakers() == {"read": "open", "write": "open"}
    stand.clock.now += 1
    await stand.cache.ping()
    assert stand.cache.breakers() == {"read": "closed", "write": "open"}


async def test_closes_the_cache() -> None:
    """And a cache that was closed opens no breaker: nobody asked the backend."""
    stand = Stand()
    await stand.cache.aclose()
    assert await stand.fail("recall", times=6) is Failure.CLOSED
