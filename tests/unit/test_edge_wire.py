"""Frames between the embedded engine and those that use it."""

from __future__ import annotations

import os
import pickle
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from adapters.edge.wire import LENGTH, Frames, decode, encode
from domain.errors import CollectionConflict, CollectionNotFound, InvalidInput, PointNotFound
from domain.filters import DatetimeRange, Filter, HasId, Match, Nested
from domain.models import Vector
from domain.queries import SearchQuery, Selection

ID = UUID(int=7)

FILTER = Filter(
    must=(
        Match(key="a", value=True),
        DatetimeRange(key="t", gte=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))), lt=datetime.now(UTC)),
    ),
    should=(Nested(key="items", filter=Filter(must=(Match(key="b", value=1),))),),
    must_not=(HasId(frozenset({1, ID})),),
)


@pytest.mark.parametrize(
    "value",
    [
        (1, "upsert", "things", ([1, ID, 2**64 - 1], [b"\0\0\0\0"], [{"a": [None, 1.5, {"é": "\U0001f600"}]}])),
        SearchQuery(vector=Vector.of([1, 2]), filter=FILTER, limit=3, with_payload=("a.b",)),
        SearchQuery(id=ID),
        Selection(filter=FILTER),
    ],
)
def test_what_is_sent_arrives(value: object) -> None:
    """Values of the domain and plain ones come out of a frame as they went in."""
    frame = encode(value)
    assert LENGTH.unpack_from(frame)[0] == len(frame) - LENGTH.size
    assert decode(frame[LENGTH.size :]) == value


@pytest.mark.parametrize(
    "error",
    [
        InvalidInput("points[3].vector", "2 numbers, got 3"),
        CollectionNotFound("things"),
        PointNotFound("things", ID),
        CollectionConflict("things", ["size is 2, not 3"]),
    ],
)
def test_errors_of_the_domain_arrive(error: Exception) -> None:
    """An error says the same on the other side."""
    arrived = decode(encode(error)[LENGTH.size :])
    assert (type(arrived), str(arrived), vars(arrived)) == (type(error), str(error), vars(error))


class Evil:
    """What nobody should make while reading."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("true",)


@pytest.mark.parametrize("value", [Evil(), Frames, os.system, pickle.PickleBuffer])
def test_nothing_else_is_made_while_reading(value: object) -> None:
    """A frame names the domain's values alone, and no function or class of another module."""
    with pytest.raises(pickle.UnpicklingError):
        decode(pickle.dumps(value, protocol=5))


def test_names_that_a_domain_module_imported_are_not_the_domains() -> None:
    """A module of the domain does not lend out what it uses itself, nor what that holds."""
    for module, name in (
        ("domain.queries", "dataclass"),
        ("domain.search", "asyncio"),
        ("domain.search", "time.sleep"),
    ):
        body = (
            b"\x80\x04" + b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)) + b"\x93."
        )
        with pytest.raises((pickle.UnpicklingError, AttributeError)):
            decode(body)


def test_frames_are_cut_where_they_end() -> None:
    """However the bytes come, each value is handed on once, whole, in order."""
    taken: list[object] = []
    frames = Frames(taken.append)
    sent = b"".join(map(encode, ([1], ["two"], {"three": b"\0" * 300})))
    for size in (1, 7, 64, len(sent)):
        taken.clear()
        for start in range(0, len(sent), size):
            frames.data_received(sent[start : start + size])
        assert taken == [[1], ["two"], {"three": b"\0" * 300}]
