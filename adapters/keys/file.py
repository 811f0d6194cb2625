"""A file that is read again when it has changed."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

MOST_BYTES = 4 * 1024 * 1024
"""Of a file of keys: some twenty thousand of them."""

SETTLED = 2.0
"""Seconds for which a file has to be unchanged before its times tell it from what may follow in the same tick."""


class WatchedFile:
    """Tells what a file holds whenever that is something new: written in place, or put in its place by a rename."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.path = path
        self._now = now
        self._seen: tuple[int, ...] | None = None
        self._data: bytes | None = None

    def changed(self) -> bytes | None:
        """What the file holds, unless that is what it held the last time. Raises `OSError`.

        After an error everything is new.
        """
        try:
            status = self.path.stat()
            if _signature(status) == self._seen:
                return None
            data, status = read_whole(self.path)
        except OSError:
            self._seen = self._data = None
            raise
        settled = self._now() - max(status.st_mtime, status.st_ctime) > SETTLED
        self._seen = _signature(status) if settled else None
        if data == self._data:
            return None
        self._data = data
        return data


def read_whole(path: Path) -> tuple[bytes, os.stat_result]:
    """What a regular file of no more than `MOST_BYTES` holds, and its status. Raises `OSError`."""
    # A pipe would be waited for.
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(0, "it is no regular file", str(path))
    with path.open("rb") as file:
        # In this order, so that what is written in between is seen the next time.
        status = os.fstat(file.fileno())
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise OSError(0, f"it has more than {MOST_BYTES} bytes", str(path))
    return data, status


def _signature(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
