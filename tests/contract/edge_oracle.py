"""Qdrant's own engine, run in this process, as the judge of what filters and selections mean.

`qdrant_edge` is the native engine of the server in a Python binding. Where the binding would ask
another question than it was given, that is mended here, and nowhere else:

- `MatchValue(True)` asks for the integer 1, since the binding tries integers first and a bool of
  Python is one. A bool of numpy is none, and reaches the engine as a bool.
- A clause that is an empty list has no conditions for the server. The binding hands it on as it is,
  and inside `nested` an empty `should` is then met by nothing. Empty clauses are left out.
- Times go over as text, which has no form for a time zone with seconds. They go over in UTC.

The engine is asked without payload indexes: with one it reads values in the index's own way.
"""

from __future__ import annotations

from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

import numpy as np
import qdrant_edge as edge

from domain.filters import (
    Condition,
    DatetimeRange,
    FieldCondition,
    Filter,
    GeoBoundingBox,
    GeoPoint,
    GeoRadius,
    HasId,
    IsEmpty,
    IsNull,
    Match,
    MatchAny,
    MatchExcept,
    Nested,
    Range,
    ValuesCount,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.models import Json, Payload, PointId


class EdgeOracle:
    """An engine with one collection, filled anew for each question. Close it at the end."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        vectors = edge.EdgeVectorParams(1, edge.Distance.Dot)
        self._shard = edge.EdgeShard.create(self._folder.name, edge.EdgeConfig(vectors=vectors))
        self._held: set[PointId] = set()

    def close(self) -> None:
        """Let the engine go, and its files."""
        self._shard.close()
        self._folder.cleanup()

    def matching(self, points: Mapping[PointId, Payload], filter_: Filter) -> set[PointId]:
        """The ids of those of `points` that the engine finds to meet `filter_`."""
        self._fill(points)
        request = edge.ScrollRequest(limit=len(points), filter=to_edge(filter_), with_payload=False)
        records, _ = self._shard.scroll(request)
        return {cast("PointId", record.id) for record in records}

    def selected(self, payload: Payload, paths: tuple[str, ...]) -> dict[str, Json]:
        """The part of `payload` that the engine gives for `paths`."""
        self._fill({0: payload})
        (record,) = self._shard.retrieve([0], with_payload=edge.PayloadSelector.Include(list(paths)), with_vector=False)
        return record.payload or {}

    def _fill(self, points: Mapping[PointId, Payload]) -> None:
        gone = self._held - points.keys()
        self._shard.update(edge.UpdateOperation.delete_points(list(gone)))
        written = [edge.Point(point_id, [1.0], dict(payload)) for point_id, payload in points.items()]
        self._shard.update(edge.UpdateOperation.upsert_points(written))
        self._held = set(points)


def takes_path(path: str) -> bool:
    """Whether the engine can read `path`."""
    try:
        edge.IsEmptyCondition(path)
    except (ValueError, UnicodeError):
        return False
    return True


def to_edge(filter_: Filter) -> edge.Filter:
    """The filter in the binding's terms."""
    least = filter_.min_should
    return edge.Filter(
        must=_conditions(filter_.must) or None,
        should=_conditions(filter_.should) or None,
        must_not=_conditions(filter_.must_not) or None,
        min_should=None if least is None else edge.MinShould(_conditions(least.conditions), least.min_count),
    )


def _conditions(conditions: Iterable[Condition]) -> list[edge.ConditionType]:
    return [_condition(condition) for condition in conditions]


def _condition(condition: Condition) -> edge.ConditionType:
    match condition:
        case Filter():
            return to_edge(condition)
        case HasId():
            return edge.HasIdCondition(set(condition.ids))
        case Nested():
            return edge.NestedCondition(condition.key, to_edge(condition.filter))
        case IsEmpty():
            return edge.IsEmptyCondition(condition.key)
        case IsNull():
            return edge.IsNullCondition(condition.key)
    return _field_condition(condition)


def _field_condition(condition: FieldCondition) -> edge.FieldCondition:
    key = condition.key
    match condition:
        case Match() | MatchAny() | MatchExcept():
            return edge.FieldCondition(key, match=_match(condition))
        case Range(gt=gt, gte=gte, lt=lt, lte=lte):
            return edge.FieldCondition(key, range=edge.RangeFloat(gt=gt, gte=gte, lt=lt, lte=lte))
        case DatetimeRange():
            texts = (_text(bound) for bound in (condition.gte, condition.gt, condition.lte, condition.lt))
            return edge.FieldCondition(key, range=edge.RangeDateTime(*texts))
        case GeoRadius():
            return edge.FieldCondition(key, geo_radius=edge.GeoRadius(_place(condition.center), condition.radius))
        case GeoBoundingBox():
            box = edge.GeoBoundingBox(_place(condition.top_left), _place(condition.bottom_right))
            return edge.FieldCondition(key, geo_bounding_box=box)
        case ValuesCount(gt=gt, gte=gte, lt=lt, lte=lte):
            return edge.FieldCondition(key, values_count=edge.ValuesCount(gt=gt, gte=gte, lt=lt, lte=lte))
    raise TypeError(condition)


def _match(condition: Match | MatchAny | MatchExcept) -> edge.MatchType:
    match condition:
        case Match(value=bool(value)):
            return edge.MatchValue(cast("bool", np.bool_(value)))
        case Match():
            return edge.MatchValue(condition.value)
        case MatchAny():
            return edge.MatchAny(cast("list[str] | list[int]", list(condition.values)))
    return edge.MatchExcept(cast("list[str] | list[int]", list(condition.values)))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _place(point: GeoPoint) -> edge.GeoPoint:
    return edge.GeoPoint(lon=point.lon, lat=point.lat)
