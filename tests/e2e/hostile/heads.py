"""How hostile requests are written, and where they go."""

from __future__ import annotations

from dataclasses import dataclass

ONE = "/v1/collections/hostile"
ROUTES = [
    ("GET", "/v1/collections"), ("PUT", "/v1/collections/other"), ("GET", ONE), ("PUT", f"{ONE}/indexes/a"),
    ("PUT", f"{ONE}/points"), ("PATCH", f"{ONE}/points"), ("GET", f"{ONE}/points/1"),
    ("POST", f"{ONE}/points/retrieve"),
    ("POST", f"{ONE}/points/delete"), ("POST", f"{ONE}/scroll"), ("POST", f"{ONE}/count"), ("POST", f"{ONE}/search"),
    ("POST", f"{ONE}/search/batch"), ("DELETE", f"{ONE}/cache"), ("DELETE", "/v1/collections/other"),
    ("GET", "/health/live"), ("GET", "/health/infra"),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hostile:
    """What is sent, in pieces; after each of them but the last one waits for `pause` seconds. `kind` is its name.

    `whole` says that nothing more than an answer is to be waited for; else the client leaves after `patience` seconds.
    """

    kind: str
    pieces: tuple[bytes, ...]
    pause: float = 0.0
    whole: bool = True
    patience: float = 0.05


def head(method: str, path: str | bytes, *fields: bytes, version: bytes = b"1.1") -> bytes:
    """The head of a request."""
    target = path if isinstance(path, bytes) else path.encode()
    lines = [b"%b %b HTTP/%b" % (method.encode(), target, version), b"Host: hostile", *fields]
    return b"\r\n".join([*lines, b"", b""])


JSON, CHUNKED, CLOSE = b"Content-Type: application/json", b"Transfer-Encoding: chunked", b"Connection: close"


UPGRADE = (b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: x", b"Sec-WebSocket-Version: 13")


def length(body: bytes) -> bytes:
    """The field that declares a body."""
    return b"Content-Length: %d" % len(body)
