"""The form of filters in JSON, in the words of Qdrant.

The form is looser than the meaning: that a condition is just one thing is seen when it is read.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from domain.filters import MAX_CONDITIONS, MAX_VALUES
from entrypoints.http.bodies.values import Body, Id

Choices: TypeAlias = Annotated[list[str | int], msgspec.Meta(max_length=MAX_VALUES)]


class MatchBody(Body):
    """Exactly one of three."""

    value: str | int | bool | None = None
    any: Choices | None = None
    except_: Choices | None = msgspec.field(default=None, name="except")


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

    conditions: Conditions
    min_count: int


class FilterBody(Body):
    """Up to four clauses."""

    must: Conditions | None = None
    should: Conditions | None = None
    must_not: Conditions | None = None
    min_should: MinShouldBody | None = None


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
    has_id: Annotated[list[Id], msgspec.Meta(max_length=MAX_VALUES)] | None = None
    nested: NestedBody | None = None


Conditions: TypeAlias = Annotated[list[ConditionBody], msgspec.Meta(max_length=MAX_CONDITIONS)]
