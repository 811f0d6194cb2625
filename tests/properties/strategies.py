"""Small payloads and filter trees whose keys and values are few, so that they often meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from hypothesis import strategies as st

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
    MinShould,
    Nested,
    Range,
    ValuesCount,
)

if TYPE_CHECKING:
    from domain.models import Json, Payload, PointId

_Bound = TypeVar("_Bound")

IDS: tuple[PointId, ...] = (0, 1, 2, 2**64 - 1, UUID(int=1), UUID(int=2**128 - 1))
PATHS = (
    *("a", "a", "a", "a", "a", "a", "a[]", "a[]", "a.a", "a[].a", "a[].a", "b"),
    *("a", "b", "a.b", "b.a", "a.b.a", '"c d"', '"c d".a', '""', '"a"."b"'),
    *("a[]", "a[0]", "a[1]", "a[7]", "a[][]", "a[0][1]", "a[][0]", "b[]", "b[0]"),
    *("a[].b", "a[0].b", "a.b[]", "a.b[0]", "a[].b[]", "a[].b[].a", "a[][].b", "b[].a", "a[1].a[0]"),
)
_KEYS = st.sampled_from(("a", "a", "b", "b", "c d", ""))
_INTEGERS = st.sampled_from((0, 1, 2, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)))
_FLOATS = st.sampled_from((0.0, -0.0, 1.0, 0.5, 1e300, 2.0**53, 2.0**63, -(2.0**63)))
_TEXTS = st.sampled_from(
    ("", "a", "1", "true", "2024-01-02T03:04:05Z", "2024-01-02 04:04:05.000001+01", "1969-12-31T23:59:59.9999999")
)
_DEGREES = st.sampled_from((0, 0.0, 10, 10.5, 89.5, 90, -90, 179.5, 180, -180, -179.5, True, None, "0", 500, 1e308))
_TIMES = st.sampled_from(
    (datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=1))
)
_PLACES = st.sampled_from([GeoPoint(lat, lon) for lat in (-90, 0, 10, 89.5) for lon in (-180, -179.5, 0.0, 10, 180)])
_LEAVES: st.SearchStrategy[Json] = (
    st.none() | st.booleans() | _INTEGERS | _FLOATS | _TEXTS | st.fixed_dictionaries({"lat": _DEGREES, "lon": _DEGREES})
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)

payloads: st.SearchStrategy[Payload] = st.fixed_dictionaries(
    {"a": _VALUES}, optional={"b": _VALUES, "c d": _VALUES, "": _LEAVES}
)
points: st.SearchStrategy[dict[PointId, Payload]] = st.lists(payloads, min_size=3, max_size=len(IDS)).map(
    lambda items: dict(zip(IDS, items, strict=False))
)
selections = st.lists(st.sampled_from(PATHS), min_size=1, max_size=4).map(tuple)
_paths = st.sampled_from(PATHS)


def _bounds(values: st.SearchStrategy[_Bound]) -> st.SearchStrategy[dict[str, _Bound]]:
    return st.dictionaries(st.sampled_from(("gt", "gte", "lt", "lte")), values, min_size=1, max_size=2)


def _several(values: st.SearchStrategy[_Bound]) -> st.SearchStrategy[tuple[_Bound, ...]]:
    return st.lists(values, min_size=1, max_size=3).map(tuple)


_CHOICES: st.SearchStrategy[tuple[str, ...] | tuple[int, ...]] = _several(_TEXTS) | _several(_INTEGERS)


@st.composite
def _boxes(draw: st.DrawFn) -> GeoBoundingBox:
    south, north = sorted(draw(st.lists(st.sampled_from((-90, 0, 10.5, 90)), min_size=2, max_size=2, unique=True)))
    west, east = (draw(st.sampled_from((-180, -179.5, 0, 10.5, 179.5, 180))) for _ in range(2))
    return GeoBoundingBox(draw(_paths), GeoPoint(north, west), GeoPoint(south, east))


# In metres, and whole numbers of float32, which is all that gRPC carries of a radius.
_RADII = st.sampled_from((1.0, 60_000.0, 1_111_949.0, 5e6, 20_015_114.0, 2.0**100))
_FIELD_CONDITIONS: st.SearchStrategy[FieldCondition] = st.one_of(
    st.builds(Match, _paths, _TEXTS | _INTEGERS | st.booleans()),
    st.builds(MatchAny, _paths, _CHOICES),
    st.builds(MatchExcept, _paths, _CHOICES),
    st.builds(lambda key, bounds: Range(key=key, **bounds), _paths, _bounds(_INTEGERS | _FLOATS)),
    st.builds(lambda key, bounds: DatetimeRange(key=key, **bounds), _paths, _bounds(_TIMES)),
    st.builds(lambda key, bounds: ValuesCount(key=key, **bounds), _paths, _bounds(st.integers(0, 3))),
    st.builds(GeoRadius, _paths, _PLACES, _RADII),
    _boxes(),
    st.builds(IsEmpty, _paths),
    st.builds(IsNull, _paths),
)


def _nested(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Nested]:
    fit = inner.filter(lambda filter_: not any(isinstance(part, HasId) for part in filter_.walk()))
    return st.builds(Nested, _paths, fit)


@st.composite
def _trees(draw: st.DrawFn, conditions: st.SearchStrategy[Condition]) -> Filter:
    """A filter with one to four of the conditions, each in a clause of its own choice."""
    clauses: dict[str, list[Condition]] = {"must": [], "should": [], "must_not": [], "least": []}
    for condition in draw(st.lists(conditions, min_size=1, max_size=3)):
        clauses[draw(st.sampled_from(tuple(clauses)))].append(condition)
    least = tuple(clauses.pop("least"))
    named = {name: tuple(clause) for name, clause in clauses.items()}
    return Filter(**named, min_should=MinShould(least, draw(st.integers(1, len(least)))) if least else None)


_CONDITIONS: st.SearchStrategy[Condition] = _FIELD_CONDITIONS | st.builds(
    HasId, st.frozensets(st.sampled_from(IDS), min_size=1, max_size=3)
)
filters: st.SearchStrategy[Filter] = st.recursive(
    _trees(_CONDITIONS), lambda inner: _trees(_CONDITIONS | inner | _nested(inner)), max_leaves=3
)
