"""How the embedded engine is searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import qdrant_edge as edge

from adapters.edge.breadth import breadth
from adapters.edge.filters import to_edge
from adapters.edge.payloads import Payloads, from_id, pack
from adapters.window import Window
from domain.errors import PointNotFound, at
from domain.filters import Filter, HasId
from domain.models import Collection, Distance, PointId, Vector
from domain.queries import PayloadSelection, SearchQuery

SAFE_NORMS = (1e-3, 1e15)
"""Norms between which the engine normalises in float32 as it should; below it leaves a vector as it is."""


class Ranked(NamedTuple):
    """A point that a search found, without what it shows of it."""

    id: PointId
    score: float
    version: int


Shown = tuple[PointId, float, bytes | None, bytes | None]
"""A hit: its id, its score, its payload as `payloads.pack` makes it, and the bytes of its vector."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is searched: the points of a collection, in a shard of this number, and the payloads shown lately."""

    points: edge.EdgeShard
    collection: Collection
    number: int
    payloads: Payloads


@dataclass(frozen=True, slots=True)
class _Asked:
    """A window of the ranking, the vector to rank by, and the filter to narrow it down with."""

    window: Window
    vector: list[float]
    filter: Filter

    def request(self, points: edge.EdgeShard) -> edge.QueryRequest:
        """What to ask the engine: ids and scores alone. To ask for payloads apart takes less time than with them."""
        window = self.window
        return edge.QueryRequest(
            limit=window.stop - window.start,
            offset=window.start,
            query=edge.Query.Nearest(self.vector),
            filter=None if self.filter.is_empty else to_edge(self.filter),
            score_threshold=window.asked_threshold(),
            params=breadth(points, window.query),
            with_payload=False,
        )


def search(place: Place, queries: Sequence[SearchQuery], *, batch: bool) -> list[list[Shown]]:
    """The hits of each query, in order.

    Raises `PointNotFound`, and `InvalidInput`, in a batch at `searches[i]`.
    """
    asked = []
    for index, query in enumerate(queries):
        with at(f"searches[{index}]" if batch else ""):
            asked.append(_prepare(place, query))
    return [_page(place, one, found) for one, found in zip(asked, _query(place.points, asked), strict=True)]


def _prepare(place: Place, query: SearchQuery) -> _Asked:
    window = Window.around(query, place.collection.distance)
    if query.vector is not None:
        with at("vector"):
            return _Asked(window, fit(query.vector, place.collection).tolist(), query.filter)
    ids = [] if query.id is None else [query.id]
    found = place.points.retrieve(list(ids), with_payload=False, with_vector=True)
    if not found:
        raise PointNotFound(place.collection.name, query.id)
    others = query.filter.narrowed(but_not=(HasId(frozenset(ids)),))
    return _Asked(window, found[0].vector, others)  # type: ignore[arg-type]


def fit(vector: Vector, collection: Collection) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The components as the engine takes them. Raises `InvalidInput` where they do not fit the collection."""
    components = np.frombuffer(vector.data, "<f4")
    wide = components.astype(np.float64)
    low, high = SAFE_NORMS
    if len(components) == collection.size and low * low <= float(wide @ wide) <= high * high:
        return components
    collection.check(vector)
    return np.frombuffer(vector.unit().data, "<f4") if collection.distance is Distance.COSINE else components


def _page(place: Place, asked: _Asked, hits: Sequence[Ranked]) -> list[Shown]:
    while asked.window.cuts_group(hits):
        asked = replace(asked, window=asked.window.widened(hits))
        (hits,) = _query(place.points, [asked])
    page, query = asked.window.page(hits), asked.window.query
    if not query.with_vectors and isinstance(query.with_payload, bool):
        payloads = place.payloads.of(place.number, place.points, page) if query.with_payload else repeat(None)
        return [(hit.id, hit.score, payload, None) for hit, payload in zip(page, payloads, strict=False)]
    found = place.points.retrieve([hit.id for hit in page], to_selector(query.with_payload), query.with_vectors)
    records = {from_id(record.id): record for record in found}
    return [(hit.id, hit.score, *_parts(records[hit.id], query)) for hit in page]


def _parts(record: edge.Record, query: SearchQuery) -> tuple[bytes | None, bytes | None]:
    return pack(record.payload or {}) if query.with_payload else None, _bytes(record.vector)


def _query(points: edge.EdgeShard, asked: Sequence[_Asked]) -> list[list[Ranked]]:
    if len(asked) == 1:
        answers = [points.query(asked[0].request(points))]
    else:
        answers = points.query_batch(edge.QueryBatchRequest([one.request(points) for one in asked]))
    return [[Ranked(from_id(each.id), each.score, each.version) for each in answer] for answer in answers]


def to_selector(selection: PayloadSelection) -> bool | edge.PayloadSelector:
    """Which part of the payload to give."""
    return selection if isinstance(selection, bool) else edge.PayloadSelector.Include(list(selection))


def from_vector(vector: object) -> Vector | None:
    """A vector as the engine gives it, where it gives one."""
    data = _bytes(vector)
    return None if data is None else Vector(data)


def _bytes(vector: object) -> bytes | None:
    return None if vector is None else np.array(vector, "<f4").tobytes()
