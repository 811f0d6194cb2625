"""How far an import came."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from domain.errors import InvalidInput
from entrypoints.cli.state import StateFile, state_path


@dataclass(frozen=True, slots=True)
class Place:
    """All rows up to `row` are dealt with: so many of them were written, and so many refused."""

    row: int = 0
    written: int = 0
    refused: int = 0


class _Form(msgspec.Struct):
    size: int
    mtime_ns: int
    options: dict[str, object]
    place: Place


class Bookmark:
    """The place of one import: of this file, into this collection of this store, with these options.

    Another size, time of change or option makes it another file, behind whose rows nobody can go on.
    """

    def __init__(
        self,
        file: Path,
        *,
        collection: str,
        store: str,
        options: Mapping[str, object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        known = file.stat()
        # As they are read back, with lists for tuples.
        read_back = msgspec.json.decode(msgspec.json.encode(options), type=dict[str, object])
        self._form = _Form(known.st_size, known.st_mtime_ns, read_back, Place())
        self._state = StateFile(state_path("imports", str(file.resolve()), collection, store), _Form, clock)
        self._file = file

    @property
    def broken(self) -> bool:
        """Whether the place could not be kept."""
        return self._state.broken

    def find(self) -> Place | None:
        """The place that was kept, None where there is none. Raises `InvalidInput` where the file is another now."""
        try:
            kept = self._state.read()
        except ValueError:
            return None
        if kept is None:
            return None
        if msgspec.structs.replace(self._form, place=kept.place) != kept:
            raise InvalidInput(
                self._file.name,
                "the file and the options of the import that was interrupted; begin anew, without --resume",
            )
        return kept.place

    def keep(self, place: Place, *, now: bool = False) -> None:
        """Keep the place, now or now and then."""
        self._form.place = place
        self._state.keep(self._form, now=now)

    def forget(self) -> None:
        """There is nothing to go on with."""
        self._state.forget()
