"""A selection takes the same part of a payload in the in-memory store as in Qdrant's engine."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from adapters.memory.selection import select
from tests.contract.edge_oracle import EdgeOracle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.models import Json, Payload
    from domain.queries import PayloadSelection

PAYLOAD: Payload = {
    "author": {"name": "Ada", "born": 1815, "tags": ["x", "y"]},
    "items": [{"price": 5, "size": 1}, {"size": 2}, 3, None, [{"price": 7}]],
    "a b": {"": 1, "c.d": 2},
    "title": "Notes",
    "none": None,
}


@pytest.fixture(scope="module")
def oracle() -> Iterator[EdgeOracle]:
    oracle = EdgeOracle()
    yield oracle
    oracle.close()


@pytest.mark.parametrize(
    ("paths", "part"),
    [
        (("title", "none"), {"title": "Notes", "none": None}),
        (("author.name",), {"author": {"name": "Ada"}}),
        (("author.name", "author"), {"author": PAYLOAD["author"]}),
        (("author.tags",), {"author": {"tags": ["x", "y"]}}),
        (("author.missing", "missing"), {"author": {}}),
        (("items",), {"items": PAYLOAD["items"]}),
        (("items[]",), {"items": PAYLOAD["items"]}),
        (("items[].price",), {"items": [{"price": 5}, {}, 3, None, []]}),
        (("items[][].price",), {"items": [{}, {}, 3, None, [{"price": 7}]]}),
        (("items.price",), {"items": []}),
        (("items[0]", "author.tags[1]"), {"author": {"tags": []}, "items": []}),
        (("author[]", "title.x"), {"author": {}, "title": "Notes"}),
        (('"a b"."c.d"', '"a b".""'), {"a b": {"": 1, "c.d": 2}}),
    ],
)
def test_paths_take_their_part(paths: tuple[str, ...], part: dict[str, Json], oracle: EdgeOracle) -> None:
    """Both keep what a path leads to, with the objects and the lists around it."""
    assert oracle.selected(PAYLOAD, paths) == part
    assert select(PAYLOAD, paths) == part


def test_all_and_nothing() -> None:
    """True takes the whole payload, and False gives no payload at all."""
    assert select(PAYLOAD, True) == PAYLOAD
    assert select(PAYLOAD, False) is None


@pytest.mark.parametrize("selection", [True, ("author", "items[]", '"a b"')])
def test_what_was_selected_may_be_changed(selection: PayloadSelection) -> None:
    """The part shares no object and no list with the payload."""
    stored = copy.deepcopy(dict(PAYLOAD))
    part = select(stored, selection)
    assert part is not None
    _spoil(part)
    assert stored == PAYLOAD


def _spoil(value: Json) -> None:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        _spoil(item)
    if isinstance(value, dict | list):
        value.clear()
