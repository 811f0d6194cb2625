"""The filter tree in the terms of the embedded engine.

Where the binding would ask another question than it was given, that is mended here, and nowhere else:

- `MatchValue(True)` asks for the integer 1, since the binding tries integers first and a bool of
  Python is one. A bool of numpy is none, and reaches the engine as a bool.
- A clause that is an empty list has no conditions for Qdrant. The binding hands it on as it is, and
  inside `nested` an empty `should` is then met by nothing. Empty clauses are left out.
- Times go over as text, which has no form for a time zone with seconds. They go over in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast

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


def to_edge(filter_: Filter) -> edge.Filter:
    """The same filter for the engine. An empty one stays empty, and meets every point."""
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
