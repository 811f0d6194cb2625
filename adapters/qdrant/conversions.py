"""Between the domain's values and those of Qdrant's client."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec
from qdrant_client import models

from adapters.qdrant.filters import to_qdrant
from domain.errors import at
from domain.models import (
    Collection,
    Distance,
    Hit,
    Json,
    Page,
    Point,
    PointId,
    Record,
    Vector,
)

if TYPE_CHECKING:
    from domain.queries import PayloadSelection, Selection

MAX_REQUEST_BYTES = 16 * 1024 * 1024
"""How large a request of points may become: half of what Qdrant takes by default."""

COMPONENT_BYTES = 25
"""The most that one float32 takes in JSON: a sign, 17 digits, a point, an exponent of four, and a comma."""

ROW_BYTES = 50
"""What the id of a point and the signs around it take at most."""

SAFE_NORMS = (1e-3, 1e15)
"""Norms between which Qdrant normalises in float32 as it should; below it leaves a vector as it is."""


def to_id(point_id: PointId) -> int | str:
    """An id as the client takes it."""
    return str(point_id) if isinstance(point_id, UUID) else point_id


def from_id(point_id: int | str | UUID) -> PointId:
    """An id as the client gives it."""
    return UUID(point_id) if isinstance(point_id, str) else point_id


def to_selector(selection: PayloadSelection) -> bool | list[str]:
    """Which part of the payload to send."""
    return selection if isinstance(selection, bool) else list(selection)


def to_points_selector(selection: Selection) -> models.PointsSelector:
    """The points that a write is about."""
    if selection.filter is not None:
        return models.FilterSelector(filter=to_qdrant(selection.filter))
    return models.PointIdsList(points=[to_id(point_id) for point_id in selection.ids])


def to_batches(points: Sequence[Point], collection: Collection, most: int = MAX_REQUEST_BYTES) -> list[models.Batch]:
    """What to write, in requests of at most `most` bytes, or of one point. Of points with one id the last counts.

    Raises `InvalidInput` at a vector that does not fit the collection.
    """
    rows: dict[int | str, _Row] = {}
    for index, point in enumerate(points):
        with at(f"points[{index}].vector"):
            vector = to_vector(point.vector, collection)
        rows[to_id(point.id)] = _Row(to_id(point.id), vector, dict(point.payload))
    return [
        models.Batch(
            ids=[row.id for row in group],
            vectors=[row.vector for row in group],
            payloads=[row.payload for row in group],
        )
        for group in _grouped(rows.values(), most)
    ]


class _Row(NamedTuple):
    id: int | str
    vector: list[float]
    payload: dict[str, Json]


def _grouped(rows: Iterable[_Row], most: int) -> Iterator[list[_Row]]:
    group: list[_Row] = []
    room = most
    for row in rows:
        size = len(row.vector) * COMPONENT_BYTES + len(msgspec.json.encode(row.payload)) + ROW_BYTES
        if size > room and group:
            yield group
            group, room = [], most
        room -= size
        group.append(row)
    if group:
        yield group


def to_vector(vector: Vector, collection: Collection) -> list[float]:
    """The components to send. Raises `InvalidInput` where the vector does not fit the collection."""
    norm = collection.check(vector)
    if collection.distance is Distance.COSINE and not SAFE_NORMS[0] <= norm <= SAFE_NORMS[1]:
        vector = vector.unit()
    return list(vector)


def _from_vector(vector: object) -> Vector | None:
    return Vector.of(vector) if isinstance(vector, list) else None


def from_record(record: models.Record) -> Record:
    """A point as it was read."""
    return Record(from_id(record.id), record.payload or {}, _from_vector(record.vector))


def from_page(answer: tuple[Sequence[models.Record], int | str | UUID | None]) -> Page:
    """Points as they were scrolled through, and where the next page starts."""
    records, following = answer
    return Page(tuple(map(from_record, records)), None if following is None else from_id(following))


def from_scored(point: models.ScoredPoint, *, with_payload: bool) -> Hit:
    """A point that a search found. Raises `ValueError` for a score that is no number."""
    if not math.isfinite(point.score):
        raise ValueError("a score that is not finite")
    payload = (point.payload or {}) if with_payload else None
    return Hit(from_id(point.id), point.score, payload, _from_vector(point.vector))


def from_collections(answer: models.CollectionsResponse) -> tuple[str, ...]:
    """The names of all collections, sorted."""
    return tuple(sorted(collection.name for collection in answer.collections))


def is_done(result: models.UpdateResult) -> bool:
    """Whether a write is done, and not only taken note of."""
    return result.status is models.UpdateStatus.COMPLETED
