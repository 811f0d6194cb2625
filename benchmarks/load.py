"""The load generator: wrk with one thread, and how much it could send at most."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.questions import PATH

SCRIPT = Path(__file__).with_name("load.lua")
TIMEOUT = 20
MISSING = "wrk is not installed: apt-get install wrk (or brew install wrk)"


@dataclass(frozen=True, slots=True)
class Load:
    """What a run gave. Latencies are in milliseconds; `refusals` counts answers of 400 and above.

    `sender_cpu` is how many seconds of CPU the generator took.
    """

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    refusals: int = 0
    broken: int = 0
    sender_cpu: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @property
    def ceiling(self) -> float:
        """Requests a second that the generator could send with a core of its own."""
        return self.requests / self.sender_cpu if self.sender_cpu else 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """The bodies to ask for: `count` of them from number `first` on, in order and again."""

    first: int
    count: int


def check_wrk() -> None:
    """Raise `RuntimeError`, which says how to get it, where wrk is missing."""
    if shutil.which("wrk") is None:
        raise RuntimeError(MISSING)


def run_wrk(
    url: str,
    questions: Path | None,
    span: Span,
    *,
    connections: int,
    seconds: int,
    path: str = PATH,
    headers: Sequence[str] = (),
) -> Load:
    """Ask the service at `url` over so many connections. Without questions it is a GET.

    Raises `RuntimeError` where wrk fails.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{TIMEOUT}s", "-s", str(SCRIPT)]
    for header in headers:
        command += ["-H", header]
    command += [url + path, "--"]
    asked = [] if questions is None else [str(questions), str(span.first), str(span.count)]
    before = _children_cpu()
    done = _run([*command, *asked], seconds + 30)
    cpu = _children_cpu() - before
    for line in done.splitlines():
        if line.startswith("RESULT "):
            return Load(**json.loads(line.removeprefix("RESULT ")), sender_cpu=cpu)
    raise RuntimeError(f"wrk gave no result: {done[-500:]}")


def _run(command: Sequence[str], timeout: float) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"wrk ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout


def _children_cpu() -> float:
    """Seconds of CPU of all children that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
