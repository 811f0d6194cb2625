"""Connections that are watched: how many there are, and how slowly their clients send and read.

A server for HTTP waits for as long as its clients like. Here one timer looks through all connections every
now and then, which costs a request nothing but a look at the clock.
"""

from __future__ import annotations

import asyncio
import http
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import structlog

from containers import LimitSettings
from entrypoints.http.errors import OVERLOADED, retry_after
from entrypoints.server.corked import FEW

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.http")

NOTHING, HEAD, BODY = range(3)
"""What is still to come of the request that came last."""

LINGER = 2.0
"""Seconds in which what a refused client still sends is thrown away: closed at once, it would not read the answer."""

UNREAD = 256 * 1024
"""Bytes of a body that nobody reads any more, after which the connection is closed."""

HEAD_LATE = "The head of the request did not come in time."
BODY_LATE = "The body of the request did not come in time."


class Watch:
    """Looks through the connections of one server, for as long as there are any."""

    def __init__(self, limits: LimitSettings) -> None:
        self.limits = limits
        self._pause = min(max(min(limits.head_timeout, limits.body_timeout, limits.answer_timeout) / 4, 0.05), 1.0)
        self._connections: set[Watched] = set()
        self._ticking: asyncio.AbstractEventLoop | None = None

    def add(self, connection: Watched) -> bool:
        """Watch a connection; False where there are too many."""
        self._connections.add(connection)
        if self._ticking is not connection.loop:
            self._ticking = connection.loop
            connection.loop.call_later(self._pause, self._look, connection.loop)
        return len(self._connections) <= self.limits.connections

    def remove(self, connection: Watched) -> None:
        """The connection has ended."""
        self._connections.discard(connection)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for connection in list(self._connections):
            connection.look(now)
        self._ticking = loop if self._connections else None
        if self._connections:
            loop.call_later(self._pause, self._look, loop)


_watches: WeakKeyDictionary[Any, Watch] = WeakKeyDictionary()


def watch_of(server: object, app: object) -> Watch:
    """The watch of a server, with the limits of the application that it serves."""
    if server not in _watches:
        limits = getattr(getattr(app, "state", None), "limits", None)
        _watches[server] = Watch(limits if isinstance(limits, LimitSettings) else LimitSettings())
    return _watches[server]


class Watched:
    """What the protocols of uvicorn are given besides: they say what is to come, and this says what is late."""

    loop: asyncio.AbstractEventLoop
    transport: Any
    flow: Any
    cycle: Any
    server_state: Any

    def watch(self, watch: Watch) -> None:
        """Begin."""
        self.limits = watch.limits
        self.to_come, self.since, self.received = HEAD, self.loop.time(), 0
        self.lingering = self.deaf = False
        self._watch = watch
        self._reading: tuple[float, int] | None = None
        if not watch.add(self):
            self.refuse(503, OVERLOADED)

    def unwatch(self) -> None:
        """End: what comes now is said to nobody."""
        self._watch.remove(self)
        self.transport.ended()

    def on_response_complete(self) -> None:
        """The answer has been written."""
        if len(self.server_state.tasks) <= FEW:
            self.transport.flush()
        if self.lingering:
            self.server_state.total_requests += 1
        else:
            super().on_response_complete()  # type: ignore[misc]

    @property
    def answering(self) -> bool:
        """Whether a request that came whole is still being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def look(self, now: float) -> None:
        """See whether the client is too slow, and then end the connection."""
        if self._reads_too_slowly(now):
            self.transport.abort()
        elif self.lingering:
            if now - self.since > LINGER:
                self.transport.abort()
        elif self.to_come == HEAD:
            if not self.answering and now - self.since > self.limits.head_timeout:
                self.refuse(408, HEAD_LATE) if self.received else self.transport.close()
        elif self.to_come == BODY:
            if self.flow.read_paused:
                # It is the server that does not read, and the client has nothing to do with it.
                self.since = now
            elif now - self.since > self.limits.body_timeout + self.received / self.limits.bytes_per_second:
                self.refuse(408, BODY_LATE)

    def _reads_too_slowly(self, now: float) -> bool:
        waiting = self.transport.get_write_buffer_size()
        if not waiting:
            self._reading = None
            return False
        read = self.transport.written - waiting
        if self._reading is None:
            self._reading = now, read
        begun, before = self._reading
        if now - begun <= self.limits.answer_timeout:
            return False
        self._reading = now, read
        return bool(read - before < self.limits.bytes_per_second * (now - begun))

    def refuse(self, status: int, detail: str) -> None:
        """Answer what is no request, or comes too slowly, and end the connection."""
        if self.lingering or self.deaf:
            return
        log.info("refused", status=status, detail=detail)
        if self.answering and self.to_come != BODY:
            # The answers to the requests before are still to be sent, and this one would be taken for the first.
            self.deaf = True
            self.cycle.keep_alive = False
            return
        if self.answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not (self.answering and (self.cycle.response_started or getattr(self, "pipeline", ()))):
            self.transport.write(written_answer(status, detail))
        self.linger()

    def lingers(self) -> bool:
        """Whether the client may still be sending: then the connection is not closed yet, but will be soon."""
        if self.lingering or self.to_come == NOTHING or (self.to_come == HEAD and not self.received):
            return False
        self.linger()
        return True

    def linger(self) -> None:
        """Send nothing more, and throw away what comes, for a while."""
        if self.lingering:
            return
        self.lingering, self.since = True, self.loop.time()
        self.flow.resume_reading()
        self.transport.flush()
        with suppress(OSError, RuntimeError, NotImplementedError):
            self.transport.write_eof()


def written_answer(status: int, detail: str) -> bytes:
    """An error as it is sent, without an application."""
    body = msgspec.json.encode({"detail": detail})
    headers = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    if status == 503:
        headers |= retry_after(None)
    lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}", *(f"{name}: {headers[name]}" for name in headers)]
    return "\r\n".join([*lines, "", ""]).encode() + body
