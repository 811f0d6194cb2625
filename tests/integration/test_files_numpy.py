"""NumPy arrays, read; and files of arrays that are broken."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.files import open_source
from domain.errors import InvalidInput
from domain.models import Point, Vector
from domain.ports import Columns, Refused
from tests.listed import everything

A_UUID = UUID("0190b7a2-0000-7000-8000-00000000000a")


@pytest.mark.parametrize("ending", ["parquet", "npy", "npz"])
@pytest.mark.parametrize("data", [b"", b"PAR1", b"x" * 1000, b"\x93NUMPY\x01\x00", b"PK\x03\x04"])
def test_another_file_is_said_at_once(tmp_path: Path, ending: str, data: bytes) -> None:
    """It is named, with what it should be."""
    path = tmp_path / f"points.{ending}"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=rf"points\.{ending}: expected"):
        open_source(path, columns=Columns())


def npz(path: Path, **arrays: Any) -> None:
    """Write them, compressed."""
    np.savez_compressed(path, **arrays)


def npy_bytes(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize("ending", ["parquet", "npy", "npz"])
def test_a_cut_file_is_an_error(tmp_path: Path, ending: str) -> None:
    """What was before the cut may be read, and then it is said."""
    path = tmp_path / f"points.{ending}"
    vectors = np.random.default_rng(1).random((200, 8), np.float32)
    if ending == "npy":
        np.save(path, vectors)
    elif ending == "npz":
        npz(path, vectors=vectors, ids=np.arange(200))
    else:
        pq.write_table(pa.table({"id": pa.array(range(200)), "vector": pa.array(list(vectors))}), path)
    whole = path.read_bytes()
    assert len(everything(open_source(path, columns=Columns()))[0]) == 200
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidInput, match="expected a"):
        everything(open_source(path, columns=Columns()))
    # Broken in its middle, with its end in place.
    path.write_bytes(whole[:500] + bytes(2000) + whole[2500:])
    if ending != "npy":
        with pytest.raises(InvalidInput, match="expected a"):
            everything(open_source(path, columns=Columns()))


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2", "<i4"])
def test_reads_arrays_of_any_precision(tmp_path: Path, dtype: str) -> None:
    """The ids of an .npy are the numbers of its rows, from wherever reading begins."""
    path = tmp_path / "points.npy"
    np.save(path, np.arange(10, dtype=dtype).reshape(5, 2))
    points, refused = everything(open_source(path, columns=Columns()), after=1)
    assert refused == []
    assert points == [Point(n, Vector.of([2 * n, 2 * n + 1])) for n in range(1, 5)]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (np.array([2**64 - 1, 7], "<u8"), [2**64 - 1, 7]),
        (np.array([5, 7], ">i4"), [5, 7]),
        (np.array([str(A_UUID), "7"]), [A_UUID, 7]),
        (np.array([str(A_UUID).encode(), b"7"]), [A_UUID, 7]),
    ],
)
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_reads_arrays_with_ids(tmp_path: Path, save: Callable[..., None], ids: Any, expected: list[object]) -> None:
    """Integers, and UUIDs as text; the names may be in the plural."""
    save(tmp_path / "points.npz", id=ids, vectors=np.ones((2, 3), np.float32))
    points, _ = everything(open_source(tmp_path / "points.npz", columns=Columns()), size=1)
    assert [one.id for one in points] == expected
    save(tmp_path / "points.npz", vectors=np.ones((2, 3), np.float32))
    points, _ = everything(open_source(tmp_path / "points.npz", columns=Columns(numbered=True)))
    assert [one.id for one in points] == [0, 1]


def test_bad_rows_of_arrays_are_refused_alone(tmp_path: Path) -> None:
    """NaN, numbers too great for float32, and ids that are none."""
    path = tmp_path / "points.npz"
    npz(path, ids=np.array(["1", "x", "3", "4"]), vectors=np.array([[1.0], [2.0], [np.nan], [1e39]]))
    points, refused = everything(open_source(path, columns=Columns()), size=10)
    assert [one.id for one in points] == [1]
    finite = "$.vector: expected numbers that are finite in float32"
    assert refused == [
        Refused(2, "$.id: expected an unsigned 64-bit integer or a UUID"), Refused(3, finite), Refused(4, finite)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("vectors", "ids", "where"),
    [
        (np.ones(3, "<f4"), np.arange(3), "vector: expected rows of numbers"),
        (np.ones((2, 2), "<c8"), np.arange(2), "vector: expected rows of numbers"),
        (np.ones((2, 2), bool), np.arange(2), "vector: expected rows of numbers"),
        (np.asfortranarray(np.ones((2, 2), "<f4")), np.arange(2), "vectors: expected an array in the order of C"),
        (np.array([["a"]], object), np.arange(1), "vectors: expected numbers or text"),
        (np.ones((2, 2), "<f4"), np.arange(3), "id: expected 2 integers"),
        (np.ones((2, 2), "<f4"), np.ones(2), "id: expected 2 integers"),
    ],
)
def test_arrays_that_cannot_be_read_are_said_at_once(tmp_path: Path, vectors: Any, ids: Any, where: str) -> None:
    """Before any row is read."""
    npz(tmp_path / "points.npz", vectors=vectors, ids=ids)
    with pytest.raises(InvalidInput) as caught:
        open_source(tmp_path / "points.npz", columns=Columns())
    assert str(caught.value).startswith(where)


def test_an_archive_without_the_arrays_is_said_at_once(tmp_path: Path) -> None:
    """With the names that there are."""
    path = tmp_path / "points.npz"
    npz(path, vectors=np.ones((1, 1)))
    with pytest.raises(InvalidInput, match="id: expected an array of this name, and there are vectors"):
        open_source(path, columns=Columns())
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("vectors.npy", npy_bytes(np.ones((1, 1)))[:50])
    with pytest.raises(InvalidInput, match="vectors: expected an array in NumPy's format"):
        open_source(path, columns=Columns())
