"""Requests that several processes count together, through a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from adapters.backends import RedisSettings
from adapters.limits import LimitSettings
from adapters.settings import Settings
from containers import Container
from domain.ports import RateLimiter
from tests.integration.redis_caches import settings_of
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.redis

LONG = 20.0


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own."""
    with RedisServer() as server:
        yield server


async def limiters(settings: RedisSettings, stack: AsyncExitStack, number: int) -> list[RateLimiter]:
    """So many processes' limiters of 100 requests an hour, as the container makes them."""
    found = []
    for _ in range(number):
        container = Container(settings=Settings(redis=settings, limits=LimitSettings(rate="100/hour")))
        limiter = container.rates()
        assert limiter is not None
        stack.push_async_callback(container.closing().aclose)
        found.append(limiter)
    return found


async def asked_in_turn(limiters: list[RateLimiter], pause: float, times: int) -> int:
    """How many requests are let through, when one process after the other is asked."""
    taken = 0
    for _ in range(times):
        taken += sum(limiter.take("caller") is None for limiter in limiters)
        await asyncio.sleep(pause)
    return taken


async def test_processes_share_a_rate(server: RedisServer) -> None:
    """Three of them together let through what one may, and at most what came before they had heard of it besides."""
    async with asyncio.timeout(LONG), AsyncExitStack() as stack:
        processes = await limiters(settings_of(server), stack, 3)
        taken = await asked_in_turn(processes, 0.02, 60)
        # 15 in each tenth of a second, and some more on a machine that is slow to tell.
        assert 100 <= taken < 160


async def test_without_redis_each_counts_by_itself(server: RedisServer) -> None:
    """An outage lets through more than the rate, but never stops a request or makes it wait."""
    async with asyncio.timeout(LONG), AsyncExitStack() as stack:
        processes = await limiters(settings_of(server), stack, 2)
        server.stop()
        assert await asked_in_turn(processes, 0.005, 150) == 200


async def test_what_is_counted_is_forgotten(server: RedisServer) -> None:
    """Each count ends by itself, and the names of callers do not stand in Redis."""
    async with asyncio.timeout(LONG), AsyncExitStack() as stack:
        [limiter] = await limiters(settings_of(server), stack, 1)
        limiter.take("a secret name")
        with server.client() as admin:
            for _ in range(500):
                await asyncio.sleep(0.02)
                if keys := admin.keys("*"):
                    break
            assert [admin.ttl(key) > 0 for key in keys] == [True]
            assert b"secret" not in keys[0]
