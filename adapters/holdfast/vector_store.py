"""A Holdfast service behind the `VectorStore` port."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import httpx
import msgspec

from adapters.call import BackendCall, Fault
from adapters.holdfast.errors import meaning
from adapters.holdfast.exchange import Exchange, acknowledged, path_of, read_as
from adapters.holdfast.filters import to_json
from adapters.holdfast.forms import (
    VECTORS,
    CollectionForm,
    CountForm,
    HealthForm,
    IndexForm,
    NamesForm,
    PageForm,
    RecordsForm,
    ResultForm,
    UpsertedForm,
    from_collection,
    from_point,
    from_query,
    from_selection,
    read_results,
)
from adapters.holdfast.requests import batches
from adapters.monitor import BackendMonitor
from domain.errors import Backend, Failure, HoldfastError, at
from domain.filters import Filter
from domain.models import Collection, CollectionInfo, Hit, IndexType, Page, Payload, Point, PointId, Record
from domain.points import MAX_POINTS
from domain.ports import BackendStatus, VectorStore
from domain.queries import MAX_LIMIT, SearchQuery, Selection
from domain.search import MAX_SEARCHES

MAX_OBJECTS, MAX_OBJECTS_OF_POINTS = 10_000, 200_000
"""The most JSON objects that a service takes in one body, and in one of points."""


class KeyMissing(Exception):
    """The service asks for a key, and there is none."""


class HoldfastVectorStore(VectorStore):
    """Keeps points in whatever store the service keeps them in.

    `read_timeout` and `write_timeout` (seconds) bound each operation in total. Every request of `client`
    says `no-cache, no-store`: a remembered answer is no answer of the store, which is what the port promises.
    """

    technology = "holdfast"

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        read_timeout: float = 5.0,
        write_timeout: float = 30.0,
        monitor: BackendMonitor | None = None,
    ) -> None:
        self._exchange = Exchange(client)
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._monitor = monitor or BackendMonitor(Backend.VECTOR_STORE)
        self._closed = False

    async def create_collection(self, collection: Collection) -> bool:
        body = msgspec.json.encode(from_collection(collection))

        def read(answer: httpx.Response) -> bool:
            read_as(CollectionForm)(answer)
            return answer.status_code == 201

        with self._write("create_collection") as ask:
            return await ask(self._exchange.send("PUT", path_of(collection.name), body), read)

    async def list_collections(self) -> tuple[str, ...]:
        with self._read("list_collections", self._meaning_of_all) as ask:
            answer = await ask(self._exchange.send("GET", "/v1/collections"), read_as(NamesForm))
        return tuple(answer.collections)

    async def describe_collection(self, name: str) -> CollectionInfo:
        with self._read("describe_collection") as ask:
            return await self._describe(ask, name)

    async def delete_collection(self, name: str) -> None:
        with self._write("delete_collection") as ask:
            await ask(self._exchange.send("DELETE", path_of(name)), acknowledged)

    async def create_index(self, collection: str, field: str, type_: IndexType) -> bool:
        body = msgspec.json.encode({"type": type_})
        with self._write("create_index") as ask:
            sent = self._exchange.send("PUT", path_of(collection, "indexes", field), body)
            return (await ask(sent, read_as(IndexForm))).built

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        path, read = path_of(collection, "points"), read_as(UpsertedForm)
        more = b"" if only is None else msgspec.json.encode({"update_filter": to_json(only)})
        room = MAX_OBJECTS_OF_POINTS - more.count(b"{")
        groups = list(batches(map(from_point, points), most=MAX_POINTS, most_objects=room))
        with self._write("upsert") as ask:
            if len(groups) != 1:
                # Nothing may be written before all vectors are known to fit.
                made = (await self._describe(ask, collection)).collection
                for index, point in enumerate(points):
                    with at(f"points[{index}].vector"):
                        made.check(point.vector)
            for group in groups:
                await self._exchange.send_batch(
                    ask, group, method="PUT", path=path, name="points", read=read, more=more
                )

    async def set_payload(self, collection: str, payload: Payload, selection: Selection) -> None:
        body = msgspec.json.encode({"payload": payload, **from_selection(selection)})
        with self._write("set_payload") as ask:
            await ask(self._exchange.send("PATCH", path_of(collection, "points"), body), acknowledged)

    async def delete(self, collection: str, selection: Selection) -> None:
        body = msgspec.json.encode(from_selection(selection))
        with self._write("delete") as ask:
            await ask(self._exchange.send("POST", path_of(collection, "points", "delete"), body), acknowledged)

    async def retrieve(
        self,
        collection: str,
        ids: Sequence[PointId],
        *,
        with_vectors: bool = False,
    ) -> tuple[Record, ...]:
        path, unique = path_of(collection, "points", "retrieve"), list(dict.fromkeys(ids))
        found: list[Record] = []
        with self._read("retrieve") as ask:
            if not unique:
                await self._describe(ask, collection)
            for start in range(0, len(unique), MAX_POINTS):
                asked = {"ids": unique[start : start + MAX_POINTS], "with_vectors": with_vectors and VECTORS}
                sent = self._exchange.send("POST", path, msgspec.json.encode(asked))
                found += await ask(sent, lambda answer: read_as(RecordsForm)(answer).to_domain())
        return tuple(found)

    async def scroll(
        self,
        collection: str,
        filter_: Filter,
        *,
        limit: int,
        start: PointId | None = None,
        with_vectors: bool = False,
    ) -> Page:
        asked = {
            "filter": to_json(filter_),
            "limit": min(limit, MAX_LIMIT),
            "after": None if start is None else str(start),
            "with_vectors": with_vectors and VECTORS,
        }
        with self._read("scroll") as ask:
            sent = self._exchange.send("POST", path_of(collection, "scroll"), msgspec.json.encode(asked))
            return await ask(sent, lambda answer: read_as(PageForm)(answer).to_page())

    async def count(self, collection: str, filter_: Filter) -> int:
        body = msgspec.json.encode({"filter": to_json(filter_)})
        with self._read("count") as ask:
            sent = self._exchange.send("POST", path_of(collection, "count"), body)
            return (await ask(sent, read_as(CountForm))).count

    async def search(self, collection: str, query: SearchQuery) -> tuple[Hit, ...]:
        with self._read("search") as ask:
            sent = self._exchange.send("POST", path_of(collection, "search"), from_query(query))
            return await ask(sent, lambda answer: read_as(ResultForm)(answer).to_domain())

    async def search_batch(self, collection: str, queries: Sequence[SearchQuery]) -> tuple[tuple[Hit, ...], ...]:
        path, found = path_of(collection, "search", "batch"), list[tuple[Hit, ...]]()
        with self._read("search_batch") as ask:
            if not queries:
                await self._describe(ask, collection)
            for group in batches(map(from_query, queries), most=MAX_SEARCHES, most_objects=MAX_OBJECTS):
                read = read_results(len(group.items))
                found += await self._exchange.send_batch(
                    ask, group, method="POST", path=path, name="searches", read=read
                )
        return tuple(found)

    async def ping(self) -> BackendStatus:
        with self._read("ping", self._meaning_of_all) as ask:
            health = await ask(self._exchange.send("GET", "/health/infra"), read_as(HealthForm))
        if health.vector_store is None:
            raise self._monitor.failed("ping", Failure.UNAUTHORIZED, KeyMissing())
        return BackendStatus(self.technology, None, self._monitor.last_failure)

    async def aclose(self) -> None:
        self._closed = True
        await self._exchange.aclose()

    async def _describe(self, ask: BackendCall, name: str) -> CollectionInfo:
        sent = self._exchange.send("GET", path_of(name))
        return await ask(sent, lambda answer: read_as(CollectionForm)(answer).to_domain())

    def _read(self, operation: str, means: Callable[[Exception], Fault | HoldfastError] | None = None) -> BackendCall:
        return BackendCall(self._monitor, operation, self._read_timeout, means or self._meaning)

    def _write(self, operation: str) -> BackendCall:
        return BackendCall(self._monitor, operation, self._write_timeout, self._meaning)

    def _meaning(self, error: Exception) -> Fault | HoldfastError:
        # What a client raises in a call that is cut short looks like a fault of the service.
        return Fault(Failure.CLOSED) if self._closed else meaning(error)

    def _meaning_of_all(self, error: Exception) -> Fault:
        """What an error means to who asked of no collection: nothing that he could mend."""
        found = self._meaning(error)
        return found if isinstance(found, Fault) else Fault(Failure.FAULT)
