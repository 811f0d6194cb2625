"""Any cache, behind time limits and circuit breakers: it costs a search little when slow, and nothing when down."""

from __future__ import annotations

import random as chance
import time
from collections.abc import Callable, Mapping, Sequence

from adapters.monitor import BackendMonitor, in_order
from adapters.policies import ResilienceSettings
from adapters.resilience.breaker import CircuitBreaker, Kind, states
from adapters.resilience.limit import TimeLimit, at_most
from adapters.resilience.observed import Observed
from domain.errors import Backend
from domain.ports import NO_METRICS, BackendStatus, Cache, Entry, Event, Metrics, Recollection


class ResilientCache(Cache):
    """Passes calls on to `inner`, and raises what it raises, or `BackendUnavailable` (timeout, open).

    `recall` and `remember` take at most `timeout` seconds, and no more than their request has left.
    `invalidate` and `forget` take at most `invalidation_timeout` seconds, whatever is left, and pass
    by the breakers: where they do not arrive, others go on showing what a write outdated. Nothing is
    retried: a search rather goes to the store, and an invalidation is repeated by the use case.

    `monitor` is the one of `inner`, so that an outage is logged once. `clock` counts seconds,
    `random` gives numbers from 0 to 1. `metrics` counts the calls.
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
        metrics: Metrics = NO_METRICS,
    ) -> None:
        self.inner = inner
        self._timeout = timeout
        self._invalidation_timeout = invalidation_timeout
        self._monitor = monitor or BackendMonitor(Backend.CACHE)
        self._metrics = metrics
        told = self._monitor.breaker_changed
        self._reads, self._writes = (
            CircuitBreaker(Backend.CACHE, kind, settings, clock=clock, random=random, metrics=metrics, told=told)
            for kind in Kind
        )

    async def recall(self, collection: str, key: str) -> Recollection:
        with self._observed("recall"), self._limit("recall", self._reads):
            return await self.inner.recall(collection, key)

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        with self._observed("remember"), self._limit("remember", self._writes):
            await self.inner.remember(collection, key, entry, ttl)

    async def invalidate(self, collection: str) -> None:
        with self._observed("invalidate"), TimeLimit(self._monitor, "invalidate", self._invalidation_timeout):
            await self.inner.invalidate(collection)

    async def forget(self, collection: str) -> None:
        with self._observed("forget"), TimeLimit(self._monitor, "forget", self._invalidation_timeout):
            await self.inner.forget(collection)

    async def ping(self) -> BackendStatus:
        """Ask in any state, within the time limits of `inner`; where a probe of reads is due, this is it."""
        with self._observed("ping"), self._reads.probe("ping"):
            return await self.inner.ping()

    def breakers(self) -> Mapping[str, str]:
        return states(self._reads, self._writes)

    def history(self) -> Sequence[Event]:
        return in_order(self._monitor.history(), self.inner.history())

    async def aclose(self) -> None:
        await self.inner.aclose()

    def _observed(self, operation: str) -> Observed:
        return Observed(self._metrics, "cache", operation)

    def _limit(self, operation: str, breaker: CircuitBreaker) -> TimeLimit:
        """The usual time limit. Raises `BackendUnavailable` (timeout) where the request has no time left."""
        limit = TimeLimit(self._monitor, operation, at_most(self._timeout), breaker)
        limit.check()
        return limit
