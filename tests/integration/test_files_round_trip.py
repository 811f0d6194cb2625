"""What was written is read back just so."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.files import open_sink, open_source
from adapters.files.parts import PartFile
from domain.errors import InvalidInput
from domain.models import Json, Point, PointId, Record, Vector
from domain.models.payload import MAX_INTEGER, MIN_INTEGER
from domain.ports import Columns
from tests.listed import everything

FORMATS = ["jsonl", "jsonl.gz", "parquet", "npz"]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = st.none() | st.booleans() | st.integers(MIN_INTEGER, MAX_INTEGER) | st.floats(allow_nan=False) | texts
values: st.SearchStrategy[Json] = st.recursive(
    scalars.filter(lambda value: value not in (float("inf"), float("-inf"))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
ids: st.SearchStrategy[PointId] = st.integers(0, 2**64 - 1) | st.uuids()
floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
records = st.lists(
    st.builds(
        Record,
        ids,
        st.dictionaries(texts, values, max_size=3),
        st.lists(floats, min_size=3, max_size=3).map(Vector.of),
    ),
    max_size=5,
)


def written(path: Path, given: list[Record], *, uuids: bool = True) -> list[Point]:
    """The points in a file of these records, which is the only one in its folder."""
    sink = open_sink(path)
    sink.begin(3, uuids=uuids)
    for one in given:
        sink.write([one])
    assert not path.exists()
    sink.finish()
    sink.discard()
    assert list(path.parent.iterdir()) == [path]
    points, refused = everything(open_source(path, columns=Columns()))
    assert refused == []
    return points


@pytest.mark.parametrize("ending", FORMATS)
def test_every_point_comes_back(ending: str) -> None:
    """Ids of 64 bits and UUIDs, float32 to the bit, payloads with all that they hold, in their order."""

    @settings(max_examples=20, deadline=None, database=None)
    @given(records)
    def check(given: list[Record]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            points = written(Path(folder) / f"points.{ending}", given)
        assert [one.id for one in points] == [one.id for one in given]
        assert [one.vector for one in points] == [one.vector for one in given]
        if ending != "npz":
            assert repr([one.payload for one in points]) == repr([dict(one.payload) for one in given])

    check()


ROWS = [Record(n, {"n": n}, Vector.of([n, 1, 0])) for n in range(3)]


@pytest.mark.parametrize("ending", [*FORMATS, "npy"])
def test_integers_stay_integers(tmp_path: Path, ending: str) -> None:
    """Without UUIDs ids are numbers in the file; an .npy has none, so rows are numbered."""
    points = written(tmp_path / f"points.{ending}", ROWS, uuids=False)
    assert [one.id for one in points] == [0, 1, 2]


def test_others_can_read_it(tmp_path: Path) -> None:
    """The columns of Parquet have the types that they say, and NumPy reads its own."""
    for ending in ("parquet", "npz", "npy"):
        (tmp_path / ending).mkdir()
        written(tmp_path / ending / f"points.{ending}", ROWS, uuids=False)
    schema = pq.read_schema(tmp_path / "parquet" / "points.parquet")
    assert [str(field.type) for field in schema] == ["uint64", "fixed_size_list<element: float>[3]", "string"]
    with np.load(tmp_path / "npz" / "points.npz") as arrays:
        assert (arrays["ids"].dtype, arrays["vectors"].shape) == (np.uint64, (3, 3))
    assert np.load(tmp_path / "npy" / "points.npy").tolist() == [[0, 1, 0], [1, 1, 0], [2, 1, 0]]


@pytest.mark.parametrize("ending", ["parquet", "npz"])
def test_a_uuid_that_came_meanwhile_is_an_error(tmp_path: Path, ending: str) -> None:
    """A column of integers has no place for it."""
    sink = open_sink(tmp_path / f"points.{ending}")
    sink.begin(3, uuids=False)
    with pytest.raises(InvalidInput, match="UUIDs were written meanwhile"):
        sink.write([*ROWS, Record(UUID(int=1), {}, Vector.of([1, 1, 1]))])
    sink.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [*FORMATS, "npy"])
def test_nothing_is_left_of_what_was_discarded(tmp_path: Path, ending: str) -> None:
    """Before it began or after, and what was there stays."""
    path = tmp_path / f"points.{ending}"
    path.write_text("old")
    open_sink(path).discard()
    sink = open_sink(path)
    sink.begin(3, uuids=True)
    sink.write(ROWS)
    sink.discard()
    assert [one.read_text() for one in tmp_path.iterdir()] == ["old"]


def test_row_groups_are_bounded(tmp_path: Path) -> None:
    """Many rows are written in groups, so that neither side holds all of them."""
    path = tmp_path / "points.parquet"
    sink = open_sink(path)
    sink.begin(3, uuids=False)
    sink.write([Record(n, {}, ROWS[0].vector) for n in range(25_000)])
    sink.finish()
    assert [pq.read_metadata(path).row_group(index).num_rows for index in range(3)] == [10_000, 10_000, 5_000]


def test_a_file_that_is_being_made_is_hidden(tmp_path: Path) -> None:
    """Its name begins with a dot, and belongs to one attempt."""
    first, second = PartFile(tmp_path / "a.jsonl"), PartFile(tmp_path / "a.jsonl")
    assert first.part.name.startswith(".a.jsonl.")
    assert first.part != second.part


def test_a_file_may_have_the_longest_name(tmp_path: Path) -> None:
    """What is made meanwhile has a shorter name, also where characters are several bytes."""
    for name in ("n" * 255, "\U0001f353" * 63):
        part = PartFile(tmp_path / name)
        part.open()
        part.finish()
    assert len(list(tmp_path.iterdir())) == 2
