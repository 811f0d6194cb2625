"""What an import tells while it goes on: a bar, the first refused rows, all of them in a file, and its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

from domain.errors import InvalidInput
from domain.importing import Imported
from entrypoints.cli.bookmark import Bookmark, Place

if TYPE_CHECKING:
    from entrypoints.cli.progress import progress

SHOWN = 5
"""How many refused rows are shown."""


class Journal:
    """Takes the reports of an import that begins behind the row `begin`.

    On exit without `end` it keeps the place, and says how to go on. `refused` is a file for all refused
    rows: a line of JSON each, with `row` and `reason`.
    """

    def __init__(self, bar: progress, bookmark: Bookmark, begin: Place, refused: Path | None, source: Path) -> None:
        if refused is not None and refused.exists() and refused.samefile(source):
            raise InvalidInput("--refused", "another file than the one that is imported")
        self.place = begin
        self._begin = begin
        self._bar = bar
        self._bookmark = bookmark
        self._file: TextIO | None = (
            None if refused is None else refused.open("a" if begin.row else "w", encoding="utf-8")
        )
        self._shown = 0
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._file is not None:
            self._file.close()
        if not self._ended and self.place.row:
            self._bookmark.keep(self.place, now=True)
            kept = "could not be kept: begin anew" if self._bookmark.broken else "is kept: --resume goes on there"
            self._bar.say(f"stopped behind row {self.place.row:,}; the place {kept}")

    def end(self) -> Place:
        """All is done; how much."""
        self._ended = True
        if self._shown < self.place.refused - self._begin.refused and self._file is None:
            self._bar.say("--refused FILE tells of every refused row")
        self._bookmark.forget()
        return self.place

    def report(self, done: Imported) -> None:
        """So much more is done."""
        self._bar.advance(done.row - self.place.row)
        if done.share > 0:
            # Without a known number of rows, by the bytes that they took so far. Exact at the end.
            self._bar.expect(max(self._bar.done, round(done.row / min(done.share, 1.0)) - self._begin.row))
        for one in done.refused:
            if self._shown < SHOWN:
                self._shown += 1
                self._bar.say(f"row {one.row:,} is refused: {one.reason}")
            if self._file is not None:
                print(json.dumps({"row": one.row, "reason": one.reason}), file=self._file)
        if done.refused and self._file is not None:
            self._file.flush()
        place = self.place
        self.place = Place(done.row, place.written + done.written, place.refused + len(done.refused))
        self._bookmark.keep(self.place)
