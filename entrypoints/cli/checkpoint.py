"""How far a copy has come, in a file: so that one that was interrupted goes on where it was."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from domain.copying import Position
from domain.errors import InvalidInput
from domain.models import PointId, parse_uuid

EVERY_SECONDS = 1.0
"""How often the file is written at most."""


class _PositionForm(msgspec.Struct):
    next: int | str | None
    copied: int
    sample: list[int | str]
    done: bool


class _CheckpointForm(msgspec.Struct):
    source: str
    target: str
    collections: dict[str, _PositionForm]


class Checkpoint:
    """The positions of all collections of one copy. URLs hold no secret, so they may stand in the file."""

    def __init__(
        self, source: str, target: str, path: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        name = hashlib.blake2b(f"{source}\n{target}".encode(), digest_size=4).hexdigest()
        self.path = path or Path(f".holdfast-copy-{name}.json")
        self._form = _CheckpointForm(source, target, {})
        self._clock = clock
        self._written = clock()

    def load(self) -> None:
        """Read the file, where there is one. Raises `InvalidInput` for one of another copy, or none of ours."""
        try:
            found = msgspec.json.decode(self.path.read_bytes(), type=_CheckpointForm)
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            raise InvalidInput("--state", f"a file that an interrupted copy left, and {self.path} is none") from None
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
        if self._clock() - self._written >= EVERY_SECONDS:
            self.write()

    def write(self) -> None:
        """Write the file, whole or not at all."""
        new = self.path.with_name(f"{self.path.name}.new")
        new.write_bytes(msgspec.json.encode(self._form))
        new.replace(self.path)
        self._written = self._clock()

    def remove(self) -> None:
        """The copy is whole, and needs no file."""
        self.path.unlink(missing_ok=True)


def _text(point_id: PointId) -> int | str:
    return point_id if isinstance(point_id, int) else str(point_id)


def _id(value: int | str) -> PointId:
    return parse_uuid(value) if isinstance(value, str) else value
