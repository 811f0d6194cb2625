"""Lines of a file, gzip or not, of bounded length."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from domain.errors import InvalidInput

MAX_LINE = 16 * 1024 * 1024
"""The most bytes of a line. A point with the longest vector takes 1.5 MB in JSON, and the rest is payload."""

GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
BUFFER = 1024 * 1024


class Lines:
    """The lines of a file from the first, and how far they are read.

    A line that is longer than `most` bytes is None instead.
    """

    def __init__(self, path: Path, most: int = MAX_LINE) -> None:
        self._path = path
        self._most = most
        self._raw: BinaryIO = path.open("rb", buffering=0)
        self._size = max(path.stat().st_size, 1)
        self._packed = self._raw.read(2) == GZIP
        self._raw.seek(0)
        inner = gzip.GzipFile(fileobj=self._raw, mode="rb") if self._packed else self._raw
        self._file = io.BufferedReader(inner, BUFFER)

    def __iter__(self) -> Iterator[bytes | None]:
        try:
            first = self._line()
            yield first.removeprefix(BOM) if first else first
            while (line := self._line()) != b"":
                yield line
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise InvalidInput(self._path.name, "a whole gzip file, and this is cut or broken") from None

    def share(self) -> float:
        """How much of the file is read, from 0 to 1; of gzip what is read ahead counts too."""
        return (self._raw if self._packed else self._file).tell() / self._size

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._raw.close()

    def _line(self) -> bytes | None:
        """The next line, empty at the end, None where it is too long; then it is passed over."""
        line = self._file.readline(self._most + 1)
        if len(line) <= self._most:
            return line
        while not line.endswith(b"\n") and line:
            line = self._file.readline(BUFFER)
        return None
