"""What is written to a connection in one turn of the event loop, sent in one piece.

uvicorn writes the head of an answer and its body one after the other, and uvloop sends at once what is
written: two calls of the system, two packets, and a client that is woken twice.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class CorkedTransport:
    """Any transport, with what is written held until the end of this turn of the loop."""

    def __init__(self, transport: asyncio.BaseTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport: Any = transport
        self._loop = loop
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send the bytes, soon."""
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)

    def close(self) -> None:
        """Send what is held, and close the connection."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held = self._held, []
        # The client may have gone in this very turn.
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held))


class CorkedProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools, on a transport that sends an answer in one piece."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve a connection."""
        super().connection_made(cast("asyncio.Transport", CorkedTransport(transport, self.loop)))
