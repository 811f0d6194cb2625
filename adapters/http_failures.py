"""What the errors of HTTP mean, for every adapter whose backend speaks it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import httpx
from pydantic import ValidationError

from domain.errors import Failure

MAX_RETRY_AFTER = 3600.0

_LONGEST = 300
"""How much of what a server says is passed on."""

STATUS_FAILURES: Mapping[int, Failure] = MappingProxyType(
    {
        401: Failure.UNAUTHORIZED,
        403: Failure.UNAUTHORIZED,
        408: Failure.TIMEOUT,
        429: Failure.OVERLOADED,
        502: Failure.UNREADY,
        503: Failure.UNREADY,
        504: Failure.UNREADY,
    }
)
"""Statuses by which a server, or a proxy before it, fails in a way of its own; any other error is a fault."""


def failure_of(error: Exception) -> Failure:
    """How the server failed, by what httpx raised."""
    match error:
        case httpx.PoolTimeout():
            return Failure.OVERLOADED
        case httpx.TimeoutException():
            return Failure.TIMEOUT
        case httpx.ConnectError():
            return Failure.REFUSED
        case httpx.RemoteProtocolError():
            ended = str(error).startswith(("Server disconnected", "peer closed connection"))
            return Failure.RESET if ended else Failure.GARBAGE
        case httpx.NetworkError():
            return Failure.RESET
        case httpx.DecodingError() | ValidationError():
            return Failure.GARBAGE
        case RuntimeError():
            return Failure.CLOSED
    return Failure.FAULT


def seconds(value: object) -> float | None:
    """A Retry-After in whole seconds, bounded; None for anything else."""
    text = str(value)
    return min(float(text), MAX_RETRY_AFTER) if text.isascii() and text.isdigit() else None


def one_line(message: str) -> str:
    """What a server says, for an error's text."""
    return " ".join("".join(char if char.isprintable() else " " for char in message[:_LONGEST]).split())
