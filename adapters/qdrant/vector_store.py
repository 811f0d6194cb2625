"""A Qdrant server behind the `VectorStore` port."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from qdrant_client import AsyncQdrantClient

from adapters.call import BackendCall, Fault
from adapters.monitor import BackendMonitor
from adapters.qdrant.catalog import Catalog
from adapters.qdrant.conversions import (
    from_collections,
    from_page,
    from_record,
    is_done,
    to_batches,
    to_id,
    to_points_selector,
)
from adapters.qdrant.errors import Refusal, classify
from adapters.qdrant.filters import to_qdrant
from adapters.qdrant.search import check_exist, prepare, prepare_batch, run
from domain.errors import (
    Backend,
    CollectionConflict,
    CollectionNotFound,
    Failure,
    HoldfastError,
    InvalidInput,
)
from domain.filters import Filter
from domain.models import Collection, CollectionInfo, Hit, IndexType, Page, Payload, Point, PointId, Record
from domain.ports import BackendStatus, VectorStore
from domain.queries import SearchQuery, Selection


class QdrantVectorStore(VectorStore):
    """Keeps points in a Qdrant server, over REST or gRPC as the client was built.

    `read_timeout` and `write_timeout` (seconds) bound each operation in total.
    """

    technology = "qdrant"

    def __init__(
        self,
        client: AsyncQdrantClient,
        *,
        read_timeout: float = 5.0,
        write_timeout: float = 30.0,
        monitor: BackendMonitor | None = None,
        catalog: Catalog | None = None,
    ) -> None:
        self._client = client
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._monitor = monitor or BackendMonitor(Backend.VECTOR_STORE)
        self._catalog = catalog or Catalog(client)
        self._closed = False

    async def create_collection(self, collection: Collection) -> bool:
        with self._write("create_collection", collection.name) as ask:
            existing = await self._catalog.find(ask, collection.name)
            made = existing is None and await self._catalog.make(ask, collection)
            if existing is None and not made:
                existing = await self._catalog.find(ask, collection.name)
            if existing is not None and (differences := existing.differences(collection)):
                raise CollectionConflict(collection.name, differences)
            for field, type_ in collection.indexes.items():
                if existing is None or field not in existing.indexes:
                    await self._catalog.index(ask, collection.name, field, type_)
            return made

    async def list_collections(self) -> tuple[str, ...]:
        with self._read("list_collections") as ask:
            return await ask(self._client.get_collections(), from_collections)

    async def describe_collection(self, name: str) -> CollectionInfo:
        with self._read("describe_collection", name) as ask:
            return await self._catalog.describe(ask, name)

    async def delete_collection(self, name: str) -> None:
        with self._write("delete_collection", name) as ask:
            deleted = await ask(self._client.delete_collection(name), bool)
            self._catalog.forget(name)
            if not deleted:
                raise CollectionNotFound(name)

    async def create_index(self, collection: str, field: str, type_: IndexType) -> bool:
        with self._write("create_index", collection) as ask:
            info = await self._catalog.describe(ask, collection)
            wanted = Collection(
                name=collection, size=info.collection.size, distance=info.collection.distance, indexes={field: type_}
            )
            if differences := info.collection.differences(wanted):
                raise CollectionConflict(collection, differences)
            if field in info.collection.indexes:
                return not info.building
            return await self._catalog.index(ask, collection, field, type_)

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        with self._write("upsert", collection) as ask:
            batches = await self._catalog.fit(ask, collection, partial(to_batches, points))
            if only is not None:
                await self._catalog.check_conditional(ask, collection)
            replaced = None if only is None else to_qdrant(only)
            for batch in batches:
                writing = self._client.upsert(collection, batch, wait=True, update_filter=replaced)
                self._check_done("upsert", await ask(writing, is_done))

    async def set_payload(self, collection: str, payload: Payload, selection: Selection) -> None:
        with self._write("set_payload", collection) as ask:
            await check_exist(ask, self._client, collection, selection.ids)
            writing = self._client.set_payload(collection, dict(payload), to_points_selector(selection), wait=True)
            self._check_done("set_payload", await ask(writing, is_done))

    async def delete(self, collection: str, selection: Selection) -> None:
        with self._write("delete", collection) as ask:
            writing = self._client.delete(collection, to_points_selector(selection), wait=True)
            self._check_done("delete", await ask(writing, is_done))

    async def retrieve(
        self,
        collection: str,
        ids: Sequence[PointId],
        *,
        with_vectors: bool = False,
    ) -> tuple[Record, ...]:
        unique = list(dict.fromkeys(ids))
        points = [to_id(point_id) for point_id in unique]
        with self._read("retrieve", collection) as ask:
            reading = self._client.retrieve(collection, points, with_payload=True, with_vectors=with_vectors)
            found = await ask(reading, lambda records: {record.id: record for record in map(from_record, records)})
        return tuple(found[point_id] for point_id in unique if point_id in found)

    async def scroll(
        self,
        collection: str,
        filter_: Filter,
        *,
        limit: int,
        start: PointId | None = None,
        with_vectors: bool = False,
    ) -> Page:
        with self._read("scroll", collection) as ask:
            reading = self._client.scroll(
                collection,
                scroll_filter=to_qdrant(filter_),
                limit=limit,
                offset=None if start is None else to_id(start),
                with_payload=True,
                with_vectors=with_vectors,
            )
            return await ask(reading, from_page)

    async def count(self, collection: str, filter_: Filter) -> int:
        with self._read("count", collection) as ask:
            counting = self._client.count(collection, to_qdrant(filter_), exact=True)
            return await ask(counting, lambda answer: answer.count)

    async def search(self, collection: str, query: SearchQuery) -> tuple[Hit, ...]:
        with self._read("search", collection) as ask:
            asked = await self._catalog.fit(ask, collection, partial(prepare, query))
            return (await run(ask, self._client, collection, [asked]))[0]

    async def search_batch(self, collection: str, queries: Sequence[SearchQuery]) -> tuple[tuple[Hit, ...], ...]:
        with self._read("search_batch", collection) as ask:
            all_asked = await self._catalog.fit(ask, collection, partial(prepare_batch, queries))
            return await run(ask, self._client, collection, all_asked)

    async def ping(self) -> BackendStatus:
        with self._read("ping") as ask:
            version = await self._version(ask)
            # The version is open to all, the list is not: so a wrong key shows here and not in a search.
            await ask(self._client.get_collections(), from_collections)
        return BackendStatus(self.technology, version, self._monitor.last_failure)

    async def _version(self, ask: BackendCall, /) -> str:
        return await ask(self._client.info(), lambda info: info.version)

    async def aclose(self) -> None:
        self._closed = True
        await self._client.close()

    def _read(self, operation: str, collection: str | None = None) -> BackendCall:
        return BackendCall(self._monitor, operation, self._read_timeout, partial(self._translate, collection))

    def _write(self, operation: str, collection: str) -> BackendCall:
        return BackendCall(self._monitor, operation, self._write_timeout, partial(self._translate, collection))

    def _classify(self, error: Exception) -> Fault | Refusal:
        return classify(error)

    def _translate(self, collection: str | None, error: Exception) -> Fault | HoldfastError:
        if self._closed:
            # What the driver raises in a call that is cut short looks like a fault of the server.
            return Fault(Failure.CLOSED)
        verdict = self._classify(error)
        if isinstance(verdict, Fault):
            return verdict
        if collection is None:
            return Fault(Failure.FAULT)
        self._catalog.forget(collection)
        if verdict.status == 404:
            return CollectionNotFound(collection)
        if verdict.status == 409:
            return CollectionConflict(collection, [verdict.message])
        return InvalidInput("", f"a request that the vector database takes, and it says: {verdict.message}")

    def _check_done(self, operation: str, done: bool) -> None:  # noqa: FBT001
        """Raise `BackendUnavailable` for a write that the server only took note of."""
        if not done:
            raise self._monitor.failed(operation, Failure.TIMEOUT, TimeoutError())
