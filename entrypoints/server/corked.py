"""What is written to a connection at once, sent in one piece.

uvicorn writes the head of an answer and its body one after the other, and uvloop sends at once what is
written: two calls of the system, two packets, and a client that is woken twice. Here it is sent when the turn
ends in which it was written; with few requests in progress already when the answer is whole, so that it waits for
nothing that other connections want. With many of them that would cost more than it saves: the answers of a turn
that are sent one after the other wake their clients together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

FEW = 3
"""Requests in progress up to which an answer is sent as soon as it is whole."""


def _never() -> bool:
    return False


class CorkedTransport:
    """Any transport, with what is written held until `flush`, at the latest until this turn of the loop has ended.

    `lingers` is asked when it is to be closed; where it says so, that is left to it. `written` counts bytes.
    """

    def __init__(
        self,
        transport: asyncio.BaseTransport,
        loop: asyncio.AbstractEventLoop,
        lingers: Callable[[], bool] = _never,
    ) -> None:
        self._transport: Any = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._lingers = lingers
        self.written = 0
        # Asked of each connection every second.
        self.get_write_buffer_size: Callable[[], int] = cast("asyncio.WriteTransport", transport).get_write_buffer_size

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send the bytes, soon."""
        if not self._held:
            self._loop.call_soon(self.flush)
        self._held.append(data)

    def close(self) -> None:
        """Send what is held, and close the connection."""
        self.flush()
        if not self._lingers():
            self._transport.close()

    def ended(self) -> None:
        """Ask nobody any more: who is asked holds this, a ring that only the collector of garbage would open."""
        self._lingers = _never

    def flush(self) -> None:
        """Send what is held."""
        held, self._held = self._held, []
        # The client may have gone in this very turn.
        if held and not self._transport.is_closing():
            data = b"".join(held)
            self.written += len(data)
            self._transport.write(data)
