"""Requests counted by several processes, which tell each other through Redis."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Mapping

from redis.asyncio import Redis, RedisCluster

from adapters.call import BackendCall
from adapters.memory.rates import InMemoryRateLimiter, Window
from adapters.monitor import BackendMonitor
from adapters.redis.errors import classify
from adapters.redis.exchange import Replies
from adapters.redis.ways import exchange_with
from adapters.resilience.breaker import CircuitBreaker
from domain.errors import HoldfastError
from domain.ports import RateLimiter

PAUSE = 0.1
"""Seconds between two times that processes tell each other."""

MOST_AT_ONCE = 1_000
"""Callers that are told of at once; the others have their turn the next time."""


class RedisRateLimiter(RateLimiter):
    """Counts in this process, and adds to a common count every now and then, by which it learns of the others.

    No request waits for Redis. Between two times, each process lets through what it has not heard of: past the
    rate goes at most what the others are asked in `PAUSE`. While Redis is away, each process counts by itself,
    and the breaker says how often it is tried.

    The client must come from `build_redis_client`, and is closed by whoever made it. Its user needs INCRBY and EXPIRE.
    """

    def __init__(
        self,
        local: InMemoryRateLimiter,
        client: Redis | RedisCluster,
        *,
        prefix: str,
        timeout: float,
        monitor: BackendMonitor,
        breaker: CircuitBreaker,
    ) -> None:
        self.rate = local.rate
        self._local = local
        self._exchange = exchange_with(client)
        # One slot of a Redis Cluster, so that all is told at once.
        self._prefix = f"{prefix}:{{rates}}:{self.rate.requests}/{self.rate.seconds}"
        self._timeout = timeout
        self._monitor = monitor
        self._breaker = breaker
        self._told: dict[tuple[int, str], int] = {}
        self._telling: asyncio.Task[None] | None = None
        self._closed = False

    def take(self, caller: str) -> float | None:
        if self._telling is None and not self._closed:
            self._telling = asyncio.get_running_loop().create_task(self._tell())
        return self._local.take(caller)

    async def aclose(self) -> None:
        self._closed = True
        if self._telling is not None:
            self._telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._telling
        await self._exchange.aclose()

    async def _tell(self) -> None:
        """Tell the others, as long as there is something to tell."""
        try:
            idle = 0.0
            while idle < 2 * self.rate.seconds:
                await asyncio.sleep(PAUSE)
                told = [await self.tell(window) for window in (self._local.before, self._local.now)]
                idle = 0.0 if any(told) else idle + PAUSE
        finally:
            self._telling = None

    async def tell(self, window: Window) -> bool:
        """Add what was counted here since the last time, and learn what there is in all; whether there was anything."""
        self._told = {key: count for key, count in self._told.items() if key[0] >= self._local.before.number}
        fresh = {
            caller: count - self._told.get((window.number, caller), 0)
            for caller, count in window.here.items()
            if count > self._told.get((window.number, caller), 0)
        }
        asked = dict(list(fresh.items())[:MOST_AT_ONCE])
        if asked:
            with contextlib.suppress(HoldfastError):
                await self._add(window, asked)
        return bool(asked)

    async def _add(self, window: Window, asked: Mapping[str, int]) -> None:
        commands = []
        for caller, count in asked.items():
            key = f"{self._prefix}:{window.number}:{hashlib.blake2b(caller.encode(), digest_size=12).hexdigest()}"
            commands += [("INCRBY", key, count), ("EXPIRE", key, 3 * self.rate.seconds + 1)]
        with (
            self._breaker.call("count"),
            BackendCall(self._monitor, "count", self._timeout, classify) as ask,
        ):
            totals = await ask(self._exchange(*commands), _read_totals)
        for caller, total in zip(asked, totals, strict=True):
            told = self._told[window.number, caller] = self._told.get((window.number, caller), 0) + asked[caller]
            self._local.learn(window.number, {caller: total - told})


def _read_totals(replies: Replies) -> list[int]:
    """The count of each caller; the commands were an INCRBY and an EXPIRE for each."""
    _, answers = replies
    if any(type(answer) is not int for answer in answers):
        raise TypeError("an answer that is not the one to INCRBY")
    return list(answers[::2])
