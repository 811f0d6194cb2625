"""How far a long command came, kept in a small file, so that one that was interrupted can go on."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

Form = TypeVar("Form")

EVERY_SECONDS = 1.0
"""The least time between two writes of the file."""


def state_path(kind: str, *work: str) -> Path:
    """Where the file of this work is: in `holdfast` in the user's folder for state, as XDG has it."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    # The work is named by a hash: paths and URLs would be too long for a name, and are nobody's business in a listing.
    name = hashlib.blake2b(msgspec.json.encode(work), digest_size=12).hexdigest()
    return Path(base) / "holdfast" / kind / f"{name}.json"


class StateFile(Generic[Form]):
    """A file of JSON that is written at most once a second, whole or not at all.

    A full disk does not end the work: `broken` says whether the last write came to nothing.
    """

    def __init__(self, path: Path, form: type[Form], clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self.broken = False
        self._form = form
        self._clock = clock
        self._written = clock()

    def read(self) -> Form | None:
        """What was kept, None where there is no file. Raises `ValueError` for a file of something else."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=self._form)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            raise ValueError(self.path) from None

    def keep(self, content: Form, *, now: bool = False) -> None:
        """Write the file, unless that was done within the last second and does not have to be now."""
        if not now and self._clock() - self._written < EVERY_SECONDS:
            return
        self._written = self._clock()
        part = self.path.with_name(f"{self.path.name}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(msgspec.json.encode(content))
            part.replace(self.path)
        except OSError:
            self.broken = True
            with suppress(OSError):
                part.unlink()
        else:
            self.broken = False

    def forget(self) -> None:
        """There is nothing to go on with."""
        with suppress(OSError):
            self.path.unlink()
