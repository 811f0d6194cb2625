"""Bodies of the REST API: those that are sent, from values of the domain, and those that come, back into them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, Literal

import httpx
import msgspec

from adapters.holdfast.filters import to_json
from domain.models import (
    Collection,
    CollectionInfo,
    Distance,
    Hit,
    HnswOptions,
    IndexType,
    Page,
    Point,
    PointId,
    Quantization,
    Record,
    Vector,
    parse_point_id,
    parse_uuid,
)
from domain.queries import SearchQuery, Selection

VECTORS = "base64"
"""How vectors are asked for where they come in numbers: a quarter of the bytes, and nothing to parse."""


class _RecordForm(msgspec.Struct):
    id: int | str
    payload: dict[str, Any]
    vector: list[float] | str | None = None


class RecordsForm(msgspec.Struct):
    """Stored points, as of `retrieve`."""

    points: list[_RecordForm]

    def to_domain(self) -> tuple[Record, ...]:
        """The points."""
        return tuple(Record(_id(one.id), one.payload, _vector(one.vector)) for one in self.points)


class PageForm(RecordsForm):
    """A page of stored points, as of `scroll`."""

    next: str | None

    def to_page(self) -> Page:
        """The page."""
        return Page(self.to_domain(), None if self.next is None else parse_point_id(self.next))


class _HitForm(msgspec.Struct):
    id: int | str
    score: float
    payload: dict[str, Any] | None = None
    vector: list[float] | str | None = None


class ResultForm(msgspec.Struct):
    """The hits of a search."""

    hits: list[_HitForm]
    stale: bool

    def to_domain(self) -> tuple[Hit, ...]:
        """The hits. Raises `ValueError` where they are not the store's, against what the request said."""
        if self.stale:
            raise ValueError("a stale answer")
        return tuple(Hit(_id(one.id), one.score, one.payload, _vector(one.vector)) for one in self.hits)


class _ResultsForm(msgspec.Struct):
    results: list[ResultForm]


def read_results(count: int) -> Callable[[httpx.Response], Sequence[tuple[Hit, ...]]]:
    """Reads the hits of a batch of so many searches."""

    def read(response: httpx.Response) -> Sequence[tuple[Hit, ...]]:
        results = msgspec.json.decode(response.content, type=_ResultsForm).results
        if len(results) != count:
            raise ValueError("another number of results")
        return [result.to_domain() for result in results]

    return read


class CollectionForm(msgspec.Struct):
    """The description of a collection."""

    name: str
    size: int
    distance: Distance
    indexes: dict[str, IndexType]
    points: int
    status: str
    indexed: dict[str, int]
    indexed_vectors: int | None = None
    on_disk: bool | None = None
    quantization: Quantization | None = None
    index: HnswOptions | None = None

    def to_domain(self) -> CollectionInfo:
        """The description."""
        collection = Collection(
            name=self.name,
            size=self.size,
            distance=self.distance,
            indexes=self.indexes,
            on_disk=self.on_disk,
            quantization=self.quantization,
            hnsw=self.index,
        )
        return CollectionInfo(
            collection=collection,
            points=self.points,
            building=self.status == "building",
            indexed=self.indexed,
            indexed_vectors=self.indexed_vectors,
        )


class NamesForm(msgspec.Struct):
    """The names of all collections."""

    collections: list[str]


class CountForm(msgspec.Struct):
    """How many points there are."""

    count: int


class UpsertedForm(msgspec.Struct):
    """How many points were written."""

    upserted: int


class HealthForm(msgspec.Struct):
    """How the service is. Who gives no good key learns the status alone."""

    status: Literal["up", "degraded"]
    vector_store: dict[str, Any] | None = None


class IndexForm(msgspec.Struct):
    """A payload index."""

    built: bool


def from_collection(collection: Collection) -> dict[str, Any]:
    """The body that makes the collection."""
    vector = {"size": collection.size, "distance": collection.distance, "on_disk": collection.on_disk}
    body: dict[str, Any] = {"vector": vector, "indexes": dict(collection.indexes)}
    if collection.quantization is not None:
        vector["quantization"] = _stated(collection.quantization)
    if collection.hnsw is not None:
        body["index"] = _stated(collection.hnsw)
    return body


def from_point(point: Point) -> bytes:
    """A point to be written. msgspec writes bytes as base64, which is how the API takes a vector."""
    return msgspec.json.encode({"id": point.id, "vector": point.vector.data, "payload": point.payload})


def from_selection(selection: Selection) -> dict[str, Any]:
    """The points that a write is about."""
    return {"ids": selection.ids} if selection.filter is None else {"filter": to_json(selection.filter)}


def from_query(query: SearchQuery) -> bytes:
    """A search."""
    body: dict[str, Any] = {
        "filter": None if query.filter.is_empty else to_json(query.filter),
        "limit": query.limit,
        "offset": query.offset,
        "score_threshold": query.score_threshold,
        "with_payload": query.with_payload,
        "with_vectors": query.with_vectors,
        "params": {"hnsw_ef": query.hnsw_ef, "exact": query.exact},
    }
    target = {"id": query.id} if query.vector is None else {"vector": query.vector.data}
    return msgspec.json.encode({**target, **body})


def _stated(options: Quantization | HnswOptions) -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(options).items() if value is not None}


def _id(value: int | str) -> PointId:
    return parse_uuid(value) if isinstance(value, str) else value


def _vector(value: list[float] | str | None) -> Vector | None:
    if isinstance(value, str):
        return Vector(base64.b64decode(value, validate=True))
    return None if value is None else Vector.of(value)
