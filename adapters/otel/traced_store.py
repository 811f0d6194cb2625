"""Any vector store, with a span for each call."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar

from domain.filters import Filter
from domain.models import Collection, CollectionInfo, Hit, IndexType, Page, Payload, Point, PointId, Record
from domain.ports import BackendStatus, Event, Tracing, VectorStore
from domain.queries import SearchQuery, Selection

T = TypeVar("T")


class TracedVectorStore(VectorStore):
    """Passes calls on to `inner`, which is called `system` in spans."""

    def __init__(self, inner: VectorStore, tracing: Tracing, system: str) -> None:
        self.inner = inner
        self._tracing = tracing
        self._system = system

    async def create_collection(self, collection: Collection) -> bool:
        return await self._traced("create_collection", self.inner.create_collection(collection))

    async def list_collections(self) -> tuple[str, ...]:
        return await self._traced("list_collections", self.inner.list_collections())

    async def describe_collection(self, name: str) -> CollectionInfo:
        return await self._traced("describe_collection", self.inner.describe_collection(name))

    async def delete_collection(self, name: str) -> None:
        await self._traced("delete_collection", self.inner.delete_collection(name))

    async def create_index(self, collection: str, field: str, type_: IndexType) -> bool:
        return await self._traced("create_index", self.inner.create_index(collection, field, type_))

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        await self._traced("upsert", self.inner.upsert(collection, points, only=only))

    async def set_payload(self, collection: str, payload: Payload, selection: Selection) -> None:
        await self._traced("set_payload", self.inner.set_payload(collection, payload, selection))

    async def delete(self, collection: str, selection: Selection) -> None:
        await self._traced("delete", self.inner.delete(collection, selection))

    async def retrieve(
        self,
        collection: str,
        ids: Sequence[PointId],
        *,
        with_vectors: bool = False,
    ) -> tuple[Record, ...]:
        return await self._traced("retrieve", self.inner.retrieve(collection, ids, with_vectors=with_vectors))

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
        return await self._traced("scroll", page)

    async def count(self, collection: str, filter_: Filter) -> int:
        return await self._traced("count", self.inner.count(collection, filter_))

    async def search(self, collection: str, query: SearchQuery) -> tuple[Hit, ...]:
        return await self._traced("search", self.inner.search(collection, query))

    async def search_batch(self, collection: str, queries: Sequence[SearchQuery]) -> tuple[tuple[Hit, ...], ...]:
        return await self._traced("search_batch", self.inner.search_batch(collection, queries))

    async def ping(self) -> BackendStatus:
        return await self._traced("ping", self.inner.ping())

    def breakers(self) -> Mapping[str, str]:
        return self.inner.breakers()

    def history(self) -> Sequence[Event]:
        return self.inner.history()

    async def engine_figures(self) -> Mapping[str, float]:
        return await self.inner.engine_figures()

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def _traced(self, operation: str, call: Awaitable[T]) -> T:
        with self._tracing.call(self._system, operation):
            return await call
