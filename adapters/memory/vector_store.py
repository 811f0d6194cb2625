"""The vector store that needs nothing: exact, small, gone with the process."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from adapters.memory.filters import matches
from adapters.memory.selection import select
from domain.errors import (
    Backend,
    BackendUnavailable,
    CollectionConflict,
    CollectionNotFound,
    Failure,
    PointNotFound,
    at,
)
from domain.filters import Filter
from domain.models import (
    Collection,
    CollectionInfo,
    Distance,
    Hit,
    IndexType,
    Page,
    Payload,
    Point,
    PointId,
    Record,
    float32,
    id_order,
)
from domain.ports import BackendStatus, VectorStore
from domain.queries import SearchQuery, Selection

Components = tuple[float, ...]

_SCORE: Mapping[Distance, Callable[[Components, Components], float]] = {
    Distance.COSINE: lambda a, b: sum(map(operator.mul, a, b)),
    Distance.DOT: lambda a, b: sum(map(operator.mul, a, b)),
    Distance.EUCLID: math.dist,
    Distance.MANHATTAN: lambda a, b: sum(abs(x - y) for x, y in zip(a, b, strict=True)),
}


@dataclass(slots=True)
class _Stored:
    """A collection and its points, whose vectors fit it already."""

    collection: Collection
    points: dict[PointId, Point] = field(default_factory=dict)

    def matching(self, filter_: Filter) -> list[Point]:
        """The points that meet the filter, in the order of their ids."""
        ordered = sorted(self.points.values(), key=lambda point: id_order(point.id))
        return [point for point in ordered if matches(filter_, point.id, point.payload)]

    def selected(self, selection: Selection) -> list[Point]:
        """The points that exist and are selected."""
        if selection.filter is not None:
            return self.matching(selection.filter)
        return [self.points[point_id] for point_id in dict.fromkeys(selection.ids) if point_id in self.points]


class InMemoryVectorStore(VectorStore):
    """Keeps collections in dictionaries and compares every point. A fake that behaves as the real thing."""

    def __init__(self) -> None:
        self._collections: dict[str, _Stored] = {}
        self._closed = False

    async def create_collection(self, collection: Collection) -> bool:
        self._check_open("create_collection")
        existing = self._collections.get(collection.name)
        if existing is None:
            self._collections[collection.name] = _Stored(collection)
            return True
        if differences := existing.collection.differences(collection):
            raise CollectionConflict(collection.name, differences)
        indexes = {**existing.collection.indexes, **collection.indexes}
        existing.collection = replace(existing.collection, indexes=indexes)
        return False

    async def list_collections(self) -> tuple[str, ...]:
        self._check_open("list_collections")
        return tuple(sorted(self._collections))

    async def describe_collection(self, name: str) -> CollectionInfo:
        stored = self._get("describe_collection", name)
        covered = dict.fromkeys(stored.collection.indexes, len(stored.points))
        return CollectionInfo(collection=stored.collection, points=len(stored.points), indexed=covered)

    async def delete_collection(self, name: str) -> None:
        self._get("delete_collection", name)
        del self._collections[name]

    async def create_index(self, collection: str, field: str, type_: IndexType) -> bool:
        stored = self._get("create_index", collection)
        await self.create_collection(replace(stored.collection, indexes={field: type_}))
        return True

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        stored = self._get("upsert", collection)
        written = {}
        for index, point in enumerate(points):
            with at(f"points[{index}].vector"):
                vector = stored.collection.fit(point.vector)
            written[point.id] = Point(point.id, vector, copy.deepcopy(point.payload))
        for point_id, point in written.items():
            existing = stored.points.get(point_id)
            if existing is None or only is None or matches(only, point_id, existing.payload):
                stored.points[point_id] = point

    async def set_payload(self, collection: str, payload: Payload, selection: Selection) -> None:
        stored = self._get("set_payload", collection)
        for point_id in selection.ids:
            if point_id not in stored.points:
                raise PointNotFound(collection, point_id)
        for point in stored.selected(selection):
            merged = {**point.payload, **copy.deepcopy(payload)}
            kept = {key: value for key, value in merged.items() if key not in payload or value is not None}
            stored.points[point.id] = replace(point, payload=kept)

    async def delete(self, collection: str, selection: Selection) -> None:
        stored = self._get("delete", collection)
        for point in stored.selected(selection):
            del stored.points[point.id]

    async def retrieve(
        self,
        collection: str,
        ids: Sequence[PointId],
        *,
        with_vectors: bool = False,
    ) -> tuple[Record, ...]:
        points = self._get("retrieve", collection).points
        found = [points[point_id] for point_id in dict.fromkeys(ids) if point_id in points]
        return tuple(_record(point, with_vectors=with_vectors) for point in found)

    async def scroll(
        self,
        collection: str,
        filter_: Filter,
        *,
        limit: int,
        start: PointId | None = None,
        with_vectors: bool = False,
    ) -> Page:
        matching = self._get("scroll", collection).matching(filter_)
        rest = [point for point in matching if start is None or id_order(point.id) >= id_order(start)]
        records = tuple(_record(point, with_vectors=with_vectors) for point in rest[:limit])
        return Page(records, rest[limit].id if len(rest) > limit else None)

    async def count(self, collection: str, filter_: Filter) -> int:
        return len(self._get("count", collection).matching(filter_))

    async def search(self, collection: str, query: SearchQuery) -> tuple[Hit, ...]:
        stored = self._get("search", collection)
        target = _target(stored, query)
        distance = stored.collection.distance
        scored = [
            (float32(_SCORE[distance](target, point.vector.to_tuple())), point)
            for point in stored.matching(query.filter)
            if point.id != query.id
        ]
        hits = [
            Hit(
                point.id, score, select(point.payload, query.with_payload), point.vector if query.with_vectors else None
            )
            for score, point in scored
            if query.score_threshold is None or not distance.is_farther(score, float32(query.score_threshold))
        ]
        return distance.ranked(hits)[query.offset : query.offset + query.limit]

    async def search_batch(self, collection: str, queries: Sequence[SearchQuery]) -> tuple[tuple[Hit, ...], ...]:
        results = []
        for index, query in enumerate(queries):
            with at(f"searches[{index}]"):
                results.append(await self.search(collection, query))
        return tuple(results)

    async def ping(self) -> BackendStatus:
        self._check_open("ping")
        return BackendStatus("memory")

    async def aclose(self) -> None:
        self._closed = True

    def _check_open(self, operation: str) -> None:
        if self._closed:
            raise BackendUnavailable(Backend.VECTOR_STORE, operation, Failure.CLOSED)

    def _get(self, operation: str, name: str) -> _Stored:
        self._check_open(operation)
        try:
            return self._collections[name]
        except KeyError:
            raise CollectionNotFound(name) from None


def _target(stored: _Stored, query: SearchQuery) -> Components:
    if query.vector is not None:
        with at("vector"):
            return stored.collection.fit(query.vector).to_tuple()
    try:
        return stored.points[query.id].vector.to_tuple()  # type: ignore[index]
    except KeyError:
        raise PointNotFound(stored.collection.name, query.id) from None


def _record(point: Point, *, with_vectors: bool) -> Record:
    return Record(point.id, copy.deepcopy(dict(point.payload)), point.vector if with_vectors else None)
