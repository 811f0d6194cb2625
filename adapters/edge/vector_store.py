"""The embedded engine behind the `VectorStore` port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from adapters.call import BackendCall, Fault
from adapters.edge.connection import EngineConnection, EngineFault, meaning
from adapters.edge.description import describe, parse
from adapters.edge.flat import flat_query, to_hits, to_record
from adapters.edge.supervisor import EngineSupervisor
from adapters.monitor import BackendMonitor
from domain.errors import Backend, BackendUnavailable, Failure, HoldfastError
from domain.filters import Filter
from domain.models import Collection, CollectionInfo, Hit, IndexType, Page, Payload, Point, PointId, Record
from domain.ports import BackendStatus, VectorStore
from domain.queries import SearchQuery, Selection

T = TypeVar("T")

FIGURES_TIMEOUT = 1.0
"""Seconds that the engine has to tell of itself."""


class EdgeVectorStore(VectorStore):
    """Keeps points in the data directory `root`, through the engine's process that serves it.

    That process is `supervisor`'s, which is closed with this store, or another's where that is None.
    `read_timeout` and `write_timeout` (seconds) bound each operation in total.
    """

    def __init__(
        self,
        root: Path,
        supervisor: EngineSupervisor | None = None,
        *,
        read_timeout: float = 5.0,
        write_timeout: float = 30.0,
        monitor: BackendMonitor | None = None,
    ) -> None:
        # Apart, since a search would wait until the points of a write before it are read.
        self._reading, self._writing = EngineConnection(root), EngineConnection(root)
        self._supervisor = supervisor
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._monitor = monitor or BackendMonitor(Backend.VECTOR_STORE)
        self._closed = False

    async def create_collection(self, collection: Collection) -> bool:
        return await self._write("create_collection", bool, "create", collection.name, describe(collection))

    async def list_collections(self) -> tuple[str, ...]:
        return await self._read("list_collections", tuple, "list", "")

    async def describe_collection(self, name: str) -> CollectionInfo:
        return await self._read("describe_collection", _to_info, "describe", name)

    async def delete_collection(self, name: str) -> None:
        await self._write("delete_collection", _nothing, "delete_collection", name)

    async def create_index(self, collection: str, field: str, type_: IndexType) -> bool:
        await self._write("create_index", _nothing, "index", collection, field, type_.value)
        return True

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        ids = [point.id for point in points]
        vectors = [point.vector.data for point in points]
        payloads = [dict(point.payload) for point in points]
        await self._write("upsert", _nothing, "upsert", collection, ids, vectors, payloads, only)

    async def set_payload(self, collection: str, payload: Payload, selection: Selection) -> None:
        await self._write("set_payload", _nothing, "set_payload", collection, dict(payload), selection)

    async def delete(self, collection: str, selection: Selection) -> None:
        await self._write("delete", _nothing, "delete", collection, selection)

    async def retrieve(
        self,
        collection: str,
        ids: Sequence[PointId],
        *,
        with_vectors: bool = False,
    ) -> tuple[Record, ...]:
        return await self._read("retrieve", _to_records, "retrieve", collection, list(ids), with_vectors)

    async def scroll(
        self,
        collection: str,
        filter_: Filter,
        *,
        limit: int,
        start: PointId | None = None,
        with_vectors: bool = False,
    ) -> Page:
        def read(answer: tuple[Any, PointId | None]) -> Page:
            return Page(_to_records(answer[0]), answer[1])

        return await self._read("scroll", read, "scroll", collection, filter_, limit, start, with_vectors)

    async def count(self, collection: str, filter_: Filter) -> int:
        return await self._read("count", int, "count", collection, filter_)

    async def search(self, collection: str, query: SearchQuery) -> tuple[Hit, ...]:
        return await self._read("search", lambda answer: to_hits(answer[0]), "search", collection, [flat_query(query)])

    async def search_batch(self, collection: str, queries: Sequence[SearchQuery]) -> tuple[tuple[Hit, ...], ...]:
        flat = list(map(flat_query, queries))
        return await self._read(
            "search_batch", lambda answer: tuple(map(to_hits, answer)), "search_batch", collection, flat
        )

    async def ping(self) -> BackendStatus:
        version = await self._read("ping", str, "ping", "")
        return BackendStatus("qdrant-edge", version, self._monitor.last_failure)

    async def engine_figures(self) -> Mapping[str, float]:
        try:
            async with asyncio.timeout(FIGURES_TIMEOUT):
                told: dict[str, float] = await self._reading.call("figures", "")
        except (OSError, EngineFault):
            return {"up": 0.0}
        return {"up": 1.0, **told}

    async def aclose(self) -> None:
        self._closed = True
        self._reading.close()
        self._writing.close()
        if self._supervisor is not None:
            await asyncio.to_thread(self._supervisor.close)

    async def _read(self, operation: str, read: Callable[[Any], T], *request: Any) -> T:
        return await self._call(operation, self._reading, self._read_timeout, read, *request)

    async def _write(self, operation: str, read: Callable[[Any], T], *request: Any) -> T:
        return await self._call(operation, self._writing, self._write_timeout, read, *request)

    async def _call(
        self, operation: str, connection: EngineConnection, timeout: float, read: Callable[[Any], T], *request: Any
    ) -> T:
        if self._closed:
            raise BackendUnavailable(Backend.VECTOR_STORE, operation, Failure.CLOSED)
        with BackendCall(self._monitor, operation, timeout, self._translate) as ask:
            return await ask(connection.call(*request), read)

    def _translate(self, error: Exception) -> Fault | HoldfastError:
        return meaning(error, closed=self._closed)


def _nothing(_: object) -> None:
    return None


def _to_info(answer: tuple[dict[str, Any], int, bool, dict[str, int], int]) -> CollectionInfo:
    described, points, building, indexed, graph = answer
    return CollectionInfo(
        collection=parse(described), points=points, building=building, indexed=indexed, indexed_vectors=graph
    )


def _to_records(answer: list[tuple[Any, ...]]) -> tuple[Record, ...]:
    return tuple(map(to_record, answer))
