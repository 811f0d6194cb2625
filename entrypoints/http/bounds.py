"""What bounds the work for a request: its deadline, and its client's presence."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.deadline import deadline

PATIENCE = 0.02
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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"].startswith("/health/"):
            await self._app(scope, receive, send)
            return
        is_write = scope["method"] in _WRITES or scope["path"].endswith("/points/delete")
        with deadline(self._write_seconds if is_write else self._read_seconds):
            watch = _Watch(scope, receive)
            try:
                await self._app(scope, watch.receive, send)
            except asyncio.CancelledError:
                if watch.client_left():
                    raise ClientDisconnect from None
                raise
            finally:
                watch.end()


class _Watch:
    """Waits for the client to leave once the body has been read, and then cancels the request's task."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._receive = receive
        self._task = asyncio.current_task()
        self._watching: asyncio.Task[None] | None = None
        self._left = False
        self._timer: asyncio.TimerHandle | None = None
        if not _has_body(scope):
            self._begin()

    async def receive(self) -> Message:
        """The next message of the request's body."""
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._begin()
        return message

    def client_left(self) -> bool:
        """Whether the cancellation that was caught is the watch's own."""
        return self._left and self._task is not None and self._task.uncancel() == 0

    def end(self) -> None:
        """Watch no longer."""
        if self._timer is not None:
            self._timer.cancel()
        if self._watching is not None:
            self._watching.cancel()

    def _begin(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._start)

    def _start(self) -> None:
        self._watching = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
        if self._task is not None:
            self._task.cancel()


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
