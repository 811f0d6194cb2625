"""Bodies of requests as they come in JSON; each becomes a value of the domain."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec

from domain.errors import InvalidInput, at
from domain.filters import Filter
from domain.models import (
    Collection,
    Distance,
    HnswOptions,
    IndexType,
    Point,
    PointId,
    Quantization,
    QuantizationType,
    Vector,
    parse_point_id,
)
from domain.queries import SearchQuery, Selection
from entrypoints.http.filters import Body, FilterBody, read_id, read_ids


class QuantizationBody(Body):
    """How the store compresses vectors."""

    type: QuantizationType
    quantile: float | None = None
    always_ram: bool | None = None


class VectorBody(Body):
    """The vectors of a collection."""

    size: int
    distance: Distance
    on_disk: bool | None = None
    quantization: QuantizationBody | None = None


class HnswBody(Body):
    """The graph index of a collection."""

    m: int | None = None
    ef_construct: int | None = None
    full_scan_threshold: int | None = None
    on_disk: bool | None = None


class CollectionBody(Body):
    """A collection to be made."""

    vector: VectorBody
    indexes: dict[str, IndexType] | None = None
    index: HnswBody | None = None

    def to_domain(self, name: str) -> Collection:
        """The collection. Raises `InvalidInput`."""
        with at("vector.quantization"):
            given = self.vector.quantization
            quantization = None if given is None else Quantization(**msgspec.structs.asdict(given))
        with at("index"):
            hnsw = None if self.index is None else HnswOptions(**msgspec.structs.asdict(self.index))
        with at("vector"):
            Collection(name=name, size=self.vector.size, distance=self.vector.distance)
        return Collection(
            name=name,
            size=self.vector.size,
            distance=self.vector.distance,
            indexes=self.indexes or {},
            on_disk=self.vector.on_disk,
            quantization=quantization,
            hnsw=hnsw,
        )


class IndexBody(Body):
    """A payload index to be made."""

    type: IndexType


class PointBody(Body):
    """A point to be written. The vector is a list of numbers, or base64 of little-endian float32."""

    id: int | str
    vector: list[float] | str
    payload: dict[str, Any] | None = None

    def to_domain(self) -> Point:
        """The point. Raises `InvalidInput`."""
        with at("id"):
            point_id = read_id(self.id)
        return Point(point_id, read_vector(self.vector), self.payload or {})


class UpsertBody(Body):
    """Points to be written."""

    points: list[PointBody]

    def to_domain(self) -> list[Point]:
        """The points. Raises `InvalidInput` at `points[i]`."""
        points = []
        for index, body in enumerate(self.points):
            with at(f"points[{index}]"):
                points.append(body.to_domain())
        return points


class SelectionBody(Body):
    """The points that a write is about."""

    ids: list[int | str] | None = None
    filter: FilterBody | None = None

    def selection(self) -> Selection:
        """The selection. Raises `InvalidInput` unless it is exactly one of ids and a filter that is not empty."""
        if (self.ids is None) == (self.filter is None):
            raise InvalidInput("", "exactly one of 'ids' and 'filter'")
        return Selection(
            ids=read_ids("ids", self.ids or []), filter=None if self.filter is None else read_filter(self.filter)
        )


class SetPayloadBody(SelectionBody, kw_only=True):
    """Payload to be merged into that of points."""

    payload: dict[str, Any]


class RetrieveBody(Body):
    """Points to be read by their ids."""

    ids: list[int | str]
    with_vectors: bool = False


class ScrollBody(Body):
    """A page of points to be read. `after` is what the page before gave as `next`."""

    filter: FilterBody | None = None
    limit: int = 10
    after: str | None = None
    with_vectors: bool = False

    def start(self) -> PointId | None:
        """Where the page starts. Raises `InvalidInput` at `after`."""
        if self.after is None:
            return None
        try:
            return parse_point_id(self.after)
        except InvalidInput:
            raise InvalidInput("after", "the 'next' of the page before") from None


class CountBody(Body):
    """Points to be counted."""

    filter: FilterBody | None = None


class SearchParamsBody(Body):
    """How the store is to search."""

    hnsw_ef: int | None = None
    exact: bool = False


class SearchBody(Body):
    """A search for the neighbours of a vector, or of a stored point."""

    vector: list[float] | str | None = None
    id: int | str | None = None
    filter: FilterBody | None = None
    limit: int = 10
    offset: int = 0
    score_threshold: float | None = None
    with_payload: bool | list[str] = True
    with_vectors: bool = False
    params: SearchParamsBody | None = None

    def to_domain(self) -> SearchQuery:
        """The query. Raises `InvalidInput`."""
        with at("id"):
            point_id = None if self.id is None else read_id(self.id)
        params = self.params or SearchParamsBody()
        return SearchQuery(
            vector=None if self.vector is None else read_vector(self.vector),
            id=point_id,
            filter=read_filter(self.filter),
            limit=self.limit,
            offset=self.offset,
            score_threshold=self.score_threshold,
            with_payload=self.with_payload if isinstance(self.with_payload, bool) else tuple(self.with_payload),
            with_vectors=self.with_vectors,
            hnsw_ef=params.hnsw_ef,
            exact=params.exact,
        )


class SearchBatchBody(Body):
    """Several searches."""

    searches: list[SearchBody]

    def to_domain(self) -> list[SearchQuery]:
        """The queries. Raises `InvalidInput` at `searches[i]`."""
        queries = []
        for index, body in enumerate(self.searches):
            with at(f"searches[{index}]"):
                queries.append(body.to_domain())
        return queries


def read_vector(value: list[float] | str) -> Vector:
    """The vector. Raises `InvalidInput` at `vector`."""
    with at("vector"):
        if isinstance(value, list):
            return Vector.of(value)
        try:
            return Vector(base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise InvalidInput("", "numbers, or base64 of little-endian float32") from None


def read_filter(body: FilterBody | None) -> Filter:
    """The filter; without one, the filter that every point meets. Raises `InvalidInput` at `filter`."""
    if body is None:
        return Filter()
    with at("filter"):
        return body.to_domain()
