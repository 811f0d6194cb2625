"""How far an import came, kept in a small file, so that one that was interrupted can go on."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from domain.errors import InvalidInput

EVERY_SECONDS = 1.0
"""The least time between two writes of the file."""


@dataclass(frozen=True, slots=True)
class Place:
    """All rows up to `row` are dealt with: so many of them were written, and so many refused."""

    row: int = 0
    written: int = 0
    refused: int = 0


def folder() -> Path:
    """Where the files are: `holdfast/imports` in the user's folder for state, as XDG has it."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "holdfast" / "imports"


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
        self._facts = {"size": known.st_size, "mtime_ns": known.st_mtime_ns, "options": dict(options)}
        # The store's URL stands in no file.
        key = json.dumps([str(file.resolve()), collection, store])
        self._path = folder() / f"{hashlib.blake2b(key.encode(), digest_size=12).hexdigest()}.json"
        self._file = file
        self._clock = clock
        self._kept = clock()
        self.broken = False

    def find(self) -> Place | None:
        """The place that was kept, None where there is none. Raises `InvalidInput` where the file is another now."""
        try:
            kept = json.loads(self._path.read_bytes())
            place = Place(**kept.pop("place"))
        except (OSError, ValueError, TypeError, LookupError, AttributeError):
            return None
        if kept != json.loads(json.dumps(self._facts)):
            raise InvalidInput(
                self._file.name,
                "the file and the options of the import that was interrupted; begin anew, without --resume",
            )
        return place

    def keep(self, place: Place, *, now: bool = False) -> None:
        """Keep the place, at most once a second unless it has to be now. A full disk does not end the import."""
        if not now and self._clock() - self._kept < EVERY_SECONDS:
            return
        self._kept = self._clock()
        part = self._path.with_suffix(".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps({**self._facts, "place": asdict(place)}))
            part.replace(self._path)
        except OSError:
            self.broken = True

    def forget(self) -> None:
        """There is nothing to go on with."""
        with suppress(OSError):
            self._path.unlink()
