"""NumPy, written: vectors and their ids. There is no place for payloads."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from adapters.files.ids import check_ids
from adapters.files.parts import PartFile
from domain.models import Record
from domain.ports import PointSink

HEADER_BYTES = 128
"""The length of the header, which NumPy wants to be a multiple of 64: enough for any shape here."""

COPY_BYTES = 1024 * 1024

UUID_TYPE = "<U36"


def header(descr: str, shape: tuple[int, ...]) -> bytes:
    """The header of an array in format 1.0 of NumPy, always of the same length."""
    fields = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape!r}, }}".encode("ascii")
    text = fields.ljust(HEADER_BYTES - 11) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


class NpySink(PointSink):
    """Vectors alone, in the order of their ids."""

    notes = ("an .npy file holds vectors alone: ids and payloads are left out",)

    def __init__(self, path: Path) -> None:
        self._part = PartFile(path)
        self._file: BinaryIO | None = None
        self._size = 0
        self._rows = 0

    def begin(self, size: int, *, uuids: bool) -> None:
        self._size = size
        self._file = self._part.open()
        self._file.write(header("<f4", (0, size)))

    def write(self, records: Sequence[Record]) -> None:
        if self._file is not None:
            self._file.write(b"".join(one.vector.data for one in records if one.vector is not None))
        self._rows += len(records)

    def finish(self) -> None:
        if self._file is not None:
            self._file.seek(0)
            self._file.write(header("<f4", (self._rows, self._size)))
        self._part.finish()

    def discard(self) -> None:
        self._part.discard()


class NpzSink(PointSink):
    """`vectors`, and `ids`: uint64, or text where there are UUIDs. Both are gathered apart, and joined in the end."""

    notes = ("an .npz file holds ids and vectors: payloads are left out",)

    def __init__(self, path: Path) -> None:
        self._whole = PartFile(path)
        self._vectors, self._ids = PartFile(path), PartFile(path)
        self._files: list[BinaryIO] = []
        self._size = 0
        self._rows = 0
        self._uuids = False

    def begin(self, size: int, *, uuids: bool) -> None:
        self._size, self._uuids = size, uuids
        self._files = [self._vectors.open(), self._ids.open()]

    def write(self, records: Sequence[Record]) -> None:
        check_ids(records, uuids=self._uuids)
        ids = [str(one.id) for one in records] if self._uuids else [one.id for one in records]
        self._files[0].write(b"".join(one.vector.data for one in records if one.vector is not None))
        self._files[1].write(np.array(ids, dtype=UUID_TYPE if self._uuids else "<u8").tobytes())
        self._rows += len(records)

    def finish(self) -> None:
        kinds = {
            "vectors": ("<f4", (self._rows, self._size)),
            "ids": (UUID_TYPE if self._uuids else "<u8", (self._rows,)),
        }
        with zipfile.ZipFile(self._whole.open(), "w") as archive:
            for file, part, (name, (descr, shape)) in zip(
                self._files, (self._vectors, self._ids), kinds.items(), strict=True
            ):
                file.close()
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member, part.part.open("rb") as gathered:
                    member.write(header(descr, shape))
                    while chunk := gathered.read(COPY_BYTES):
                        member.write(chunk)
        self._whole.finish()

    def discard(self) -> None:
        for part in (self._whole, self._vectors, self._ids):
            part.discard()
