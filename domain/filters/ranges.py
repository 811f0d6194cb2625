"""Conditions on what a value lies between."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from domain.errors import InvalidInput
from domain.filters.matches import check_path
from domain.models.payload import MAX_INTEGER


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
