"""Parquet, read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.files import open_source
from domain.errors import InvalidInput
from domain.models import Point, Vector
from domain.ports import Columns, PointSource, Refused
from tests.listed import everything

VECTORS = pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2))
IDS = pa.array([1, 2], pa.uint64())
A_UUID = UUID("0190b7a2-0000-7000-8000-00000000000a")

Open = Callable[..., PointSource]


@pytest.fixture
def parquet(tmp_path: Path) -> Open:
    """The source of a file with these columns."""

    def make(columns: Columns | None = None, *, group: int = 1000, **arrays: pa.Array) -> PointSource:
        path = tmp_path / "points.parquet"
        pq.write_table(pa.table(arrays), path, row_group_size=group)
        return open_source(path, columns=columns or Columns())

    return make


@pytest.mark.parametrize(
    "type_",
    [
        pa.list_(pa.float32(), 2),
        pa.list_(pa.float32()),
        pa.large_list(pa.float32()),
        pa.list_(pa.float64()),
        pa.list_(pa.float16(), 2),
        pa.list_(pa.int8()),
    ],
)
def test_vectors_are_lists_of_numbers(parquet: Open, type_: pa.DataType) -> None:
    """Of fixed length or not, of any precision; blocks that begin within a row group have their own."""
    source = parquet(id=pa.array(range(5), pa.int32()), vector=pa.array([[n, 1] for n in range(5)], type_), group=4)
    points, refused = everything(source, size=3)
    assert refused == []
    assert points == [Point(n, Vector.of([n, 1])) for n in range(5)]
    assert source.total == 5


def test_rows_are_passed_over(parquet: Open) -> None:
    """Whole row groups, and parts of them."""
    source = parquet(id=pa.array(range(10)), vector=pa.array([[n] for n in range(10)], pa.list_(pa.float32())), group=4)
    for after in range(11):
        points, _ = everything(source, size=3, after=after)
        assert [one.id for one in points] == list(range(after, 10))


@pytest.mark.parametrize("size", [2, -1], ids=["fixed", "free"])
def test_bad_vectors_are_refused_alone(parquet: Open, size: int) -> None:
    """NaN, infinities, nulls, and lists of nothing; what is around them is read."""
    rows = [[1.0, 2.0], [float("nan"), 1.0], None, [float("inf"), 1.0], [None, 1.0], [5.0, 6.0]]
    rows += [] if size == 2 else [[]]
    source = parquet(id=pa.array(range(len(rows))), vector=pa.array(rows, pa.list_(pa.float32(), size)))
    points, refused = everything(source, size=100, after=0)
    assert [one.id for one in points] == [0, 5]
    finite, lists = "$.vector: expected numbers that are finite in float32", "$.vector: expected a list of numbers"
    expected = [Refused(2, finite), Refused(3, lists), Refused(4, finite), Refused(5, finite)]
    assert refused == expected + ([] if size == 2 else [Refused(7, "$.vector: expected 1 to 65536 numbers, got 0")])


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (pa.array([2**64 - 1, 0], pa.uint64()), [2**64 - 1, 0]),
        (pa.array([str(A_UUID), "17"]), [A_UUID, 17]),
        (pa.array([str(A_UUID)] * 2).dictionary_encode(), [A_UUID, A_UUID]),
        (pa.array([A_UUID.bytes] * 2, pa.binary(16)), [A_UUID, A_UUID]),
        (pa.array([A_UUID.bytes] * 2, pa.uuid()), [A_UUID, A_UUID]),
    ],
)
def test_ids_have_many_types(parquet: Open, ids: pa.Array, expected: list[object]) -> None:
    """Integers, and UUIDs as text or as bytes."""
    points, _ = everything(parquet(id=ids, vector=VECTORS))
    assert [one.id for one in points] == expected


def test_bad_ids_are_refused_alone(parquet: Open) -> None:
    """Under the name that the column has."""
    points, refused = everything(parquet(Columns(id="key"), key=pa.array([-1, None]), vector=VECTORS))
    assert points == []
    assert {one.reason for one in refused} == {"$.key: expected an unsigned 64-bit integer or a UUID"}
    broken = pa.array([b"\xff", str(A_UUID).encode()]).view(pa.string())
    points, refused = everything(parquet(id=broken, vector=VECTORS))
    assert ([one.id for one in points], refused) == ([A_UUID], [Refused(1, "$.id: expected text in UTF-8")])


def test_other_columns_are_the_payload(parquet: Open) -> None:
    """With nested values; times and dates are text in RFC 3339, and what is null is left out."""
    berlin = pa.timestamp("ns", "Europe/Berlin")
    noon = dt.datetime(2024, 1, 1, 12, 0, 0, 250, tzinfo=dt.UTC)
    source = parquet(
        id=IDS,
        vector=VECTORS,
        name=pa.array(["ü", None]),
        kind=pa.array(["a", "a"]).dictionary_encode(),
        tags=pa.array([["a", "b"], []]),
        author=pa.array([{"born": dt.date(1970, 1, 2), "n": None}, None]),
        seen=pa.array([noon, noon], berlin),
        seconds=pa.array([0, None], pa.timestamp("s")),
        visits=pa.array([[0], []], pa.list_(pa.timestamp("ms"))),
        owner=pa.array([A_UUID.bytes] * 2, pa.uuid()),
        counts=pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
        good=pa.array([True, False]),
        none=pa.nulls(2),
    )
    first, second = everything(source)[0]
    assert first.payload == {
        "name": "ü",
        "kind": "a",
        "tags": ["a", "b"],
        "author": {"born": "1970-01-02", "n": None},
        "seen": "2024-01-01T12:00:00.000250Z",
        "seconds": "1970-01-01T00:00:00Z",
        "visits": ["1970-01-01T00:00:00Z"],
        "owner": str(A_UUID),
        "counts": {"a": 1},
        "good": True,
    }
    assert second.payload == {
        "kind": "a", "tags": [], "seen": first.payload["seen"], "visits": [], "owner": str(A_UUID), "good": False
    }  # fmt: skip


@pytest.mark.parametrize(
    "payload",
    [
        pa.array(['{"a": {"b": [1, null]}}', None]),
        pa.array([{"a": {"b": [1, None]}, "c": None}, None]),
    ],
)
def test_one_column_may_be_the_payload(parquet: Open, payload: pa.Array) -> None:
    """As JSON in text, or as a struct; other columns are then left out, and named."""
    source = parquet(id=IDS, vector=VECTORS, payload=payload, more=IDS)
    first, second = everything(source)[0]
    assert (first.payload, second.payload) == ({"a": {"b": [1, None]}}, {})
    assert source.notes == ("columns left out: more",)
    points, _ = everything(parquet(Columns(payload=("more",)), id=IDS, vector=VECTORS, payload=payload, more=IDS))
    assert [one.payload for one in points] == [{"more": 1}, {"more": 2}]


@pytest.mark.parametrize("cell", ["[1]", "{", "seven", "[" * 2000])
def test_text_that_is_no_object_is_refused_alone(parquet: Open, cell: str) -> None:
    """The row is named, and the one behind it is read."""
    points, refused = everything(parquet(id=IDS, vector=VECTORS, payload=pa.array([cell, "{}"])))
    assert ([one.id for one in points], refused) == ([2], [Refused(1, "$.payload: expected a JSON object")])


def test_values_that_json_lacks_are_refused_alone(parquet: Open) -> None:
    """Integers over 64 bits signed, NaN, text that is no UTF-8, and times that no calendar has."""
    columns = {
        "big": pa.array([2**63, 1], pa.uint64()),
        "nan": pa.array([float("nan"), 1]),
        "text": pa.array([b"\xff", b"a"]).view(pa.string()),
        "time": pa.array([2**55, 0], pa.timestamp("ms")),
        "times": pa.array([[2**50], [0]], pa.list_(pa.timestamp("ms"))),
    }
    for name, column in columns.items():
        points, refused = everything(parquet(id=IDS, vector=VECTORS, **{name: column}))
        assert ([one.id for one in points], [one.row for one in refused]) == ([2], [1]), name


@pytest.mark.parametrize(
    ("arrays", "where"),
    [
        ({"vector": VECTORS}, "id: expected one column of this name, and there are vector"),
        ({"id": IDS}, "vector: expected one column of this name"),
        ({"id": pa.array([1.0, 2.0]), "vector": VECTORS}, "id: expected integers, or text of UUIDs"),
        ({"id": IDS, "vector": IDS}, "vector: expected lists of numbers"),
        ({"id": IDS, "vector": pa.array([["a"], ["b"]])}, "vector: expected lists of numbers"),
        (
            {"id": IDS, "vector": VECTORS, "a": pa.array([Decimal(1)] * 2)},
            "a: expected a type that JSON",
        ),
        ({"id": IDS, "vector": VECTORS, "a": pa.array([{"b": b"x"}] * 2)}, "a.b: expected a type that JSON"),
        ({"id": IDS, "vector": VECTORS, "payload": IDS}, "payload: expected objects, or JSON as text"),
    ],
)
def test_columns_that_cannot_be_read_are_said_at_once(parquet: Open, arrays: dict[str, Any], where: str) -> None:
    """Before any row is read, with the column and what it should be."""
    with pytest.raises(InvalidInput) as caught:
        parquet(**arrays)
    assert str(caught.value).startswith(where)


def test_rows_may_be_their_own_ids(parquet: Open) -> None:
    """A file without ids has its rows numbered from 0, also behind others."""
    source = parquet(Columns(numbered=True), vector=VECTORS, id=pa.array(["x", "y"]))
    assert everything(source, after=1)[0] == [Point(1, Vector.of([3, 4]), {"id": "y"})]
