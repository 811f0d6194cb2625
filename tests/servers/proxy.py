"""A TCP proxy that stands between a client and a real server, and misbehaves when a test says so.

    async with FaultProxy("127.0.0.1", server.port) as proxy:
        proxy.hang()
        ...
        proxy.pass_through()

`ThreadedFaultProxy` is the same for tests that are not asynchronous, and for those whose own event
loop must not be what moves the bytes.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from tests.servers.proxy_core import ProxyCore
from tests.servers.proxy_links import Direction

__all__ = ["Direction", "FaultProxy", "ThreadedFaultProxy"]

PATIENCE = 10.0
"""Seconds that the thread may take to do what it is told."""


class FaultProxy(ProxyCore):
    """In the event loop of the test. Its methods are called there too."""

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    def _apply(self, change: Callable[[], None]) -> None:
        change()


class ThreadedFaultProxy(ProxyCore):
    """In an event loop and a thread of its own. Its methods are called from any other thread."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._leave = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()), name="fault-proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result(PATIENCE)
        try:
            self.start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _apply(self, change: Callable[[], None]) -> None:
        async def run() -> None:
            change()

        asyncio.run_coroutine_threadsafe(run(), self._started.result()).result(PATIENCE)

    async def _live(self) -> None:
        self._started.set_result(asyncio.get_running_loop())
        await self._leave.wait()
        await self._close()

    def _end(self) -> None:
        self._apply(self._leave.set)
        self._thread.join(PATIENCE)
