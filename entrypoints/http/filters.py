"""Filters as they come in JSON, in the words of Qdrant, and as the domain has them."""

from __future__ import annotations

import re
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
from domain.models import PointId, parse_uuid
from domain.models.point import check_point_id

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII)


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A JSON object that must hold nothing else."""


class MatchBody(Body):
    """Exactly one of three."""

    value: str | int | bool | None = None
    any: list[str | int] | None = None
    except_: list[str | int] | None = msgspec.field(default=None, name="except")


class RangeBody(Body):
    """Bounds that are all numbers, or all times."""

    gt: float | str | None = None
    gte: float | str | None = None
    lt: float | str | None = None
    lte: float | str | None = None


class GeoPointBody(Body):
    """A place in degrees."""

    lat: float
    lon: float


class GeoRadiusBody(Body):
    """A circle; the radius is in metres."""

    center: GeoPointBody
    radius: float


class GeoBoundingBoxBody(Body):
    """A box by two of its corners."""

    top_left: GeoPointBody
    bottom_right: GeoPointBody


class ValuesCountBody(Body):
    """Bounds of a count."""

    gt: int | None = None
    gte: int | None = None
    lt: int | None = None
    lte: int | None = None


class KeyBody(Body):
    """A path into the payload."""

    key: str


class NestedBody(Body):
    """A filter on the objects of a list."""

    key: str
    filter: FilterBody


class MinShouldBody(Body):
    """How many of the conditions must hold."""

    conditions: list[ConditionBody]
    min_count: int


class FilterBody(Body):
    """Up to four clauses."""

    must: list[ConditionBody] | None = None
    should: list[ConditionBody] | None = None
    must_not: list[ConditionBody] | None = None
    min_should: MinShouldBody | None = None

    def to_domain(self, depth: int = 1) -> Filter:
        """The filter. Raises `InvalidInput` for a condition that says nothing, or no sense."""
        if depth > MAX_DEPTH:
            raise InvalidInput("", f"at most {MAX_DEPTH} levels of filters")
        return Filter(
            must=_conditions("must", self.must, depth),
            should=_conditions("should", self.should, depth),
            must_not=_conditions("must_not", self.must_not, depth),
            min_should=None
            if self.min_should is None
            else MinShould(
                _conditions("min_should.conditions", self.min_should.conditions, depth), self.min_should.min_count
            ),
        )


class ConditionBody(FilterBody):
    """Exactly one condition: on a field, on the point, or a filter."""

    key: str | None = None
    match: MatchBody | None = None
    range: RangeBody | None = None
    geo_radius: GeoRadiusBody | None = None
    geo_bounding_box: GeoBoundingBoxBody | None = None
    values_count: ValuesCountBody | None = None
    is_empty: KeyBody | None = None
    is_null: KeyBody | None = None
    has_id: list[int | str] | None = None
    nested: NestedBody | None = None

    def to_condition(self, depth: int) -> Condition:
        """The condition. Raises `InvalidInput` where it is none, or more than one."""
        stated = [name for name in _CONDITIONS if getattr(self, name) is not None]
        clauses = [name for name in _CLAUSES if getattr(self, name) is not None]
        if len(stated) + bool(clauses) != 1:
            raise InvalidInput("", f"exactly one of {', '.join(_CONDITIONS)}, or a filter")
        on_field = bool(stated) and stated[0] in _FIELD_CONDITIONS
        if on_field is not (self.key is not None):
            raise InvalidInput(
                "key", "a path beside this condition" if on_field else "nothing here, beside this condition"
            )
        if clauses:
            return self.to_domain(depth + 1)
        if self.nested is not None:
            with at("nested.filter"):
                inner = self.nested.filter.to_domain(depth + 1)
            with at("nested"):
                return Nested(self.nested.key, inner)
        return self._field_condition(self.key or "") if on_field else self._point_condition()

    def _field_condition(self, key: str) -> Condition:
        if self.match is not None:
            return _match(key, self.match)
        if self.range is not None:
            return _range(key, self.range)
        if self.geo_radius is not None:
            with at("geo_radius.center"):
                center = _place(self.geo_radius.center)
            return GeoRadius(key, center, self.geo_radius.radius)
        if self.geo_bounding_box is not None:
            with at("geo_bounding_box.top_left"):
                top_left = _place(self.geo_bounding_box.top_left)
            with at("geo_bounding_box.bottom_right"):
                return GeoBoundingBox(key, top_left, _place(self.geo_bounding_box.bottom_right))
        return ValuesCount(key=key, **_stated(self.values_count))

    def _point_condition(self) -> Condition:
        if self.is_empty is not None:
            with at("is_empty"):
                return IsEmpty(self.is_empty.key)
        if self.is_null is not None:
            with at("is_null"):
                return IsNull(self.is_null.key)
        return HasId(frozenset(read_ids("has_id", self.has_id or [])))


_FIELD_CONDITIONS = ("match", "range", "geo_radius", "geo_bounding_box", "values_count")
_CONDITIONS = (*_FIELD_CONDITIONS, "is_empty", "is_null", "has_id", "nested")
_CLAUSES = ("must", "should", "must_not", "min_should")


def _conditions(name: str, bodies: list[ConditionBody] | None, depth: int) -> tuple[Condition, ...]:
    conditions = []
    for index, body in enumerate(bodies or ()):
        with at(f"{name}[{index}]"):
            conditions.append(body.to_condition(depth))
    return tuple(conditions)


def _match(key: str, body: MatchBody) -> Condition:
    stated = [name for name in ("value", "any", "except_") if getattr(body, name) is not None]
    if len(stated) != 1:
        raise InvalidInput("match", "exactly one of 'value', 'any', 'except'")
    if body.value is not None:
        return Match(key, body.value)
    if body.any is not None:
        return MatchAny(key, tuple(body.any))  # type: ignore[arg-type]
    return MatchExcept(key, tuple(body.except_ or ()))  # type: ignore[arg-type]


def _range(key: str, body: RangeBody) -> Condition:
    bounds = _stated(body)
    if not any(isinstance(bound, str) for bound in bounds.values()):
        return Range(key=key, **bounds)
    times = {}
    for name, bound in bounds.items():
        with at(f"range.{name}"):
            times[name] = _time(bound)
    return DatetimeRange(key=key, **times)


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


def _place(body: GeoPointBody) -> GeoPoint:
    return GeoPoint(body.lat, body.lon)


def _stated(body: Body | None) -> dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in msgspec.structs.asdict(body).items() if value is not None} if body else {}


def read_id(value: int | str) -> PointId:
    """An id of a body: an integer, or a string that spells a UUID."""
    return parse_uuid(value) if isinstance(value, str) else check_point_id(value)


def read_ids(name: str, values: list[int | str]) -> tuple[PointId, ...]:
    """Ids of a body. Raises `InvalidInput` at `name[i]`."""
    ids = []
    for index, value in enumerate(values):
        with at(f"{name}[{index}]"):
            ids.append(read_id(value))
    return tuple(ids)
