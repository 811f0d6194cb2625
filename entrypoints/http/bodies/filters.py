"""How filters in JSON become those of the domain."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from domain.errors import InvalidInput, at
from domain.filters import (
    MAX_DEPTH,
    Condition,
    DatetimeRange,
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
    MinShould,
    Nested,
    Range,
    ValuesCount,
)
from entrypoints.http.bodies.filter_forms import ConditionBody, FilterBody, GeoPointBody
from entrypoints.http.bodies.values import Body, read_ids

_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)?", re.ASCII
)

EVERYTHING = Filter()

Reader = Callable[[Any, int], Condition]
"""Reads one kind of condition; the number is how deep the filter around it is."""


def read_filter(body: FilterBody | None, name: str = "filter") -> Filter:
    """The filter; without one, the filter that every point meets. Raises `InvalidInput` at its name."""
    if body is None:
        return EVERYTHING
    with at(name):
        return _filter(body, 1)


def _filter(body: FilterBody, depth: int) -> Filter:
    if depth > MAX_DEPTH:
        raise InvalidInput("", f"at most {MAX_DEPTH} levels of filters")
    least = body.min_should
    return Filter(
        must=_conditions("must", body.must, depth),
        should=_conditions("should", body.should, depth),
        must_not=_conditions("must_not", body.must_not, depth),
        min_should=None
        if least is None
        else MinShould(_conditions("min_should.conditions", least.conditions, depth), least.min_count),
    )


def _conditions(name: str, bodies: list[ConditionBody] | None, depth: int) -> tuple[Condition, ...]:
    conditions = []
    for index, body in enumerate(bodies or ()):
        with at(f"{name}[{index}]"):
            conditions.append(_condition(body, depth))
    return tuple(conditions)


def _condition(body: ConditionBody, depth: int) -> Condition:
    """The condition. Raises `InvalidInput` where it is none, or more than one."""
    stated = [name for name in _READERS if getattr(body, name) is not None]
    is_filter = any(getattr(body, name) is not None for name in ("must", "should", "must_not", "min_should"))
    if len(stated) + is_filter != 1:
        raise InvalidInput("", f"exactly one of {', '.join(_READERS)}, or a filter")
    on_field = bool(stated) and stated[0] in _ON_FIELD
    if on_field is not (body.key is not None):
        raise InvalidInput("key", "a path beside this condition" if on_field else "nothing here, beside this condition")
    return _filter(body, depth + 1) if is_filter else _READERS[stated[0]](body, depth)


def _match(body: Any, depth: int) -> Condition:
    match = body.match
    stated = [name for name in ("value", "any", "except_") if getattr(match, name) is not None]
    if len(stated) != 1:
        raise InvalidInput("match", "exactly one of 'value', 'any', 'except'")
    if match.value is not None:
        return Match(body.key, match.value)
    if match.any is not None:
        return MatchAny(body.key, tuple(match.any))
    return MatchExcept(body.key, tuple(match.except_))


def _range(body: Any, depth: int) -> Condition:
    bounds = _stated(body.range)
    if not any(isinstance(bound, str) for bound in bounds.values()):
        return Range(key=body.key, **bounds)
    times = {}
    for name, bound in bounds.items():
        with at(f"range.{name}"):
            times[name] = _time(bound)
    return DatetimeRange(key=body.key, **times)


def _time(bound: object) -> datetime:
    """The time that RFC 3339 text says; without a zone it is UTC."""
    if isinstance(bound, str) and _RFC3339.fullmatch(bound):
        try:
            time = datetime.fromisoformat(bound.upper())
        except ValueError:
            pass
        else:
            return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    raise InvalidInput("", "a time in RFC 3339, such as 2026-01-31T12:00:00Z, as the other bounds")


def _geo_radius(body: Any, depth: int) -> Condition:
    return GeoRadius(body.key, _place("geo_radius.center", body.geo_radius.center), body.geo_radius.radius)


def _geo_bounding_box(body: Any, depth: int) -> Condition:
    top_left = _place("geo_bounding_box.top_left", body.geo_bounding_box.top_left)
    return GeoBoundingBox(
        body.key, top_left, _place("geo_bounding_box.bottom_right", body.geo_bounding_box.bottom_right)
    )


def _place(name: str, body: GeoPointBody) -> GeoPoint:
    with at(name):
        return GeoPoint(body.lat, body.lon)


def _values_count(body: Any, depth: int) -> Condition:
    return ValuesCount(key=body.key, **_stated(body.values_count))


def _is_empty(body: Any, depth: int) -> Condition:
    with at("is_empty"):
        return IsEmpty(body.is_empty.key)


def _is_null(body: Any, depth: int) -> Condition:
    with at("is_null"):
        return IsNull(body.is_null.key)


def _has_id(body: Any, depth: int) -> Condition:
    return HasId(frozenset(read_ids("has_id", body.has_id)))


def _nested(body: Any, depth: int) -> Condition:
    with at("nested.filter"):
        inner = _filter(body.nested.filter, depth + 1)
    with at("nested"):
        return Nested(body.nested.key, inner)


_ON_FIELD: Mapping[str, Reader] = {
    "match": _match,
    "range": _range,
    "geo_radius": _geo_radius,
    "geo_bounding_box": _geo_bounding_box,
    "values_count": _values_count,
}
_READERS: Mapping[str, Reader] = {
    **_ON_FIELD,
    "is_empty": _is_empty,
    "is_null": _is_null,
    "has_id": _has_id,
    "nested": _nested,
}


def _stated(body: Body) -> dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in msgspec.structs.asdict(body).items() if value is not None}
