"""A large body that is read in slices means what it means in one piece."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from domain.errors import InvalidInput
from entrypoints.http.bodies import PointBody, UpsertBody
from entrypoints.http.requests import UNREADABLE, refuse
from entrypoints.http.slices import Slices

WHOLE, LIST = msgspec.json.Decoder(UpsertBody), msgspec.json.Decoder(list[PointBody])

values = st.recursive(
    st.none() | st.integers(-9, 9) | st.sampled_from(['"', "\\", '},{"id":', "]}", "ä", '"},{']),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["id", "vector", "a"]), inner),
    max_leaves=12,
)
points = st.fixed_dictionaries(
    {"id": st.integers(0, 99), "vector": st.lists(st.sampled_from([0.5, -1, 2e9]), max_size=5)},
    optional={"payload": st.dictionaries(st.sampled_from(["", "x", "id", "},{"]), values, max_size=4)},
)

filters = st.tuples(
    st.just("update_filter"),
    st.none() | st.just({"must": [{"key": '"points":[', "match": {"value": '"points": [{'}}]}),
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A body of points, maybe with a byte or two changed."""
    indent = draw(st.sampled_from([None, 1]))
    fields = [("points", draw(st.lists(points, max_size=9))), *draw(st.lists(filters, max_size=1))]
    body = dict(draw(st.permutations(fields)))
    text = json.dumps(body, indent=indent, ensure_ascii=draw(st.booleans()))
    data = text.encode()
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=1) | st.sampled_from([b'"', b"}", b"]", b","])) + data[at + 1 :]
    return data


def in_slices(data: bytes, size: int) -> tuple[list[Any], Any]:
    """What the body holds, read in pieces of about this many bytes."""
    slices = Slices[UpsertBody, Any](data, "points", WHOLE, LIST, 10_000, most_objects=10_000, size=size)
    found: list[Any] = []
    while slices.body is None:
        found += slices.next()[0]
    return found, slices.body.update_filter


def whole(data: bytes) -> tuple[list[Any], Any]:
    """What the body holds, read at once."""
    try:
        body = WHOLE.decode(data)
    except UNREADABLE as error:
        refuse(error)
    return body.points, body.update_filter


def outcome(read: Callable[[], tuple[list[Any], Any]]) -> object:
    """What was read, or how it was refused: where a value is wrong, and else just that it is no JSON."""
    try:
        return read()
    except HTTPException as error:
        return error.status_code
    except InvalidInput as error:
        return error.where, error.expected


@given(data=bodies(), size=st.integers(1, 200))
def test_slices_are_the_whole(data: bytes, size: int) -> None:
    """Any body is read as by one decoder, or refused where that refuses it, and wrong values at the same place."""
    expected, got = outcome(lambda: whole(data)), outcome(lambda: in_slices(data, size))
    # Of several faults in one body either may be told: what is no JSON at all is found in another order.
    assert got == expected or (expected == 400 and isinstance(got, tuple))
