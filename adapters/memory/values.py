"""Whether a single value meets a condition, as Qdrant's engine decides it."""

from __future__ import annotations

import math
from typing import TypeAlias, TypeVar

from adapters.memory.timestamps import Instant, instant_of, parse_instant
from domain.filters import (
    DatetimeRange,
    GeoBoundingBox,
    GeoPoint,
    GeoRadius,
    Match,
    MatchAny,
    MatchExcept,
    Range,
    Scalar,
)
from domain.models import Json

EARTH_RADIUS = 6_371_008.8
"""The radius of the sphere that distances are measured on, in metres."""

ValueCondition: TypeAlias = Match | MatchAny | MatchExcept | Range | DatetimeRange | GeoRadius | GeoBoundingBox
"""The conditions that look at one value at a time."""

_Ordered = TypeVar("_Ordered", float, Instant)
_Place: TypeAlias = "tuple[float, float]"


def value_holds(condition: ValueCondition, value: Json) -> bool:
    """Whether `value`, taken as it is, meets `condition`. A value of another type does not."""
    match condition:
        case Match():
            return _is_in((condition.value,), value)
        case MatchAny():
            return _is_in(condition.values, value)
        case MatchExcept():
            return value is not None and not _is_in(condition.values, value)
        case Range():
            return _in_range(condition, value)
        case DatetimeRange():
            return _in_period(condition, value)
    place = _place(value)
    if place is None:
        return False
    if isinstance(condition, GeoRadius):
        return _distance(condition.center, place) < condition.radius
    return _in_box(condition, place)


def within(
    value: _Ordered, gt: _Ordered | None, gte: _Ordered | None, lt: _Ordered | None, lte: _Ordered | None
) -> bool:
    """Whether `value` keeps to all bounds that are not None."""
    return (
        (gt is None or value > gt)
        and (gte is None or value >= gte)
        and (lt is None or value < lt)
        and (lte is None or value <= lte)
    )


def _is_in(choices: tuple[Scalar, ...], value: Json) -> bool:
    """Whether `value` is one of `choices`, of the same type: true, 1 and 1.0 are three values."""
    if not isinstance(value, str | int) or value not in choices:
        return False
    return isinstance(value, bool) is isinstance(choices[0], bool)


def _in_range(condition: Range, value: Json) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return within(float(value), condition.gt, condition.gte, condition.lt, condition.lte)


def _in_period(condition: DatetimeRange, value: Json) -> bool:
    instant = parse_instant(value) if isinstance(value, str) else None
    if instant is None:
        return False
    bounds = (condition.gt, condition.gte, condition.lt, condition.lte)
    return within(instant, *(None if bound is None else instant_of(bound) for bound in bounds))


def _place(value: Json) -> _Place | None:
    """Latitude and longitude in degrees, wherever they may be: a payload is free to hold any numbers."""
    if not isinstance(value, dict):
        return None
    lat, lon = (value.get(name) for name in ("lat", "lon"))
    if isinstance(lat, bool) or isinstance(lon, bool):
        return None
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return None
    return float(lat), float(lon)


def _distance(center: GeoPoint, place: _Place) -> float:
    """Metres along the sphere by the haversine formula; NaN for a place beyond all degrees."""
    lat, lon = place
    try:
        north = math.sin(math.radians(lat - center.lat) / 2) ** 2
        east = math.sin(math.radians(lon - center.lon) / 2) ** 2
        narrowing = math.cos(math.radians(center.lat)) * math.cos(math.radians(lat))
        return EARTH_RADIUS * 2 * math.asin(math.sqrt(north + narrowing * east))
    except ValueError:
        return math.nan


def _in_box(box: GeoBoundingBox, place: _Place) -> bool:
    """Whether the place is inside. The border is not."""
    lat, lon = place
    left, right = box.top_left.lon, box.bottom_right.lon
    between = (lon > left or lon < right) if left > right else left < lon < right
    return between and box.bottom_right.lat < lat < box.top_left.lat
