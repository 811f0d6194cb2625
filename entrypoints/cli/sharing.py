"""Where workers count together."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from containers import Settings

PREFIX = "holdfast-metrics-"

VARIABLE = "SOCIAL_TELEMETRY__METRICS_DIRECTORY"

NEW = 60.0
"""Seconds for which a directory is left alone: who made it may not have come to lock it."""


@contextmanager
def shared_metrics(settings: Settings) -> Iterator[None]:
    """A directory for the workers, where there are several; it is gone at the end."""
    if settings.http.workers == 1 or settings.telemetry.metrics_directory is not None:
        yield
        return
    _delete_left()
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as directory:
        held = os.open(directory, os.O_RDONLY)
        # It says that this process lives. systemd-tmpfiles, which deletes what is old, heeds it too.
        fcntl.flock(held, fcntl.LOCK_SH)
        os.environ[VARIABLE] = directory
        try:
            yield
        finally:
            del os.environ[VARIABLE]
            os.close(held)


def _delete_left() -> None:
    """Delete what a server left that was killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        # That of another user, or one that is in use, stays.
        with suppress(OSError):
            held = os.open(path, os.O_RDONLY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if time.time() - path.stat().st_mtime > NEW:
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(held)
