"""Real Redis servers that belong together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import redis

from tests.servers.process import STARTUP_SECONDS
from tests.servers.redis import RedisServer

DOWN_MILLISECONDS = 500
"""After so long a server counts as gone."""


class RedisGroup:
    """Servers that are started at once, and killed at the end. As a context manager it forms them on entry."""

    def __init__(self) -> None:
        self.servers: list[RedisServer] = []
        self._stack = ExitStack()

    def add(self, **options: Any) -> RedisServer:
        """One more server, not started yet."""
        server = RedisServer(**options)
        self.servers.append(server)
        self._stack.callback(server.close)
        return server

    def form(self) -> None:
        """Have them find each other, once they all serve."""

    def start(self, servers: Sequence[RedisServer]) -> None:
        """Start these side by side."""
        for server in servers:
            server.process.start(wait=False)
        for server in servers:
            server.process.wait_ready()

    def __enter__(self) -> Self:
        try:
            self.start(self.servers)
            self.form()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def until(holds: Callable[[], object], seconds: float = STARTUP_SECONDS) -> None:
    """Wait until it holds; an error of Redis counts as no. Raises `RuntimeError`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except redis.RedisError:
            pass
        if time.monotonic() > deadline:
            raise RuntimeError(f"{holds} did not hold within {seconds} s")
        time.sleep(0.02)
