"""Numbers under names: in this process alone, or in a file that other workers read.

A number is counted up where it lies, without a lock and without a call of the system. The file is mapped into
memory, so what a worker counted stays when it is killed, and a lock on it, which ends with the worker however
that ended, tells the living from the dead. A new worker goes on with the file of a dead one.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import TypeAlias

from adapters.prometheus.definitions import COUNTED, Definition

MOST = 32_768
"""How many numbers there can be: routes, methods, statuses, operations and outcomes are far fewer."""

SIZE = 8 * MOST
"""Bytes at the beginning of a file, for the numbers. Behind them stands a line of JSON for each name."""

SUFFIX = ".figures"

_KNOWN = {definition.name: definition for definition in COUNTED}


Names = list[tuple[Definition, tuple[str, ...], int]]
"""Metrics with their labels, and where the first number of each lies."""

Values: TypeAlias = "list[float] | memoryview[float]"


@dataclass(frozen=True, slots=True)
class Series:
    """The numbers of one metric with these labels, in one process that lives or not."""

    definition: Definition
    labels: tuple[str, ...]
    numbers: tuple[float, ...]
    alive: bool


class Slots:
    """The numbers of this process, in a file of `directory` or, where that is None, in memory.

    Raises `OSError` where the directory cannot be used.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._file = None if directory is None else _claim(directory)
        self._names = [] if self._file is None else _read_names(self._file)
        self.values: Values = [0.0] * MOST
        self._map = None if self._file is None else mmap.mmap(self._file.fileno(), SIZE)
        if self._map is not None:
            self.values = memoryview(self._map).cast("d")
        self._next = 0
        for definition, _, index in self._names:
            self._next = max(self._next, index + definition.width)
            if definition.lives:
                self.values[index] = 0.0

    def find(self, definition: Definition, *labels: str) -> int:
        """Where the first number of the series lies in `values`; it is made where there is none."""
        for known, values, index in self._names:
            if known is definition and values == labels:
                return index
        index, self._next = self._next, self._next + definition.width
        if self._next > MOST:
            raise OverflowError(definition.name)
        if self._file is not None:
            self._file.seek(0, os.SEEK_END)
            # The end of a process may have cut off the line before.
            self._file.write(b"\n" + json.dumps([definition.name, labels, index]).encode())
        self._names.append((definition, labels, index))
        return index

    def close(self) -> None:
        """Leave the file to others as that of a process that ended; what is still counted is counted in memory."""
        kept, self._directory = self.values, None
        self.values = list(kept)
        if isinstance(kept, memoryview) and self._map is not None and self._file is not None:
            kept.release()
            self._map.close()
            self._file.close()
            self._map = self._file = None

    def read(self) -> Iterator[Series]:
        """The numbers of this process, and of all others that have or had a file in the directory."""
        yield from _series(self._names, self.values, alive=True)
        if self._directory is None or self._file is None:
            return
        for path in self._directory.glob(f"*{SUFFIX}"):
            # A file may go at any moment, with the whole directory at the end.
            with suppress(OSError), path.open("r+b", buffering=0) as file:
                if not os.path.sameopenfile(file.fileno(), self._file.fileno()):
                    alive = not _lock(file, fcntl.LOCK_SH)
                    file.seek(0)
                    values: Values = memoryview(file.read(SIZE)).cast("d")
                    yield from _series(_read_names(file), values, alive=alive)


def _series(names: Names, values: Values, *, alive: bool) -> Iterator[Series]:
    for definition, labels, index in names:
        yield Series(definition, labels, tuple(values[index : index + definition.width]), alive)


def _claim(directory: Path) -> FileIO:
    """The file of a worker that died, else a new one; locked for as long as this process lives."""
    for path in directory.glob(f"*{SUFFIX}"):
        file = path.open("r+b", buffering=0)
        if _lock(file, fcntl.LOCK_EX):
            return file
        file.close()
    path = directory / secrets.token_hex(8)
    file = path.open("x+b", buffering=0)
    file.truncate(SIZE)
    fcntl.flock(file, fcntl.LOCK_EX)
    # Under its name it is seen as one that is locked, and whole.
    path.rename(path.with_suffix(SUFFIX))
    return file


def _lock(file: FileIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read_names(file: FileIO) -> Names:
    file.seek(SIZE)
    found: Names = []
    for line in file.read().splitlines():
        # One that is cut short names nothing that was counted yet.
        with suppress(ValueError):
            name, labels, index = json.loads(line)
            found.append((_KNOWN[name], tuple(labels), index))
    return found
