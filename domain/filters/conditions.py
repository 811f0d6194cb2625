"""Conditions on the values that a path reaches in the payload."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, TypeAlias

from domain.errors import InvalidInput, at
from domain.models.payload import MAX_INTEGER, MIN_INTEGER, check_text
from domain.models.vector import float32
from domain.paths import parse_path

MAX_VALUES = 10_000
"""The most values in one `any` or `except`, and ids in one `has_id`."""

SMALLEST_FLOAT32, MAX_FLOAT32 = 2.0**-149, (2 - 2.0**-23) * 2.0**127

Scalar: TypeAlias = "str | int | bool"


def check_path(path: str) -> None:
    """Raise `InvalidInput` at `key` unless `path` is a path into a payload."""
    with at("key"):
        parse_path(path)


def _check_scalar(value: object, expected: str) -> None:
    if isinstance(value, str):
        check_text(value)
    elif not isinstance(value, int) or not MIN_INTEGER <= value <= MAX_INTEGER:
        raise InvalidInput("", expected)


def _check_choices(values: tuple[str, ...] | tuple[int, ...]) -> None:
    if not 1 <= len(values) <= MAX_VALUES:
        raise InvalidInput("", f"1 to {MAX_VALUES} values, got {len(values)}")
    strings = isinstance(values[0], str)
    for index, value in enumerate(values):
        if isinstance(value, bool) or isinstance(value, str) is not strings:
            raise InvalidInput(f"[{index}]", "values that are all strings or all integers")
        with at(f"[{index}]"):
            _check_scalar(value, "a string or an integer that fits 64 bits")


@dataclass(frozen=True, slots=True)
class Match:
    """The value is `value`, of the same type."""

    key: str
    value: Scalar

    def __post_init__(self) -> None:
        check_path(self.key)
        with at("match.value"):
            _check_scalar(self.value, "a string, a bool, or an integer that fits 64 bits")


@dataclass(frozen=True, slots=True)
class MatchAny:
    """The value is one of `values`: all strings, or all integers."""

    key: str
    values: tuple[str, ...] | tuple[int, ...]

    def __post_init__(self) -> None:
        check_path(self.key)
        with at("match.any"):
            _check_choices(self.values)


@dataclass(frozen=True, slots=True)
class MatchExcept:
    """There is a value that is not null and none of `values`: all strings, or all integers."""

    key: str
    values: tuple[str, ...] | tuple[int, ...]

    def __post_init__(self) -> None:
        check_path(self.key)
        with at("match.except"):
            _check_choices(self.values)


def _bounds(condition: object) -> dict[str, object]:
    """The bounds that a range-like condition states, by name."""
    named = {field.name: getattr(condition, field.name) for field in fields(condition)}  # type: ignore[arg-type]
    del named["key"]
    return {name: value for name, value in named.items() if value is not None}


def _keep_stricter(condition: Range | DatetimeRange) -> None:
    """Drop one of two bounds on one side: engines that index the field heed only one of them."""
    lower: tuple[Any, Any] = (condition.gt, condition.gte)
    upper: tuple[Any, Any] = (condition.lt, condition.lte)
    if None not in lower:
        object.__setattr__(condition, "gte" if lower[0] >= lower[1] else "gt", None)
    if None not in upper:
        object.__setattr__(condition, "lte" if upper[0] <= upper[1] else "lt", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The value is a number within all stated bounds, compared as float64.

    Of `gt` and `gte`, and of `lt` and `lte`, the stricter is kept.
    """

    key: str
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None

    def __post_init__(self) -> None:
        check_path(self.key)
        bounds = _bounds(self)
        if not bounds:
            raise InvalidInput("range", "at least one of 'gt', 'gte', 'lt', 'lte'")
        for name, value in bounds.items():
            try:
                number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
            except (OverflowError, TypeError, ValueError):
                number = math.nan
            if not math.isfinite(number):
                raise InvalidInput(f"range.{name}", "a finite number")
            object.__setattr__(self, name, number)
        _keep_stricter(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatetimeRange:
    """The value is a time (text in RFC 3339) within all stated bounds, to the microsecond.

    Bounds carry a time zone, and are kept in UTC. A stored time without one counts as UTC. Of `gt`
    and `gte`, and of `lt` and `lte`, the stricter is kept.
    """

    key: str
    gt: datetime | None = None
    gte: datetime | None = None
    lt: datetime | None = None
    lte: datetime | None = None

    def __post_init__(self) -> None:
        check_path(self.key)
        bounds = _bounds(self)
        if not bounds:
            raise InvalidInput("range", "at least one of 'gt', 'gte', 'lt', 'lte'")
        for name, value in bounds.items():
            if not isinstance(value, datetime) or value.utcoffset() is None:
                raise InvalidInput(f"range.{name}", "a time with a time zone")
            try:
                object.__setattr__(self, name, value.astimezone(UTC))
            except OverflowError:
                raise InvalidInput(f"range.{name}", "a time within the years 1 to 9999 in UTC") from None
        _keep_stricter(self)


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A place on Earth in degrees: latitude -90 to 90, longitude -180 to 180."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        for name, value, most in (("lat", self.lat, 90), ("lon", self.lon, 180)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
                raise InvalidInput(name, f"degrees from -{most} to {most}")


@dataclass(frozen=True, slots=True)
class GeoRadius:
    """The value is a place less than `radius` metres from `center`, on a sphere; kept as float32."""

    key: str
    center: GeoPoint
    radius: float

    def __post_init__(self) -> None:
        check_path(self.key)
        if isinstance(self.radius, bool) or not 0 < self.radius <= MAX_FLOAT32:
            raise InvalidInput("geo_radius.radius", "metres, more than 0 and finite in float32")
        # What every way to the engine carries.
        object.__setattr__(self, "radius", max(float32(self.radius), SMALLEST_FLOAT32))


@dataclass(frozen=True, slots=True)
class GeoBoundingBox:
    """The value is a place inside the box. A box whose left is east of its right crosses longitude 180."""

    key: str
    top_left: GeoPoint
    bottom_right: GeoPoint

    def __post_init__(self) -> None:
        check_path(self.key)
        if self.top_left.lat <= self.bottom_right.lat:
            raise InvalidInput("geo_bounding_box", "a top that is north of the bottom")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesCount:
    """The number of values is within all stated bounds: a list counts its elements, null and absence 0."""

    key: str
    gt: int | None = None
    gte: int | None = None
    lt: int | None = None
    lte: int | None = None

    def __post_init__(self) -> None:
        check_path(self.key)
        bounds = _bounds(self)
        if not bounds:
            raise InvalidInput("values_count", "at least one of 'gt', 'gte', 'lt', 'lte'")
        for name, value in bounds.items():
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_INTEGER:
                raise InvalidInput(f"values_count.{name}", "an integer of at least 0")


@dataclass(frozen=True, slots=True)
class IsEmpty:
    """There is no value: the path leads nowhere, to null, or to an empty list."""

    key: str

    def __post_init__(self) -> None:
        check_path(self.key)


@dataclass(frozen=True, slots=True)
class IsNull:
    """The value is null, or a list with a null in it. Absence is not null."""

    key: str

    def __post_init__(self) -> None:
        check_path(self.key)


FieldCondition: TypeAlias = (
    Match | MatchAny | MatchExcept | Range | DatetimeRange | GeoRadius | GeoBoundingBox | ValuesCount | IsEmpty | IsNull
)
