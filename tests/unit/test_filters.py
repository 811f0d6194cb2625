"""Filters and queries that make no sense cannot be made."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from domain.errors import InvalidInput
from domain.filters import (
    MAX_DEPTH,
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
from domain.models import Vector
from domain.paths import parse_path
from domain.queries import SearchQuery, Selection

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HERE = GeoPoint(1, 2)
SOME = Filter(must=(IsNull("a"),))
VECTOR = Vector.of([1, 2])

BAD: list[tuple[str, Callable[[], object]]] = [
    ("key", lambda: Match("", 1)),
    ("match.value", lambda: Match("a", 1.0)),  # type: ignore[arg-type]
    ("match.value", lambda: Match("a", None)),  # type: ignore[arg-type]
    ("match.value", lambda: Match("a", 2**63)),
    ("match.value", lambda: Match("a", "\ud800")),
    ("match.any", lambda: MatchAny("a", ())),
    ("match.any[1]", lambda: MatchAny("a", (1, "b"))),  # type: ignore[arg-type]
    ("match.any[0]", lambda: MatchAny("a", (True,))),
    ("match.any[0]", lambda: MatchAny("a", (2**64,))),
    ("match.except", lambda: MatchExcept("a", ())),
    ("match.except[1]", lambda: MatchExcept("a", ("b", 1.5))),  # type: ignore[arg-type]
    ("range", lambda: Range(key="a")),
    ("range.gt", lambda: Range(key="a", gt=math.nan)),
    ("range.lte", lambda: Range(key="a", lte=10**400)),
    ("range.lt", lambda: Range(key="a", lt=True)),
    ("range.gte", lambda: Range(key="a", gte="x")),  # type: ignore[arg-type]
    ("range.gte", lambda: Range(key="a", gte=[])),  # type: ignore[arg-type]
    ("range", lambda: DatetimeRange(key="a")),
    ("range.gt", lambda: DatetimeRange(key="a", gt=NOW.replace(tzinfo=None))),
    ("range.gt", lambda: DatetimeRange(key="a", gt="2026-01-01")),  # type: ignore[arg-type]
    ("range.lt", lambda: DatetimeRange(key="a", lt=datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))))),
    ("lat", lambda: GeoPoint(90.1, 0)),
    ("lat", lambda: GeoPoint(math.nan, 0)),
    ("lon", lambda: GeoPoint(0, -180.1)),
    ("lon", lambda: GeoPoint(0, True)),
    ("lon", lambda: GeoPoint(0, "1")),  # type: ignore[arg-type]
    ("geo_radius.radius", lambda: GeoRadius("a", HERE, 0)),
    ("geo_radius.radius", lambda: GeoRadius("a", HERE, 1e39)),
    ("geo_radius.radius", lambda: GeoRadius("a", HERE, math.nan)),
    ("geo_radius.radius", lambda: GeoRadius("a", HERE, True)),
    ("geo_bounding_box", lambda: GeoBoundingBox("a", HERE, HERE)),
    ("values_count", lambda: ValuesCount(key="a")),
    ("values_count.gt", lambda: ValuesCount(key="a", gt=-1)),
    ("values_count.lt", lambda: ValuesCount(key="a", lt=1.5)),  # type: ignore[arg-type]
    ("values_count.lt", lambda: ValuesCount(key="a", lt=True)),
    ("key", lambda: IsEmpty("a..b")),
    ("key", lambda: IsNull("a b")),
    ("has_id", lambda: HasId(frozenset())),
    ("has_id", lambda: HasId(frozenset({-1}))),
    ("filter", lambda: Nested("a", Filter())),
    ("filter", lambda: Nested("a", Filter(must=(SOME, Filter(should=(HasId(frozenset({1})),)))))),
    ("min_should.conditions", lambda: MinShould((), 1)),
    ("min_should.min_count", lambda: MinShould((SOME,), 0)),
    ("min_should.min_count", lambda: MinShould((SOME,), 2)),
    ("min_should.min_count", lambda: MinShould((SOME,), True)),
    ("min_should.min_count", lambda: MinShould((SOME,), 1.0)),  # type: ignore[arg-type]
    ("must[1]", lambda: Filter(must=(SOME, Filter()))),
    ("should[0]", lambda: Filter(must=(SOME,), should=(Filter(),))),
    ("must_not[0]", lambda: Filter(should=(SOME,), must_not=(Filter(),))),
    ("min_should.conditions[1]", lambda: Filter(must=(SOME,), min_should=MinShould((SOME, Filter()), 1))),
    ("", lambda: SearchQuery()),
    ("", lambda: SearchQuery(vector=VECTOR, id=1)),
    ("id", lambda: SearchQuery(id=-1)),
    ("limit", lambda: SearchQuery(id=1, limit=0)),
    ("limit", lambda: SearchQuery(id=1, limit=1001)),
    ("limit", lambda: SearchQuery(id=1, limit=True)),
    ("limit", lambda: SearchQuery(id=1, limit=1.0)),  # type: ignore[arg-type]
    ("offset", lambda: SearchQuery(id=1, offset=10_001)),
    ("score_threshold", lambda: SearchQuery(id=1, score_threshold=math.nan)),
    ("score_threshold", lambda: SearchQuery(id=1, score_threshold=1e39)),
    ("params.hnsw_ef", lambda: SearchQuery(id=1, hnsw_ef=0)),
    ("with_payload", lambda: SearchQuery(id=1, with_payload=())),
    ("with_payload[0]", lambda: SearchQuery(id=1, with_payload=("a[0].b",))),
    ("with_payload[1]", lambda: SearchQuery(id=1, with_payload=("a", "a b"))),
    ("", lambda: Selection()),
    ("", lambda: Selection(ids=(1,), filter=SOME)),
    ("filter", lambda: Selection(filter=Filter())),
    ("ids[1]", lambda: Selection(ids=(1, -1))),
]


def place_of(build: Callable[[], object]) -> str:
    """The place that the error names."""
    with pytest.raises(InvalidInput) as caught:
        build()
    return caught.value.where


def test_refuses() -> None:
    """Each is refused with the place of what is wrong."""
    assert [place_of(build) for _, build in BAD] == [where for where, _ in BAD]


def test_takes_what_makes_sense() -> None:
    """Good conditions of every kind stand in one tree."""
    place = GeoBoundingBox("a", GeoPoint(2, 170), GeoPoint(1, -170))
    tree = Filter(
        must=(Match("a", True), MatchAny("a.b", ("x",)), MatchExcept("a[].b", (1, 2)), Range(key="a", gt=1, lte=2)),
        should=(DatetimeRange(key="t", gte=NOW), GeoRadius("g", HERE, 5.5), place, ValuesCount(key="a", gte=0)),
        must_not=(IsEmpty('"a b"[0]'), HasId(frozenset({1, UUID(int=1)})), SOME),
        min_should=MinShould((Nested("a[]", SOME), Match("a", "")), 2),
    )
    assert not tree.is_empty
    assert (len(list(tree.walk())), tree.depth()) == (15, 2)
    assert Filter().is_empty


def test_numbers_of_a_range_are_one_kind() -> None:
    """1 and 1.0 are the same bound."""
    assert repr(Range(key="a", gt=1)) == repr(Range(key="a", gt=1.0))


@pytest.mark.parametrize(
    ("bounds", "kept"),
    [
        ({"gt": 1, "gte": 1}, {"gt": 1}),
        ({"gt": 1, "gte": 2}, {"gte": 2}),
        ({"lt": 1, "lte": 1}, {"lt": 1}),
        ({"lt": 2, "lte": 1, "gt": 0}, {"lte": 1, "gt": 0}),
    ],
)
def test_keeps_the_stricter_bound(bounds: dict[str, Any], kept: dict[str, Any]) -> None:
    """Of two bounds on one side the stricter one counts, for numbers and for times."""
    assert Range(key="a", **bounds) == Range(key="a", **kept)
    times = [{name: NOW + timedelta(days=days) for name, days in chosen.items()} for chosen in (bounds, kept)]
    assert DatetimeRange(key="a", **times[0]) == DatetimeRange(key="a", **times[1])


def test_keeps_times_in_utc() -> None:
    """One moment is one bound, in whatever zone it was said."""
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))
    assert repr(DatetimeRange(key="a", gt=elsewhere)) == repr(DatetimeRange(key="a", gt=NOW))


def test_a_radius_is_a_float32() -> None:
    """The radius is what every way to the engine carries, and never 0."""
    assert GeoRadius("a", HERE, 111195.1).radius == 111195.1015625
    assert GeoRadius("a", HERE, 1e-60).radius > 0


def test_bounds_the_depth_of_filters() -> None:
    """Filters nest as deep as the limit says, and no deeper, in whatever way."""
    tree = SOME
    for level in range(MAX_DEPTH - 1):
        tree = Filter(must=(tree if level % 2 else Nested("a", tree),))
    assert tree.depth() == MAX_DEPTH
    with pytest.raises(InvalidInput, match=f"at most {MAX_DEPTH} levels of filters"):
        Filter(should=(tree,))


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("section", ("section",)),
        ("author.name", ("author", "name")),
        ("items[].price", ("items", None, "price")),
        ("tags[0][12]", ("tags", 0, 12)),
        ('"a key. [with] signs".b', ("a key. [with] signs", "b")),
        ("größe-1_x", ("größe-1_x",)),
    ],
)
def test_reads_paths(path: str, steps: tuple[object, ...]) -> None:
    """A path is keys, indexes, and brackets for every element."""
    assert parse_path(path) == steps


@pytest.mark.parametrize(
    "path",
    ["", ".", "a.", ".a", "a..b", "a b", "[0]", "a[", "a[-1]", "a[x]", "a[0]b", '"a', f"a[{2**32}]", "a\n", "x" * 1025],
)
def test_refuses_what_is_no_path(path: str) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidInput, match="a path such as"):
        parse_path(path)
