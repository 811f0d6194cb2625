"""Fakes of an outage: any adapter of a port, which works until its script says otherwise.

    store = FaultyVectorStore(InMemoryVectorStore())
    store.script.down()
    ...
    store.script.recover()

`calls` are the operations that were asked for, in order: `store.calls.count("search")` tells how
often one was. Failures are logged, and told by `ping`, as those of the real adapters are.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, TypeVar

from adapters.memory.script import Script, Step
from adapters.monitor import BackendMonitor, in_order
from domain.errors import Backend, BackendUnavailable, HoldfastError
from domain.filters import Filter
from domain.models import Collection, CollectionInfo, Hit, IndexType, Page, Payload, Point, PointId, Record
from domain.ports import BackendStatus, Cache, Entry, Event, Recollection, VectorStore
from domain.queries import SearchQuery, Selection

T = TypeVar("T")


class Scripted(Exception):
    """The cause of a failure, in the log: a script wanted it."""


class _Follower:
    """Lets every call do what the script says."""

    inner: VectorStore | Cache

    def __init__(self, backend: Backend, script: Script | None) -> None:
        self.script = script or Script()
        self.calls: list[str] = []
        self._monitor = BackendMonitor(backend)

    async def _follow(self, operation: str, call: Coroutine[Any, Any, T]) -> T:
        """What the call gives, unless the script lets it fail. A call that is not to be made is never begun."""
        self.calls.append(operation)
        step = self.script.take(operation)
        with closing(call):
            if not step.done:
                await self._undergo(operation, step)
            try:
                answer = await call
            except BackendUnavailable:
                raise
            except HoldfastError:
                await self._answer(operation, step)
                raise
            await self._answer(operation, step)
            return answer

    async def _answer(self, operation: str, step: Step) -> None:
        """The backend has answered; whether that arrives is for the script to say."""
        if step.done:
            await self._undergo(operation, step)
        self._monitor.answered()

    async def _undergo(self, operation: str, step: Step) -> None:
        await self.script.wait(step)
        if step.failure is not None:
            raise self._monitor.failed(operation, step.failure, Scripted(), step.retry_after) from None

    async def ping(self) -> BackendStatus:
        status = await self._follow("ping", self.inner.ping())
        return replace(status, last_failure=self._monitor.last_failure or status.last_failure)

    def breakers(self) -> Mapping[str, str]:
        return self.inner.breakers()

    def history(self) -> Sequence[Event]:
        return in_order(self.inner.history(), self._monitor.history())

    async def aclose(self) -> None:
        await self.inner.aclose()


class FaultyVectorStore(_Follower, VectorStore):
    """The vector store `inner`, which fails as `script` says.

    >>> import asyncio
    >>> from adapters.memory import InMemoryVectorStore
    >>> store = FaultyVectorStore(InMemoryVectorStore())
    >>> _ = store.script.down(calls=1)
    >>> asyncio.run(store.list_collections())
    Traceback (most recent call last):
    domain.errors.BackendUnavailable: vector_store unavailable: list_collections failed (refused)
    >>> asyncio.run(store.list_collections())
    ()
    >>> store.calls
    ['list_collections', 'list_collections']
    """

    inner: VectorStore

    def __init__(self, inner: VectorStore, script: Script | None = None) -> None:
        super().__init__(Backend.VECTOR_STORE, script)
        self.inner = inner

    async def create_collection(self, collection: Collection) -> bool:
        return await self._follow("create_collection", self.inner.create_collection(collection))

    async def list_collections(self) -> tuple[str, ...]:
        return await self._follow("list_collections", self.inner.list_collections())

    async def describe_collection(self, name: str) -> CollectionInfo:
        return await self._follow("describe_collection", self.inner.describe_collection(name))

    async def delete_collection(self, name: str) -> None:
        return await self._follow("delete_collection", self.inner.delete_collection(name))

    async def create_index(self, collection: str, field: str, type_: IndexType) -> bool:
        return await self._follow("create_index", self.inner.create_index(collection, field, type_))

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        return await self._follow("upsert", self.inner.upsert(collection, points, only=only))

    async def set_payload(self, collection: str, payload: Payload, selection: Selection) -> None:
        return await self._follow("set_payload", self.inner.set_payload(collection, payload, selection))

    async def delete(self, collection: str, selection: Selection) -> None:
        return await self._follow("delete", self.inner.delete(collection, selection))

    async def retrieve(
        self, collection: str, ids: Sequence[PointId], *, with_vectors: bool = False
    ) -> tuple[Record, ...]:
        return await self._follow("retrieve", self.inner.retrieve(collection, ids, with_vectors=with_vectors))

    async def scroll(
        self,
        collection: str,
        filter_: Filter,
        *,
        limit: int,
        start: PointId | None = None,
        with_vectors: bool = False,
    ) -> Page:
        page = self.inner.scroll(collection, filter_, limit=limit, start=start, with_vectors=with_vectors)
        return await self._follow("scroll", page)

    async def count(self, collection: str, filter_: Filter) -> int:
        return await self._follow("count", self.inner.count(collection, filter_))

    async def search(self, collection: str, query: SearchQuery) -> tuple[Hit, ...]:
        return await self._follow("search", self.inner.search(collection, query))

    async def search_batch(self, collection: str, queries: Sequence[SearchQuery]) -> tuple[tuple[Hit, ...], ...]:
        return await self._follow("search_batch", self.inner.search_batch(collection, queries))

    async def engine_figures(self) -> Mapping[str, float]:
        return await self.inner.engine_figures()


class FaultyCache(_Follower, Cache):
    """The cache `inner`, which fails as `script` says.

    >>> import asyncio
    >>> from adapters.memory import InMemoryCache
    >>> cache = FaultyCache(InMemoryCache(), Script().lost(only="invalidate"))
    >>> asyncio.run(cache.recall("fruit", "key")).entry is None
    True
    >>> asyncio.run(cache.invalidate("fruit"))
    Traceback (most recent call last):
    domain.errors.BackendUnavailable: cache unavailable: invalidate failed (reset)
    """

    inner: Cache

    def __init__(self, inner: Cache, script: Script | None = None) -> None:
        super().__init__(Backend.CACHE, script)
        self.inner = inner

    async def recall(self, collection: str, key: str) -> Recollection:
        return await self._follow("recall", self.inner.recall(collection, key))

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        return await self._follow("remember", self.inner.remember(collection, key, entry, ttl))

    async def invalidate(self, collection: str) -> None:
        return await self._follow("invalidate", self.inner.invalidate(collection))

    async def forget(self, collection: str) -> None:
        return await self._follow("forget", self.inner.forget(collection))
