"""NumPy: `.npy` with one vector a row, `.npz` with vectors and their ids. Read as a stream, never as a whole."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from adapters.files.blocks import IdCell, to_block
from adapters.files.vectors import Numbers, is_number, to_vectors
from domain.errors import InvalidInput
from domain.models import parse_point_id
from domain.ports import Block, Columns, PointSource

BLOCK_BYTES = 8 * 1024 * 1024
"""The most bytes of a block, where it is more than one row."""

BROKEN = (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error, SyntaxError, NotImplementedError)


class ArrayStream:
    """An array in the format of NumPy, row by row."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        try:
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            self.shape, fortran, self.dtype = read(file)
        except BROKEN:
            raise InvalidInput(name, "an array in NumPy's format, and this is none, or cut") from None
        if fortran and len(self.shape) > 1:
            raise InvalidInput(name, "an array in the order of C, as numpy.ascontiguousarray makes it")
        if self.dtype.hasobject:
            raise InvalidInput(name, f"numbers or text, and the array is of {self.dtype}")
        self.rows = self.shape[0] if self.shape else 0
        self.row_bytes = self.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))

    def read(self, rows: int) -> Numbers:
        """The next rows, flat. Raises `InvalidInput` where the file ends before."""
        wanted = rows * self.row_bytes
        try:
            data = self._file.read(wanted)
        except BROKEN:
            data = b""
        if len(data) < wanted:
            raise InvalidInput(self._name, "a whole array, and this is cut or broken")
        return np.frombuffer(data, dtype=self.dtype)

    def skip(self, rows: int) -> None:
        """Pass over rows."""
        self._file.seek(rows * self.row_bytes, 1)


class NumpySource(PointSource):
    """Vectors by rows. The ids of an `.npy` are the numbers of its rows, from 0; an `.npz` has them beside."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self._path = path
        self._columns = columns
        with ExitStack() as files:
            vectors, ids = self._open(files)
            if len(vectors.shape) != 2 or not is_number(vectors.dtype):
                shape = "x".join(map(str, vectors.shape))
                raise InvalidInput(columns.vector, f"rows of numbers, and the array is {shape} of {vectors.dtype}")
            if ids is not None and (ids.shape != (vectors.rows,) or ids.dtype.kind not in "iuUS"):
                raise InvalidInput(columns.id, f"{vectors.rows} integers, or text of UUIDs, one for each vector")
            self.total = vectors.rows

    def blocks(self, size: int, after: int = 0) -> Generator[Block, None, None]:
        with ExitStack() as files:
            vectors, ids = self._open(files)
            size = max(1, min(size, BLOCK_BYTES // max(vectors.row_bytes, 1)))
            width = int(vectors.shape[1])
            vectors.skip(after)
            if ids is not None:
                ids.skip(after)
            while after < vectors.rows:
                rows = min(size, vectors.rows - after)
                numbers = vectors.read(rows)
                yield to_block(
                    after,
                    range(after, after + rows) if ids is None else _ids(ids.read(rows)),
                    to_vectors(numbers, range(0, rows * width, width) if width else [0] * rows, [width] * rows),
                    [{} for _ in range(rows)],
                    columns=self._columns,
                    share=(after + rows) / vectors.rows,
                )
                after += rows

    def _open(self, files: ExitStack) -> tuple[ArrayStream, ArrayStream | None]:
        """The vectors, and the ids unless they are the rows' numbers."""
        if self._path.suffix != ".npz":
            return ArrayStream(files.enter_context(self._path.open("rb")), self._path.name), None
        file = files.enter_context(self._path.open("rb"))
        try:
            archive = files.enter_context(zipfile.ZipFile(file))
        except zipfile.BadZipFile:
            raise InvalidInput(self._path.name, "an .npz file, and this is none, or cut") from None
        vectors = self._member(files, archive, self._columns.vector)
        return vectors, None if self._columns.numbered else self._member(files, archive, self._columns.id)

    def _member(self, files: ExitStack, archive: zipfile.ZipFile, name: str) -> ArrayStream:
        """The array of this name, or of its plural."""
        there = [member.removesuffix(".npy") for member in archive.namelist()]
        found = next((one for one in (name, f"{name}s") if one in there), None)
        if found is None:
            raise InvalidInput(name, f"an array of this name, and there are {', '.join(there) or 'none'}")
        try:
            return ArrayStream(files.enter_context(archive.open(f"{found}.npy")), found)
        except (*BROKEN, RuntimeError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise InvalidInput(self._path.name, "an .npz file, and this is broken") from None


def _ids(values: Numbers) -> Sequence[IdCell]:
    if values.dtype.kind in "iu":
        return values.tolist()  # type: ignore[no-any-return]
    return [_id_of_text(value) for value in values.tolist()]


def _id_of_text(value: Any) -> IdCell:
    try:
        return parse_point_id(value.decode("ascii", "replace") if isinstance(value, bytes) else value)
    except InvalidInput as error:
        return error
