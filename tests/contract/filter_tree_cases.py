"""What the clauses of a filter, filters in filters, and `nested` mean."""

from __future__ import annotations

from domain.filters import (
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
    ValuesCount,
)
from tests.contract.filter_cases import VALUE_CASES, Case
from tests.contract.filter_tables import FLAGS, LISTS, TREES

A, B, C = Match("a", 1), Match("b", 1), Match("c", 1)
CHEAP = Range(key="price", lt=10)
SOLD = Match("sold", True)


def _nested(name: str, nested: Nested, expected: set[int]) -> Case:
    return Case(name, TREES, Filter(must=(nested,)), expected)


CLAUSES = (
    Case("an empty filter meets all", FLAGS, Filter(), {1, 2, 3, 4, 5, 6}),
    Case("must is all of them", FLAGS, Filter(must=(A, B)), {1, 2}),
    Case("should is one of them", FLAGS, Filter(should=(A, C)), {1, 2, 3, 4, 5}),
    Case("must_not is none of them", FLAGS, Filter(must_not=(A, C)), {6}),
    Case("must and should", FLAGS, Filter(must=(B,), should=(A, C)), {1, 2, 4}),
    Case("must and must_not", FLAGS, Filter(must=(A,), must_not=(C,)), {2, 3}),
    Case("should and must_not", FLAGS, Filter(should=(A, B), must_not=(C,)), {2, 3}),
    Case("min_should of one", FLAGS, Filter(min_should=MinShould((A, C), 1)), {1, 2, 3, 4, 5}),
    Case("min_should of two", FLAGS, Filter(min_should=MinShould((A, B, C), 2)), {1, 2, 4}),
    Case("min_should of all", FLAGS, Filter(min_should=MinShould((A, B, C), 3)), {1}),
    Case("a condition that stands twice counts twice", FLAGS, Filter(min_should=MinShould((A, A, B), 2)), {1, 2, 3}),
    Case("should and min_should", FLAGS, Filter(should=(C,), min_should=MinShould((A, B, C), 2)), {1, 4}),
    Case("all four clauses", FLAGS, Filter((B,), (A, C), (HasId(frozenset({1})),), MinShould((A, C), 1)), {2, 4}),
)

INNER = (
    Case("a filter in must", FLAGS, Filter(must=(Filter(should=(A, C)), B)), {1, 2, 4}),
    Case("a filter in should", FLAGS, Filter(should=(Filter(must=(A, C)), Filter(must_not=(A, B, C)))), {1, 6}),
    Case("a filter in must_not", FLAGS, Filter(must_not=(Filter(must=(A, B)),)), {3, 4, 5, 6}),
    Case("not not", FLAGS, Filter(must_not=(Filter(must_not=(A,)),)), {1, 2, 3}),
    Case("a filter in min_should", FLAGS, Filter(min_should=MinShould((Filter(must=(A, B)), C), 2)), {1}),
    Case(
        "must_not of a list looks at every element",
        LISTS,
        Filter(must_not=(Match("tags", "a"),)),
        {2, 4, 5, 6, 7, 9, 10, 11},
    ),
    Case("must_not is not except", LISTS, Filter(must_not=(MatchExcept("tags", ("a",)),)), {3, 4, 6, 7, 8, 11}),
    Case("neither null nor empty", LISTS, Filter(must_not=(IsNull("tags"), IsEmpty("tags"))), {1, 2, 3, 5, 9, 10}),
)

PRICES = (
    Case("a path looks at each element by itself", TREES, Filter(must=(Match("items[].price", 5),)), {1, 5, 6}),
    Case("a path without brackets stops at a list", TREES, Filter(must=(Match("items.price", 5),)), {3}),
    Case("a path by index", TREES, Filter(must=(Match("items[1].price", 5),)), {5}),
    Case("a path from list to list", TREES, Filter(must=(Match("items[].sizes", 2),)), {1, 2}),
    Case("the elements of the lists in a list", TREES, Filter(must=(Match("items[].sizes[]", 2),)), {1}),
    Case("a path through lists in lists", TREES, Filter(must=(Match("items[][].price", 5),)), {7}),
    Case(
        "two paths, two elements", TREES, Filter(must=(Match("items[].price", 20), Match("items[].sold", False))), {5}
    ),
    Case(
        "counting nothing where the path leads nowhere",
        TREES,
        Filter(must=(ValuesCount(key="items[].sizes", lt=1),)),
        set(TREES) - {2},
    ),
    Case("empty in all elements", TREES, Filter(must=(IsEmpty("items[].price"),)), {3, 4, 7, 8, 9, 10, 11}),
)

NESTED = (
    _nested("one element meets it all", Nested("items", Filter(must=(CHEAP, SOLD))), {6}),
    _nested("brackets make no difference", Nested("items[]", Filter(must=(CHEAP, SOLD))), {6}),
    _nested("brackets twice are a list further", Nested("items[][]", Filter(must=(CHEAP, SOLD))), {7}),
    _nested("by an index it is a list of lists", Nested("items[0]", Filter(must=(CHEAP, SOLD))), {7}),
    _nested("below a key", Nested("shop.items", Filter(must=(CHEAP, SOLD))), {9}),
    _nested("an object in no list is no element", Nested("shop", Filter(must=(IsEmpty("none"),))), set()),
    _nested("one of two in an element", Nested("items", Filter(should=(SOLD, Match("price", 10)))), {2, 5, 6}),
    _nested("must_not of an element", Nested("items", Filter(must=(CHEAP,), must_not=(SOLD,))), {1, 5}),
    _nested("an element that does not", Nested("items", Filter(must_not=(CHEAP,))), {1, 2, 5, 6, 8}),
    _nested("only objects are elements", Nested("items", Filter(must=(IsEmpty("price"),))), {8}),
    _nested("empty in an element", Nested("items", Filter(must=(IsEmpty("sizes"),))), {1, 5, 6, 8}),
    _nested("min_should of an element", Nested("items", Filter(min_should=MinShould((CHEAP, SOLD), 2))), {6}),
    _nested(
        "nested in nested",
        Nested("items", Filter(must=(Nested("parts", Filter(must=(Range(key="n", gt=1), Match("ok", True)))),))),
        {8},
    ),
    _nested(
        "a path in nested",
        Nested("items", Filter(must=(MatchAny("parts[].n", (1,)), Match("parts[].ok", False)))),
        set(),
    ),
    _nested("a filter in nested", Nested("items", Filter(must=(Filter(must_not=(SOLD,)), CHEAP))), {1, 5}),
    Case(
        "must_not of nested",
        TREES,
        Filter(must_not=(Nested("items", Filter(must=(CHEAP,))),)),
        {2, 3, 4, 7, 8, 9, 10, 11},
    ),
)

CASES = {**VALUE_CASES, "clauses": CLAUSES, "filters in filters": INNER, "lists of objects": PRICES, "nested": NESTED}
