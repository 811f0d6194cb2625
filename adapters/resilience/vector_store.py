"""Any vector store, behind time limit, bulkheads, retry and circuit breakers."""

from __future__ import annotations

import asyncio
import random as chance
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from adapters.monitor import BackendMonitor, in_order
from adapters.policies import ResilienceSettings
from adapters.resilience.breaker import CircuitBreaker, Kind, states
from adapters.resilience.bulkhead import Bulkhead
from adapters.resilience.limit import TimeLimit, at_most
from adapters.resilience.observed import Observed
from adapters.resilience.retry import TRANSIENT, UNDONE, Retry
from domain.errors import Backend, Failure
from domain.filters import Filter
from domain.models import Collection, CollectionInfo, Hit, IndexType, Page, Payload, Point, PointId, Record
from domain.ports import NO_METRICS, BackendStatus, Event, Metrics, VectorStore
from domain.queries import SearchQuery, Selection

T = TypeVar("T")


class ResilientVectorStore(VectorStore):
    """Passes calls on to `inner`, and raises what it raises, `BackendUnavailable` (timeout, open) or `Overloaded`.

    A read takes at most `read_timeout` seconds, a write `write_timeout`, its retry included, and
    neither more than its request has left. `monitor` is the one of `inner`, so that an outage is
    logged once. `clock` counts seconds, `random` gives numbers from 0 to 1, `sleep` waits for seconds.
    `metrics` counts the calls.

    Every operation may be retried, since doing it twice leaves what doing it once leaves: reads
    change nothing; an upsert and a merge write the same values again, a deletion finds less to
    delete; making a collection or an index finds it made (so the answer may be False to who made
    it). Deleting a collection alone is retried only where the first request had no effect: the
    second would find none and say so, or delete a new one of that name.
    """

    def __init__(
        self,
        inner: VectorStore,
        settings: ResilienceSettings,
        *,
        read_timeout: float = 5.0,
        write_timeout: float = 30.0,
        monitor: BackendMonitor | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = chance.random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        metrics: Metrics = NO_METRICS,
    ) -> None:
        self.inner = inner
        self._caps = {Kind.READ: read_timeout, Kind.WRITE: write_timeout}
        self._monitor = monitor or BackendMonitor(Backend.VECTOR_STORE)
        told = self._monitor.breaker_changed
        self._breakers = {
            kind: CircuitBreaker(
                Backend.VECTOR_STORE, kind, settings, clock=clock, random=random, metrics=metrics, told=told
            )
            for kind in Kind
        }
        places = {Kind.READ: settings.max_reads, Kind.WRITE: settings.max_writes}
        self._bulkheads = {
            kind: Bulkhead(Backend.VECTOR_STORE, limit, settings.max_wait) for kind, limit in places.items()
        }
        self._retry = Retry(settings, random=random, sleep=sleep)
        self._metrics = metrics

    async def create_collection(self, collection: Collection) -> bool:
        return await self._write("create_collection", lambda: self.inner.create_collection(collection))

    async def list_collections(self) -> tuple[str, ...]:
        return await self._read("list_collections", self.inner.list_collections)

    async def describe_collection(self, name: str) -> CollectionInfo:
        return await self._read("describe_collection", lambda: self.inner.describe_collection(name))

    async def delete_collection(self, name: str) -> None:
        await self._write("delete_collection", lambda: self.inner.delete_collection(name), retried=UNDONE)

    async def create_index(self, collection: str, field: str, type_: IndexType) -> bool:
        return await self._write("create_index", lambda: self.inner.create_index(collection, field, type_))

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        await self._write("upsert", lambda: self.inner.upsert(collection, points, only=only))

    async def set_payload(self, collection: str, payload: Payload, selection: Selection) -> None:
        await self._write("set_payload", lambda: self.inner.set_payload(collection, payload, selection))

    async def delete(self, collection: str, selection: Selection) -> None:
        await self._write("delete", lambda: self.inner.delete(collection, selection))

    async def retrieve(
        self,
        collection: str,
        ids: Sequence[PointId],
        *,
        with_vectors: bool = False,
    ) -> tuple[Record, ...]:
        return await self._read("retrieve", lambda: self.inner.retrieve(collection, ids, with_vectors=with_vectors))

    async def scroll(
        self,
        collection: str,
        filter_: Filter,
        *,
        limit: int,
        start: PointId | None = None,
        with_vectors: bool = False,
    ) -> Page:
        return await self._read(
            "scroll",
            lambda: self.inner.scroll(collection, filter_, limit=limit, start=start, with_vectors=with_vectors),
        )

    async def count(self, collection: str, filter_: Filter) -> int:
        return await self._read("count", lambda: self.inner.count(collection, filter_))

    async def search(self, collection: str, query: SearchQuery) -> tuple[Hit, ...]:
        return await self._read("search", lambda: self.inner.search(collection, query))

    async def search_batch(self, collection: str, queries: Sequence[SearchQuery]) -> tuple[tuple[Hit, ...], ...]:
        return await self._read("search_batch", lambda: self.inner.search_batch(collection, queries))

    async def ping(self) -> BackendStatus:
        """Ask in any state, without a place in a bulkhead; where a probe of reads is due, this is it."""
        limit = TimeLimit(self._monitor, "ping", at_most(self._caps[Kind.READ]))
        limit.check()
        with self._observed("ping"), self._breakers[Kind.READ].probe("ping"), limit:
            return await self.inner.ping()

    def breakers(self) -> Mapping[str, str]:
        return states(*self._breakers.values())

    async def engine_figures(self) -> Mapping[str, float]:
        return await self.inner.engine_figures()

    def history(self) -> Sequence[Event]:
        return in_order(self._monitor.history(), self.inner.history())

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def _read(self, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        return await self._run(Kind.READ, operation, call, TRANSIENT)

    async def _write(
        self, operation: str, call: Callable[[], Awaitable[T]], *, retried: frozenset[Failure] = TRANSIENT
    ) -> T:
        return await self._run(Kind.WRITE, operation, call, retried)

    async def _run(
        self, kind: Kind, operation: str, call: Callable[[], Awaitable[T]], retried: frozenset[Failure]
    ) -> T:
        with self._observed(operation):
            return await self._guarded(kind, operation, call, retried)

    async def _guarded(
        self, kind: Kind, operation: str, call: Callable[[], Awaitable[T]], retried: frozenset[Failure]
    ) -> T:
        breaker = self._breakers[kind]
        # Asked before the bulkhead too: while the breaker is open nobody need wait for a place.
        breaker.check(operation)
        limit = TimeLimit(self._monitor, operation, at_most(self._caps[kind]), breaker)

        async def attempt() -> T:
            limit.check()
            with limit:
                return await call()

        async with self._bulkheads[kind].place(operation, limit.left()):
            return await self._retry.run(attempt, on=retried, left=limit.left)

    def _observed(self, operation: str) -> Observed:
        return Observed(self._metrics, "vector_store", operation)
