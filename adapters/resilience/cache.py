"""Any cache, behind time limits and circuit breakers: it costs a search little when slow, and nothing when down."""

from __future__ import annotations

import random as chance
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from adapters.monitor import BackendMonitor
from adapters.policies import ResilienceSettings
from adapters.resilience.breaker import CircuitBreaker, Kind
from adapters.resilience.limit import TimeLimit, at_most
from domain.errors import Backend
from domain.ports import BackendStatus, Cache, Entry, Recollection

T = TypeVar("T")


class ResilientCache(Cache):
    """Passes calls on to `inner`, and raises what it raises, or `BackendUnavailable` (timeout, open).

    `recall` and `remember` take at most `timeout` seconds, and no more than their request has left.
    `invalidate` and `forget` take at most `invalidation_timeout` seconds, whatever is left, and pass
    by the breakers: where they do not arrive, others go on showing what a write outdated. Nothing is
    retried: a search rather goes to the store, and an invalidation is repeated by the use case.

    `monitor` is the one of `inner`, so that an outage is logged once. `clock` counts seconds,
    `random` gives numbers from 0 to 1.
    """

    def __init__(
        self,
        inner: Cache,
        settings: ResilienceSettings,
        *,
        timeout: float = 0.1,
        invalidation_timeout: float = 1.0,
        monitor: BackendMonitor | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = chance.random,
    ) -> None:
        self.inner = inner
        self._timeout = timeout
        self._invalidation_timeout = invalidation_timeout
        self._breakers = {
            kind: CircuitBreaker(Backend.CACHE, kind, settings, clock=clock, random=random) for kind in Kind
        }
        self._monitor = monitor or BackendMonitor(Backend.CACHE)

    async def recall(self, collection: str, key: str) -> Recollection:
        return await self._run(Kind.READ, "recall", lambda: self.inner.recall(collection, key))

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        await self._run(Kind.WRITE, "remember", lambda: self.inner.remember(collection, key, entry, ttl))

    async def invalidate(self, collection: str) -> None:
        await self._insist("invalidate", lambda: self.inner.invalidate(collection))

    async def forget(self, collection: str) -> None:
        await self._insist("forget", lambda: self.inner.forget(collection))

    async def ping(self) -> BackendStatus:
        """Ask in any state, within the time limits of `inner`; where a probe of reads is due, this is it."""
        return await self._breakers[Kind.READ].probe("ping", self.inner.ping)

    def breakers(self) -> Mapping[str, str]:
        return {kind.value: breaker.snapshot().state.value for kind, breaker in self._breakers.items()}

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def _run(self, kind: Kind, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        limit = TimeLimit(self._monitor, operation, at_most(self._timeout))
        limit.check()
        return await self._breakers[kind].run(operation, lambda: limit.run(call))

    async def _insist(self, operation: str, call: Callable[[], Awaitable[None]]) -> None:
        await TimeLimit(self._monitor, operation, self._invalidation_timeout).run(call)
