"""The tree that conditions form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from domain.errors import InvalidInput, at
from domain.filters.matches import MAX_VALUES, IsEmpty, IsNull, Match, MatchAny, MatchExcept, check_path
from domain.filters.places import GeoBoundingBox, GeoRadius
from domain.filters.ranges import DatetimeRange, Range, ValuesCount
from domain.models.point import PointId, check_point_id

MAX_DEPTH = 16
"""How deep filters may nest, counting `nested`; the outermost is the first level."""


@dataclass(frozen=True, slots=True)
class HasId:
    """The point's id is one of `ids`."""

    ids: frozenset[PointId]

    def __post_init__(self) -> None:
        if not 1 <= len(self.ids) <= MAX_VALUES:
            raise InvalidInput("has_id", f"1 to {MAX_VALUES} ids, got {len(self.ids)}")
        for point_id in self.ids:
            with at("has_id"):
                check_point_id(point_id)


@dataclass(frozen=True, slots=True)
class Nested:
    """One object of the list at `key` meets the whole `filter`, whose paths start at that object."""

    key: str
    filter: Filter

    def __post_init__(self) -> None:
        check_path(self.key)
        if self.filter.is_empty:
            raise InvalidInput("filter", "at least one condition")
        if any(isinstance(condition, HasId) for condition in self.filter.walk()):
            raise InvalidInput("filter", "no 'has_id', since the elements of a list have no id")


MAX_CONDITIONS = 1_000
"""The most conditions in the whole tree, filters among them."""

FieldCondition: TypeAlias = (
    Match | MatchAny | MatchExcept | Range | DatetimeRange | GeoRadius | GeoBoundingBox | ValuesCount | IsEmpty | IsNull
)
Condition: TypeAlias = "FieldCondition | HasId | Nested | Filter"


@dataclass(frozen=True, slots=True)
class MinShould:
    """At least `min_count` of the conditions hold."""

    conditions: tuple[Condition, ...]
    min_count: int

    def __post_init__(self) -> None:
        if not self.conditions:
            raise InvalidInput("min_should.conditions", "at least one condition")
        most = len(self.conditions)
        if isinstance(self.min_count, bool) or not isinstance(self.min_count, int) or not 1 <= self.min_count <= most:
            raise InvalidInput("min_should.min_count", f"an integer from 1 to the {most} conditions that there are")


@dataclass(frozen=True, slots=True)
class Filter:
    """All of `must`, one of `should` where there are any, none of `must_not`, and `min_should` hold.

    Without conditions it meets every point; as a condition of another filter it must have some.
    """

    must: tuple[Condition, ...] = ()
    should: tuple[Condition, ...] = ()
    must_not: tuple[Condition, ...] = ()
    min_should: MinShould | None = None

    def __post_init__(self) -> None:
        for index, condition in enumerate(self.conditions()):
            if isinstance(condition, Filter) and condition.is_empty:
                raise InvalidInput(self._place(index), "a condition, got an empty filter")
        if self.depth() > MAX_DEPTH:
            raise InvalidInput("", f"at most {MAX_DEPTH} levels of filters")
        if sum(1 for _ in self.walk()) > MAX_CONDITIONS:
            raise InvalidInput("", f"at most {MAX_CONDITIONS} conditions")

    def narrowed(self, *must: Condition, but_not: tuple[Condition, ...] = ()) -> Filter:
        """This filter, where these conditions hold too, whatever its own clauses say, and none of `but_not`.

        It nests no deeper, and what is added does not count among the most conditions: a caller's largest filter
        can still be narrowed.
        """
        filter_ = object.__new__(Filter)
        object.__setattr__(filter_, "must", (*must, *self.must))
        object.__setattr__(filter_, "should", self.should)
        object.__setattr__(filter_, "must_not", (*self.must_not, *but_not))
        object.__setattr__(filter_, "min_should", self.min_should)
        return filter_

    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of all clauses: must, should, must_not, min_should."""
        last = self.min_should.conditions if self.min_should is not None else ()
        return (*self.must, *self.should, *self.must_not, *last)

    @property
    def is_empty(self) -> bool:
        """Whether there is no condition, so that every point is met."""
        return not self.conditions()

    def walk(self) -> Iterable[Condition]:
        """Every condition of the tree, each before those inside it."""
        for condition in self.conditions():
            yield condition
            inner = _inner(condition)
            if inner is not None:
                yield from inner.walk()

    def depth(self) -> int:
        """How many levels of filters there are, this one included."""
        inner = [filter_.depth() for condition in self.conditions() if (filter_ := _inner(condition)) is not None]
        return 1 + max(inner, default=0)

    def _place(self, index: int) -> str:
        for name, clause in (("must", self.must), ("should", self.should), ("must_not", self.must_not)):
            if index < len(clause):
                return f"{name}[{index}]"
            index -= len(clause)
        return f"min_should.conditions[{index}]"


def _inner(condition: Condition) -> Filter | None:
    if isinstance(condition, Filter):
        return condition
    return condition.filter if isinstance(condition, Nested) else None
