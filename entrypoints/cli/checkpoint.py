"""How far a copy came."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from domain.copying import Position
from domain.errors import InvalidInput
from domain.models import PointId, parse_uuid
from entrypoints.cli.state import StateFile


class _PositionForm(msgspec.Struct):
    next: int | str | None
    copied: int
    sample: list[int | str]
    done: bool


class _Form(msgspec.Struct):
    source: str
    target: str
    collections: dict[str, _PositionForm]


class Checkpoint:
    """The positions of all collections of one copy. URLs hold no secret, so they may stand in the file."""

    def __init__(self, source: str, target: str, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._form = _Form(source, target, {})
        self._state = StateFile(path, _Form, clock)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._state.path

    def load(self) -> None:
        """Read the file, where there is one. Raises `InvalidInput` for one of another copy, or none of ours."""
        try:
            found = self._state.read()
        except ValueError:
            raise InvalidInput("--state", f"a file that an interrupted copy left, and {self.path} is none") from None
        if found is None:
            return
        if (found.source, found.target) != (self._form.source, self._form.target):
            raise InvalidInput("--state", f"the file of this copy, and {self.path} is that of another")
        self._form = found

    def position(self, collection: str) -> Position:
        """How far the collection is."""
        form = self._form.collections.get(collection)
        if form is None:
            return Position()
        start = None if form.next is None else _id(form.next)
        return Position(start, form.copied, tuple(map(_id, form.sample)), form.done)

    def note(self, collection: str, position: Position) -> None:
        """Keep the position, and write the file now and then."""
        start, sample = position.next, [_text(point_id) for point_id in position.sample]
        form = _PositionForm(None if start is None else _text(start), position.copied, sample, position.done)
        self._form.collections[collection] = form
        self._state.keep(self._form)

    def write(self) -> bool:
        """Write the file now; whether that could be done."""
        self._state.keep(self._form, now=True)
        return not self._state.broken

    def remove(self) -> None:
        """The copy is whole, and needs no file."""
        self._state.forget()


def _text(point_id: PointId) -> int | str:
    return point_id if isinstance(point_id, int) else str(point_id)


def _id(value: int | str) -> PointId:
    return parse_uuid(value) if isinstance(value, str) else value
