"""The service as users run it: a process of its own, set by its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from adapters.backends import PREFIX
from tests.servers.process import HOST, ChildProcess, free_port

ROOT = Path(__file__).parents[2]

STORE_DOWN = {"detail": "Vector database temporarily unavailable. Please try again later."}
CACHE_DOWN = {"detail": "Cache temporarily unavailable. Please try again later."}


def holdfast(*arguments: str, **settings: object) -> tuple[list[str], dict[str, str]]:
    """A `holdfast` command and its environment: `QDRANT__URL="..."` and the like, and nothing from outside."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    env |= {f"{PREFIX}{name}": str(value) for name, value in settings.items()}
    return [sys.executable, "-m", "entrypoints.cli", *arguments], env


def service(**settings: object) -> tuple[str, ChildProcess]:
    """The URL and the process of `holdfast serve`, not started yet, on a free port."""
    port = free_port()
    command, env = holdfast("serve", "--port", str(port), **settings)
    url = f"http://{HOST}:{port}"
    return url, ChildProcess.on_url(command, f"{url}/health/live", env=env, cwd=ROOT)


def workers_of(process: ChildProcess) -> set[int]:
    """The ids of the workers of `holdfast serve`."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
    return {child for child, command in commands.items() if b"entrypoints.server.worker" in command}


PATIENCE = 90.0
"""Seconds for several processes that start at once, on a machine that has other things to do."""


@contextmanager
def started(*processes: ChildProcess) -> Iterator[None]:
    """The processes, started at once, waited for, and closed at the end."""
    with ExitStack() as stack:
        for process in processes:
            stack.callback(process.close)
            process.start(wait=False)
        for process in processes:
            process.wait_ready(PATIENCE)
        yield


def start_again(process: ChildProcess) -> None:
    """Start a process that ended, and wait until it serves."""
    process.start(wait=False)
    process.wait_ready(PATIENCE)
