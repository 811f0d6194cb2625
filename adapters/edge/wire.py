"""What goes between the engine's process and those that use it: frames, each a length and a value.

Values are pickled, since both ends are this package, of one user, over a socket in a folder that is his
alone. As a second line of defence nothing is made while reading but plain values and the domain's own.
"""

from __future__ import annotations

import asyncio
import io
import pickle
import struct
from collections.abc import Callable
from typing import Any, cast

LENGTH = struct.Struct("<Q")

_PLAIN = frozenset({("uuid", "UUID"), ("datetime", "datetime"), ("datetime", "timezone"), ("datetime", "timedelta")})


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        if module.startswith("domain.") and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module:
                return found
        raise pickle.UnpicklingError(f"a value of {module}.{name}")


def encode(value: object) -> bytes:
    """The frame of a value."""
    body = pickle.dumps(value, protocol=5)
    return LENGTH.pack(len(body)) + body


def decode(body: bytes) -> Any:
    """The value. Raises `pickle.UnpicklingError` or another error for what `encode` did not make."""
    return _Reader(io.BytesIO(body)).load()


class Frames(asyncio.Protocol):
    """Cuts what comes into frames, and hands the value of each to `take`. What is no frame ends the connection."""

    def __init__(self, take: Callable[[Any], None]) -> None:
        self._take = take
        self._received = bytearray()
        self._sent: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Of a stream it is one, though uvloop's says so by its methods alone.
        self._transport = cast("asyncio.Transport", transport)

    @property
    def open(self) -> bool:
        """Whether the other end can still be told something."""
        return self._transport is not None and not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._received)[0]
            if len(self._received) < end:
                return
            body = bytes(memoryview(self._received)[LENGTH.size : end])
            del self._received[:end]
            try:
                value = decode(body)
            except Exception:  # noqa: BLE001 - a pickle can fail in any way
                self.abort()
                return
            self._take(value)

    def send(self, value: object) -> None:
        """Send a value at the end of this turn of the loop, with the others, unless the connection has ended."""
        if not self._sent:
            asyncio.get_running_loop().call_soon(self.flush)
        self._sent.append(encode(value))

    def flush(self) -> None:
        """Send what waits to be sent."""
        sent, self._sent = self._sent, []
        if sent and self._transport is not None and self.open:
            self._transport.write(b"".join(sent))

    def abort(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()
