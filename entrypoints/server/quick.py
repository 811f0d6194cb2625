"""uvicorn's protocol over httptools: watched, with heads that are bounded, and answers in one piece."""

from __future__ import annotations

import asyncio
from typing import cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from entrypoints.server.corked import CorkedTransport
from entrypoints.server.watched import BODY, HEAD, NOTHING, UNREAD, Watched, watch_of

NO_HTTP = "This is not a request of HTTP/1.1."

_UPGRADES = (b"connection", b"upgrade", b"http2-settings")


class _RefusedError(Exception):
    """What came of the head is refused already."""


class QuickProtocol(Watched, HttpToolsProtocol):
    """A connection. What it refuses is answered as by the application: JSON with `detail`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve a connection."""
        super().connection_made(cast("asyncio.Transport", CorkedTransport(transport, self.loop, self.lingers)))
        self._upgrade = False
        self.watch(watch_of(self.server_state, self.app))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self.unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        if self.lingering or self.deaf:
            return
        self._unset_keepalive_if_required()
        if self.to_come == NOTHING:
            self._expect_head()
        elif self.to_come == BODY and self.received > UNREAD and self.cycle.response_complete:
            self.linger()
            return
        self.received += len(data)
        cycle = self.cycle if self.to_come == BODY else None
        before = 0 if cycle is None else len(cycle.body)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.refuse(400, NO_HTTP)
        else:
            if self.to_come == HEAD and self.received > self.limits.head_bytes:
                self._refuse_head()
            elif cycle is not None:
                self._bound_frame(len(data), cycle, before)

    def on_message_begin(self) -> None:
        """A further request begins."""
        super().on_message_begin()
        if self.to_come == NOTHING:
            self._expect_head()
            self.received = 1

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field has come. One behind a body says nothing: what it could say was decided by the head."""
        if self.to_come == HEAD:
            super().on_header(name, value)
            if len(self.headers) > self.limits.head_fields:
                # Of thousands of fields each would cost as much again.
                self._refuse_head()
                raise _RefusedError

    def on_headers_complete(self) -> None:
        """The head has come."""
        if self.parser.should_upgrade():
            self._upgrade = True
            return
        self._check_head()
        super().on_headers_complete()
        self.to_come, self.since, self.received = BODY, self.loop.time(), 0
        self._frame = 0

    def on_message_complete(self) -> None:
        """The request has come whole."""
        if not self._upgrade:
            self.to_come = NOTHING
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self.refuse(400, NO_HTTP)

    def _expect_head(self) -> None:
        self.to_come, self.since, self.received = HEAD, self.loop.time(), 0

    def _check_head(self) -> None:
        """Refuse a head that is too large though it came whole, and a request when too many wait on the connection."""
        size = 0
        if self.received > self.limits.head_bytes:
            size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.limits.head_bytes:
            self._refuse_head()
            raise _RefusedError
        if len(self.pipeline) >= self.limits.pipelined:
            self.refuse(503, "Too many requests wait on this connection.")
            raise _RefusedError

    def _bound_frame(self, size: int, cycle: RequestResponseCycle, before: int) -> None:
        """Refuse what comes without end around a body, of which nothing comes: fields behind it, or of its chunks."""
        idle = cycle is self.cycle and self.to_come == BODY and len(cycle.body) == before
        # Once it is answered, what comes is thrown away.
        self._frame = self._frame + size if idle and not cycle.response_complete else 0
        if self._frame > self.limits.head_bytes:
            self.refuse(400, NO_HTTP)

    def _refuse_head(self) -> None:
        most, fields = self.limits.head_bytes, self.limits.head_fields
        self.refuse(431, f"The head of the request must be of at most {most} bytes and {fields} fields.")

    def _stay(self, rest: bytes) -> None:
        """Take the request for one of this protocol: nobody has to follow a client elsewhere.

        The parser takes what follows such a head for another protocol's, also where it is the body.
        """
        self._upgrade = False
        method = self.parser.get_method()
        if method == b"CONNECT":
            self.refuse(400, NO_HTTP)
            return
        lines = [b"%b %b HTTP/1.1" % (method, self.url)]
        lines += [b"%b: %b" % field for field in self.headers if field[0] not in _UPGRADES]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.data_received(b"\r\n".join([*lines, b"", rest]))
