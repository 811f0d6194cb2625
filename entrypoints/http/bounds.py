"""What bounds the work for a request: its deadline, and its client's presence."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.deadline import deadline

PATIENCE = 0.05
"""Seconds of work after which to look whether the client is still there: most requests end before."""

_WRITES = ("PUT", "PATCH", "DELETE")


class RequestBounds:
    """Hands a deadline down (seconds, for reads and for writes), and cancels the work for a client who has gone.

    Routes of health have none: they ask with a time limit of their own.
    """

    def __init__(self, app: ASGIApp, *, read_seconds: float, write_seconds: float) -> None:
        self._app = app
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds
        self._watches = _Watches()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        is_write = scope["method"] in _WRITES or scope["path"].endswith("/points/delete")
        with deadline(self._write_seconds if is_write else self._read_seconds):
            watch = _Watch(scope, receive, self._watches)
            try:
                await self._app(scope, watch.receive, send)
            except asyncio.CancelledError:
                if watch.client_left():
                    raise ClientDisconnect from None
                raise
            finally:
                watch.end()


class _Watches:
    """Begins the watches that have stood for `PATIENCE`: one timer for all of them, since most end before."""

    def __init__(self) -> None:
        self._standing: dict[_Watch, float] = {}
        self._ticking: asyncio.AbstractEventLoop | None = None

    def add(self, watch: _Watch) -> None:
        """Let the watch begin in a while, unless it is removed first."""
        self._standing[watch] = watch.loop.time() + PATIENCE
        if self._ticking is not watch.loop:
            # None, or one that ended: an application may be served by one loop after the other.
            self._ticking = watch.loop
            watch.loop.call_later(PATIENCE, self._look, watch.loop)

    def remove(self, watch: _Watch) -> None:
        """The watch is not needed any more."""
        self._standing.pop(watch, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._ticking = None
        now = loop.time()
        for watch, due in list(self._standing.items()):
            if due > now:
                self._ticking = loop
                loop.call_at(due, self._look, loop)
                break
            del self._standing[watch]
            watch.begin()


class _Watch:
    """Waits for the client to leave once the body has been read, and then cancels the request's task."""

    __slots__ = ("_left", "_receive", "_task", "_watches", "_watching", "loop")

    def __init__(self, scope: Scope, receive: Receive, watches: _Watches) -> None:
        self._receive = receive
        self._watches = watches
        self.loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(self.loop)
        self._watching: asyncio.Task[None] | None = None
        self._left = False
        if not _has_body(scope):
            watches.add(self)

    async def receive(self) -> Message:
        """The next message of the request's body."""
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._watches.add(self)
        return message

    def client_left(self) -> bool:
        """Whether the cancellation that was caught is the watch's own."""
        return self._left and self._task is not None and self._task.uncancel() == 0

    def begin(self) -> None:
        """Watch from now on."""
        self._watching = self.loop.create_task(self._wait())

    def end(self) -> None:
        """Watch no longer."""
        self._watches.remove(self)
        if self._watching is not None:
            self._watching.cancel()

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
        if self._task is not None:
            self._task.cancel()


def _has_body(scope: Scope) -> bool:
    names = [name for name, _ in scope["headers"]]
    return b"content-length" in names or b"transfer-encoding" in names
