"""Equal searches share a fingerprint in whatever way they are spelt, and others never do."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from domain.filters import (
    DatetimeRange,
    Filter,
    HasId,
    IsEmpty,
    IsNull,
    Match,
    MatchAny,
    MatchExcept,
    MinShould,
    Nested,
    Range,
)
from domain.fingerprint import fingerprint
from domain.models import Vector
from domain.queries import SearchQuery

VECTOR = Vector.of([1, 2])
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOON_ELSEWHERE = NOON.astimezone(timezone(timedelta(hours=3)))
A, B = Match("a", 1), Match("b", "x")


def of(*must: object, **options: object) -> str:
    filter_ = options.pop("filter", Filter(must=must))  # type: ignore[arg-type]
    return fingerprint(SearchQuery(**{"vector": VECTOR, "filter": filter_, **options}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (of(), of(vector=Vector(VECTOR.data))),
        (of(A, B), of(B, A)),
        (of(A), of(A, A)),
        (of(Range(key="a", gt=1)), of(Range(key="a", gt=1.0))),
        (of(Range(key="a", gt=1, gte=0)), of(Range(key="a", gt=1))),
        (
            of(DatetimeRange(key="a", gt=NOON)),
            of(DatetimeRange(key="a", gt=NOON_ELSEWHERE)),
        ),
        (of(MatchAny("a", (1, 2))), of(MatchAny("a", (2, 1, 1)))),
        (of(HasId(frozenset({1, 2}))), of(HasId(frozenset({2, 1})))),
        (of(with_payload=("a", "b")), of(with_payload=("b", "a", "b"))),
        (of(score_threshold=0.1), of(score_threshold=0.10000000149011612)),
    ],
)
def test_equal_searches_share_one(one: str, other: str) -> None:
    """The order and repetition of what has none, and the spelling of a number, change nothing."""
    assert one == other


DIFFERENT = [
    of(),
    of(vector=Vector.of([1, 3])),
    of(vector=None, id=1),
    of(vector=None, id=UUID(int=1)),
    of(limit=11),
    of(offset=11),
    of(offset=1),
    of(limit=1),
    of(with_payload=False),
    of(with_payload=("a",)),
    of(with_payload=("a", "b")),
    of(with_vectors=True),
    of(score_threshold=0.0),
    of(score_threshold=1.0),
    of(hnsw_ef=10),
    of(exact=True),
    of(Match("a", 1)),
    of(Match("a", True)),
    of(Match("a", "1")),
    of(Match("a", "True")),
    of(Match("b", 1)),
    of(MatchAny("a", (1,))),
    of(MatchAny("a", ("1",))),
    of(MatchExcept("a", (1,))),
    of(Range(key="a", gt=1)),
    of(Range(key="a", gte=1)),
    of(Range(key="a", lt=1)),
    of(DatetimeRange(key="a", gt=NOON)),
    of(IsNull("a")),
    of(IsEmpty("a")),
    of(HasId(frozenset({1}))),
    of(HasId(frozenset({UUID(int=1)}))),
    of(Nested("a", Filter(must=(A,)))),
    of(filter=Filter(should=(A,))),
    of(filter=Filter(must_not=(A,))),
    of(filter=Filter(must=(A,), should=(B,))),
    of(filter=Filter(must=(A, B))),
    of(filter=Filter(must=(Filter(should=(A, B)),))),
    of(filter=Filter(should=(A, B))),
    of(filter=Filter(min_should=MinShould((A, B), 1))),
    of(filter=Filter(min_should=MinShould((A, B), 2))),
    of(filter=Filter(min_should=MinShould((A, A, B), 2))),
    of(Match("a", "x'),Match('b','y")),
    of(Match("a", "x"), Match("b", "y")),
]


def test_others_never_do() -> None:
    """Any difference in what is asked is a difference in the fingerprint."""
    for one, other in itertools.combinations(range(len(DIFFERENT)), 2):
        assert DIFFERENT[one] != DIFFERENT[other], (one, other)
