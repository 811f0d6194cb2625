"""Processes of a benchmark: bare handlers, what a process and its children take of the machine, and an end of all."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.service import ROOT
from tests.servers.process import HOST, ChildProcess

MIB = 2**20

UVICORN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header")


def tree(pid: int) -> list[int]:
    """The process and all that descend from it, as far as the system tells (Linux does)."""
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def cpu_seconds(pid: int) -> float | None:
    """Seconds of CPU that the process and those that descend from it took so far; None where nobody tells."""
    total = 0.0
    for each in tree(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def memory(pid: int) -> dict[str, float]:
    """`VmHWM` (the most that was in memory), `VmRSS`, `RssAnon` and `RssFile` of one process in MiB."""
    kept = ("VmHWM", "VmRSS", "RssAnon", "RssFile")
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return {}
    fields = (line.partition(":") for line in lines)
    return {name: int(value.split()[0]) * 1024 / MIB for name, _, value in fields if name in kept}


def bare(app: str, port: int, env: dict[str, str] | None = None) -> ChildProcess:
    """A handler on the server that Holdfast has, with nothing around it."""
    command = [sys.executable, "-m", "uvicorn", app, *UVICORN, "--host", HOST, "--port", str(port)]
    return ChildProcess.on_url(command, f"http://{HOST}:{port}", env=env, cwd=ROOT)


@contextmanager
def running(process: ChildProcess) -> Iterator[ChildProcess]:
    """The process, started, and at the end stopped, by SIGTERM first; then what is left of its children is killed."""
    known: list[int] = []
    try:
        process.start()
        yield process
    finally:
        if process.running:
            known = tree(process.pid)[1:]
            process.stop()
        process.close()
        for pid in known:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)


def alive(pid: int) -> bool:
    """Whether there is a process with this id that has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
