"""The filter tree: which points a search, a count or a write is about.

A `Filter` holds conditions in four clauses, and is itself a condition. A field condition looks at
the values that its path reaches in the payload; on a list it holds when one element meets it.
Values keep their type: true is not 1, and 1.0 is not 1 in a match.
"""

from domain.filters.matches import MAX_VALUES, IsEmpty, IsNull, Match, MatchAny, MatchExcept, Scalar
from domain.filters.places import GeoBoundingBox, GeoPoint, GeoRadius
from domain.filters.ranges import DatetimeRange, Range, ValuesCount
from domain.filters.tree import MAX_CONDITIONS, MAX_DEPTH, Condition, FieldCondition, Filter, HasId, MinShould, Nested

__all__ = [
    "MAX_CONDITIONS",
    "MAX_DEPTH",
    "MAX_VALUES",
    "Condition",
    "DatetimeRange",
    "FieldCondition",
    "Filter",
    "GeoBoundingBox",
    "GeoPoint",
    "GeoRadius",
    "HasId",
    "IsEmpty",
    "IsNull",
    "Match",
    "MatchAny",
    "MatchExcept",
    "MinShould",
    "Nested",
    "Range",
    "Scalar",
    "ValuesCount",
]
