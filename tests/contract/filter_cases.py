"""What each condition means: who meets it, and who does not.

The engine is the judge of every line. Where the client's `:memory:` answers otherwise, `local` says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from domain.filters import (
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
    Range,
    ValuesCount,
)
from tests.contract.filter_tables import FIRST, IDS, KEYS, LAST, LISTS, NUMBERS, ODD_TIMES, PLACES, SCALARS, TIMES

if TYPE_CHECKING:
    from collections.abc import Set

    from domain.models import PointId
    from tests.contract.filter_tables import Table


@dataclass(frozen=True)
class Case:
    """Of the points of a table, `expected` meet the filter."""

    name: str
    table: Table
    filter: Filter
    expected: Set[PointId]
    local: str = ""


def _case(name: str, table: Table, condition: Condition, expected: Set[PointId], local: str = "") -> Case:
    return Case(name, table, Filter(must=(condition,)), expected, local)


def _box(north: float, west: float, south: float, east: float) -> GeoBoundingBox:
    return GeoBoundingBox("p", GeoPoint(north, west), GeoPoint(south, east))


NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
TICK, DAY = timedelta(microseconds=1), timedelta(days=1)
BERLIN = GeoPoint(52.52, 13.405)
EXACT = "it compares integers of Python with floats exactly"
STRICT = "it reads times with `strptime`"

MATCHES = (
    _case("an integer is neither the float, the text nor true", SCALARS, Match("v", 1), {1}),
    _case("zero is neither false nor empty", SCALARS, Match("v", 0), {5}),
    _case("true is neither 1 nor its name", SCALARS, Match("v", True), {3}),
    _case("false is neither 0 nor null", SCALARS, Match("v", False), {6}),
    _case("text is no number", SCALARS, Match("v", "1"), {4}),
    _case("empty text is a value", SCALARS, Match("v", ""), {8}),
    _case("text is compared by code points", SCALARS, Match("v", "Ä"), {9}),
    _case("any of integers", SCALARS, MatchAny("v", (0, 1)), {1, 5}),
    _case("any of texts", SCALARS, MatchAny("v", ("true", "1", "x")), {4, 7}),
    _case("except needs a value", SCALARS, MatchExcept("v", (1,)), {2, 3, 4, 5, 6, 7, 8, 9, 10, 11}),
    _case("except of texts lets all else by", SCALARS, MatchExcept("v", ("1", "")), {1, 2, 3, 5, 6, 7, 9, 10, 11}),
    _case("integers match beyond the precision of floats", NUMBERS, Match("n", 2**53 + 1), {2}),
    _case("the greatest integer", NUMBERS, Match("n", 2**63 - 1), {4}),
    _case("the least integer", NUMBERS, MatchAny("n", (-(2**63), 9)), {5, 9}),
)

RANGES = (
    _case("greater than", NUMBERS, Range(key="n", gt=1), {1, 2, 3, 4, 8, 9}),
    _case("at least", NUMBERS, Range(key="n", gte=0.5, lte=1), {6, 9}),
    _case("less than", NUMBERS, Range(key="n", lt=0.5), {5, 7}),
    _case("at most, where minus zero is zero", NUMBERS, Range(key="n", gte=0, lte=0), {7}),
    _case("one element must keep to both bounds", NUMBERS, Range(key="n", gt=1, lt=9), set()),
    _case("2**53 + 1 is no more than 2**53 as a float", NUMBERS, Range(key="n", gt=2**53), {3, 4, 8}, EXACT),
    _case("2**53 + 1 is at most 2**53 as a float", NUMBERS, Range(key="n", gte=9.5, lte=2**53), {1, 2}, EXACT),
    _case("2**63 - 1 reaches 2**63 as a float", NUMBERS, Range(key="n", gte=2**63), {4, 8}, EXACT),
    _case("all bounds at once", NUMBERS, Range(key="n", gt=0, gte=0.5, lt=9, lte=1), {6, 9}),
)

DATES = (
    _case("every spelling of noon", TIMES, DatetimeRange(key="t", gte=NOON, lte=NOON), set(range(4, 13))),
    _case("after, to the microsecond", TIMES, DatetimeRange(key="t", gt=NOON), {2, 3}),
    _case("nanoseconds are cut off", TIMES, DatetimeRange(key="t", gte=NOON + TICK, lte=NOON + TICK), {2, 3}),
    _case("before", TIMES, DatetimeRange(key="t", lt=NOON), {1, 12}),
    _case("at most", TIMES, DatetimeRange(key="t", lte=NOON - TICK, gte=datetime(2024, 1, 1, tzinfo=UTC)), {1}),
    _case(
        "a bound in another zone",
        TIMES,
        DatetimeRange(key="t", gt=datetime(2024, 5, 1, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))) - TICK),
        set(range(2, 13)),
    ),
    _case(
        "a leap second ends before the next minute",
        ODD_TIMES,
        DatetimeRange(key="t", lt=NOON, gt=NOON - TICK),
        {1},
        STRICT,
    ),
    _case("no zone is a day off", ODD_TIMES, DatetimeRange(key="t", gte=NOON - DAY, lte=NOON), {1, 2, 3, 4}, STRICT),
    _case("spaces and no spaces", ODD_TIMES, DatetimeRange(key="t", gte=NOON, lte=NOON), {2, 3, 4}, STRICT),
    _case("years of five digits", ODD_TIMES, DatetimeRange(key="t", gt=datetime.max.replace(tzinfo=UTC)), {5}, STRICT),
    _case("years before Christ", ODD_TIMES, DatetimeRange(key="t", lt=datetime.min.replace(tzinfo=UTC)), {6}, STRICT),
)

GEO = (
    _case("a circle", PLACES, GeoRadius("p", BERLIN, 20_000), {1, 3}),
    _case("a wider circle", PLACES, GeoRadius("p", BERLIN, 30_000), {1, 2, 3}),
    _case("just short of a degree", PLACES, GeoRadius("p", GeoPoint(0, 0), 111_195.0), set()),
    _case("just over a degree", PLACES, GeoRadius("p", GeoPoint(0, 0), 111_195.125), {4}),
    _case("a circle over longitude 180", PLACES, GeoRadius("p", GeoPoint(-17, -179.9), 70_000), {5, 6, 7}),
    _case("a circle on the pole", PLACES, GeoRadius("p", GeoPoint(89.9, -135), 12_000), {8}),
    _case("a box", PLACES, _box(53, 13.2, 52, 14), {1, 3}),
    _case("the border on the left is outside", PLACES, _box(20, 10, 5, 20), {10}),
    _case("the border on the right is outside", PLACES, _box(20, 9, 5, 15), {9}),
    _case("the border above is outside", PLACES, _box(10, 0, -1, 20), {4}),
    _case("the border below is outside", PLACES, _box(20, 0, 10, 20), set()),
    _case("a box over longitude 180", PLACES, _box(-16, 179, -18, -179), {5, 6, 7}),
    _case("its borders are outside too", PLACES, _box(-16, 179.5, -18, -179.5), {7}),
    _case("a box up to longitude 180", PLACES, _box(-16, 179, -18, 180), {5}),
    _case("a box without width", PLACES, _box(90, 10, -90, 10), set()),
)

EMPTY = (
    _case("counting at least one", LISTS, ValuesCount(key="tags", gte=1), {1, 2, 3, 5, 7, 8, 9, 10}),
    _case("counting more than one", LISTS, ValuesCount(key="tags", gt=1), {1, 8, 10}),
    _case("null and absence count nothing", LISTS, ValuesCount(key="tags", lt=1), {4, 6, 11}),
    _case("a scalar and an object count one", LISTS, ValuesCount(key="tags", gte=1, lte=1), {2, 3, 5, 7, 9}),
    _case("counting each element", LISTS, ValuesCount(key="tags[]", gte=2), {5}),
    _case("counting no elements", LISTS, ValuesCount(key="tags[]", lte=0), {3, 4, 6, 7, 8, 9, 10, 11}),
    _case("null and empty lists are empty", LISTS, IsEmpty("tags"), {4, 6, 11}),
    _case("elements are empty when all are", LISTS, IsEmpty("tags[]"), {3, 4, 6, 7, 9, 11}),
    _case("a list with a null is null", LISTS, IsNull("tags"), {6, 7, 8}),
    _case("a null element is null", LISTS, IsNull("tags[]"), {7, 8, 10}),
    _case("absence is not null", LISTS, IsNull("none"), set()),
    _case("absence is empty", LISTS, IsEmpty("none"), set(LISTS)),
)

PATHS = (
    _case("a list matches by an element", LISTS, Match("tags", "a"), {1, 3, 8}),
    _case("each element of a list, and one list further", LISTS, Match("tags[]", "a"), {1, 5, 8}),
    _case("each element of each element", LISTS, Match("tags[][]", "c"), {5}),
    _case("the first element", LISTS, Match("tags[0]", "a"), {1, 5, 8}),
    _case("the second element", LISTS, Match("tags[1]", "b"), {1}),
    _case("an index of an index", LISTS, Match("tags[0][1]", "c"), {5}),
    _case("an index far out", LISTS, Match("tags[4294967295]", "a"), set()),
    _case("except in a list", LISTS, MatchExcept("tags", ("a",)), {1, 2, 5, 9, 10}),
    _case("a key below a key", KEYS, Match("a.b", 1), {2}),
    _case("a key with a dot", KEYS, Match('"a.b"', 1), {3}),
    _case("keys with spaces and dots", KEYS, Match('"a b"."c.d"', 1), {1}),
    _case("the empty key", KEYS, Match('""', 1), {4}),
    _case("a key of other letters", KEYS, Match("größe", 1), {5}),
    _case("a key with a hyphen", KEYS, Match("a-b_c", 1), {6}),
    _case("a key below each element", KEYS, Match("a[].b", 1), {7}),
    _case("a key with brackets", KEYS, Match('"a[]"', 1), {8}),
    _case("a key of digits", KEYS, Match("1", 1), {9}),
)

HAS_ID = (
    _case("ids that are integers", IDS, HasId(frozenset({0, 2**64 - 1, 5})), {0, 2**64 - 1}),
    _case("ids that are UUIDs", IDS, HasId(frozenset({FIRST, LAST})), {FIRST, LAST}),
    _case("ids of both kinds", IDS, HasId(frozenset({7, LAST})), {7, LAST}),
)

VALUE_CASES = {
    "matches": MATCHES,
    "ranges": RANGES,
    "times": DATES,
    "places": GEO,
    "emptiness": EMPTY,
    "paths": PATHS,
    "ids": HAS_ID,
}
