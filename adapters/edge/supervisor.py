"""Starts the engine's process on a data directory, and again when it dies."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.engine")

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds before an engine that died is started again; doubled each time, as long as it dies soon."""

SOON = 10.0

GRACE = 20.0
"""Seconds that the engine has to sync and end."""

LOCK = "server.lock"

PACKAGES = Path(__file__).parents[2]
"""Where this package is found. Python looks in its working directory first, where others may have theirs."""

_SEVERE = frozenset({"engine_fault", "graph_not_built"})


class DirectoryInUse(Exception):
    """Another process has the data directory; the message names both."""


class EngineMissing(Exception):
    """The engine is not installed; the message says how to install it."""


class EngineSupervisor:
    """The engine's process on the data directory `root`, which is made where it is missing.

    `synced` says whether writes are synced to disk before they are acknowledged. A thread looks after the
    process, so that neither an event loop nor its absence matters.

    Raises `EngineMissing`, `DirectoryInUse`, and `OSError` for a directory that cannot be made.
    """

    def __init__(self, root: Path, *, synced: bool = False) -> None:
        if find_spec("qdrant_edge") is None:
            raise EngineMissing("the embedded engine is not installed: pip install 'holdfast[edge]'")
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _lock(root)
        self._command = [sys.executable, "-m", "adapters.edge.process", str(root.resolve())]
        self._command.append("disk" if synced else "process")
        self._starts = 0
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The id of the process, while there is one."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """Let the engine sync and end. A second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        process = self._process
        if process is not None and process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        self._thread.join(GRACE)
        process = self._process
        if process is not None and process.poll() is None:
            log.error("engine_killed", after_seconds=GRACE)
            process.kill()
            process.wait()
        self._lock.close()

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            begun, code = time.monotonic(), self._serve()
            if self._stopping.is_set():
                log.info("engine_stopped")
                return
            lived = time.monotonic() - begun
            pause = FIRST_PAUSE if lived > SOON else min(2 * pause or FIRST_PAUSE, LONGEST_PAUSE)
            log.error("engine_died", exit_code=code, after_seconds=round(lived, 3), again_in=pause)

    def _serve(self) -> int | None:
        """The engine's exit code; None where it could not be started, as for want of descriptors or memory."""
        try:
            command = [*self._command, str(self._starts)]
            process = subprocess.Popen(  # noqa: S603 - this program, and a path that is one argument # nosec B603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PACKAGES
            )
            self._starts += 1
        except OSError as error:
            log.error("engine_not_started", error=type(error).__name__, message=error.strerror)
            return None
        with process:
            self._process = process
            if self._stopping.is_set() and process.stdin is not None:
                process.stdin.close()
            for line in process.stdout or ():
                _retell(line)
        return process.returncode


def _retell(line: bytes) -> None:
    """Log what the engine tells."""
    try:
        told = json.loads(line)
        event = told.pop("event")
    except (ValueError, LookupError, TypeError, AttributeError):
        return
    (log.error if event in _SEVERE else log.info)(event, **told)


def _lock(root: Path) -> TextIO:
    """Take the directory for this process."""
    file = (root / LOCK).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        owner = file.read().strip() or "unknown"
        file.close()
        raise DirectoryInUse(f"the data in {root} is in use by another Holdfast, process {owner}") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
