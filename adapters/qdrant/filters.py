"""The filter tree in the models of Qdrant's client."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from qdrant_client import models

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
from domain.models import id_order


def to_qdrant(filter_: Filter) -> models.Filter:
    """The same filter for Qdrant, over REST and gRPC alike. An empty one stays empty, and meets every point."""
    least = filter_.min_should
    return models.Filter(
        must=_conditions(filter_.must) or None,
        should=_conditions(filter_.should) or None,
        must_not=_conditions(filter_.must_not) or None,
        min_should=None
        if least is None
        else models.MinShould(conditions=_conditions(least.conditions), min_count=least.min_count),
    )


def _conditions(conditions: Iterable[Condition]) -> list[models.Condition]:
    return [_condition(condition) for condition in conditions]


def _condition(condition: Condition) -> models.Condition:
    match condition:
        case Filter():
            return to_qdrant(condition)
        case HasId():
            ordered = sorted(condition.ids, key=id_order)
            return models.HasIdCondition(has_id=[str(i) if isinstance(i, UUID) else i for i in ordered])
        case Nested():
            return models.NestedCondition(nested=models.Nested(key=condition.key, filter=to_qdrant(condition.filter)))
        case IsEmpty():
            return models.IsEmptyCondition(is_empty=models.PayloadField(key=condition.key))
        case IsNull():
            return models.IsNullCondition(is_null=models.PayloadField(key=condition.key))
    return _field_condition(condition)


def _field_condition(condition: FieldCondition) -> models.FieldCondition:
    field = models.FieldCondition(key=condition.key)
    match condition:
        case Match() | MatchAny() | MatchExcept():
            field.match = _match(condition)
        case Range(gt=gt, gte=gte, lt=lt, lte=lte):
            field.range = models.Range(gt=gt, gte=gte, lt=lt, lte=lte)
        case DatetimeRange(gt=gt, gte=gte, lt=lt, lte=lte):
            field.range = models.DatetimeRange(gt=_utc(gt), gte=_utc(gte), lt=_utc(lt), lte=_utc(lte))
        case GeoRadius():
            field.geo_radius = models.GeoRadius(center=_place(condition.center), radius=condition.radius)
        case GeoBoundingBox():
            field.geo_bounding_box = models.GeoBoundingBox(
                top_left=_place(condition.top_left), bottom_right=_place(condition.bottom_right)
            )
        case ValuesCount(gt=gt, gte=gte, lt=lt, lte=lte):
            field.values_count = models.ValuesCount(gt=gt, gte=gte, lt=lt, lte=lte)
    return field


def _match(condition: Match | MatchAny | MatchExcept) -> models.Match:
    match condition:
        case Match():
            return models.MatchValue(value=condition.value)
        case MatchAny():
            return models.MatchAny(any=_choices(condition.values))
    return models.MatchExcept(**{"except": _choices(condition.values)})


def _choices(values: tuple[str, ...] | tuple[int, ...]) -> list[str] | list[int]:
    return cast("list[str] | list[int]", list(values))


def _utc(moment: datetime | None) -> datetime | None:
    """The moment in UTC, since offsets that are not whole minutes have no form in RFC 3339."""
    return None if moment is None else moment.astimezone(UTC)


def _place(point: GeoPoint) -> models.GeoPoint:
    return models.GeoPoint(lon=point.lon, lat=point.lat)
