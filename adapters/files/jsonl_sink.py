"""JSON Lines, written."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from adapters.files.parts import PartFile
from domain.models import Record
from domain.ports import PointSink

_encode = msgspec.json.Encoder().encode


class JsonLinesSink(PointSink):
    """Lines of `id`, `vector` (numbers that are read back as they were) and `payload`; gzip where the name ends so."""

    def __init__(self, path: Path) -> None:
        self._part = PartFile(path)
        self._file: BinaryIO | gzip.GzipFile | None = None

    def begin(self, size: int, *, uuids: bool) -> None:
        file = self._part.open()
        packed = self._part.path.suffix == ".gz"
        # Without the time: the same points make the same file.
        self._file = gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) if packed else file

    def write(self, records: Sequence[Record]) -> None:
        lines = [
            _encode({"id": one.id, "vector": one.vector.to_tuple() if one.vector else (), "payload": one.payload})
            for one in records
        ]
        if self._file is not None and lines:
            self._file.write(b"\n".join(lines) + b"\n")

    def finish(self) -> None:
        if isinstance(self._file, gzip.GzipFile):
            self._file.close()
        self._part.finish()

    def discard(self) -> None:
        if self._file is not None:
            with suppress(OSError, ValueError):
                self._file.close()
        self._part.discard()
