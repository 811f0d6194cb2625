"""uvicorn's protocol over h11, where httptools is not installed: watched as the quick one."""

from __future__ import annotations

import asyncio
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from entrypoints.server.corked import CorkedTransport
from entrypoints.server.watched import BODY, HEAD, NOTHING, UNREAD, Watched, watch_of

NO_HTTP = "This is not a request of HTTP/1.1, or its head is too large."

_TO_COME = {h11.IDLE: HEAD, h11.SEND_BODY: BODY}


class PlainProtocol(Watched, H11Protocol):
    """A connection. What it refuses is answered as by the application: JSON with `detail`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve a connection."""
        super().connection_made(cast("asyncio.Transport", CorkedTransport(transport, self.loop, self.lingers)))
        self.watch(watch_of(self.server_state, self.app))

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        self.unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came."""
        if self.lingering or self.deaf:
            return
        if self.to_come == BODY and self.received > UNREAD and self.cycle.response_complete:
            self.linger()
            return
        if self.to_come == NOTHING:
            self._begin(HEAD)
        self.received += len(data)
        super().data_received(data)

    def handle_events(self) -> None:
        """Go on with what came."""
        super().handle_events()
        to_come = _TO_COME.get(self.conn.their_state, NOTHING)
        if to_come != self.to_come and not (self.lingering or self.deaf):
            self._begin(to_come)
            self.received = len(self.conn.trailing_data[0])

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        if self.answering and self.cycle.more_body:
            self.to_come = BODY
        self.refuse(400, NO_HTTP)

    def _begin(self, to_come: int) -> None:
        self.to_come, self.since, self.received = to_come, self.loop.time(), 0
