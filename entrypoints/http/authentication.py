"""Who is asking: the key of each request, before anything else of it is looked at."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from domain.access import Grant
from domain.errors import Unauthenticated
from domain.ports import KeyRing

OPEN_PATHS = frozenset({"/", "/docs", "/health/live", "/health/ready", "/openapi.json"})
"""What everybody may read without a key. Whoever adds a path makes all of its answers public."""

OPEN_FOLDER = "/docs/"
"""The files of a page that is open."""

PARTLY_OPEN_PATHS = frozenset({"/health/infra"})
"""What everybody may ask, and is told in full who is known: these routes ask `is_known`."""

LONGEST = 256
"""Bytes of a header that can hold a key. A key has 46."""

_READS = ("GET", "HEAD")


class Authentication:
    """Finds the caller's grant by `Authorization: Bearer KEY` or `X-API-Key: KEY`, for `grant_of` to give.

    Raises `Unauthenticated` where there is no good key, on every path but the open ones, so that nobody else
    learns even which paths there are. It stands before all that costs more than it does.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing) -> None:
        self._app = app
        self._find = keys.find
        self._anonymous = keys.anonymous

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            scope["state"]["grant"] = self._anonymous or self._grant(scope)
        await self._app(scope, receive, send)

    def _grant(self, scope: Scope) -> Grant | None:
        path = scope["path"]
        if (path in OPEN_PATHS or path.startswith(OPEN_FOLDER)) and scope["method"] in _READS:
            return None
        secret = _secret(scope["headers"])
        if secret is None and path in PARTLY_OPEN_PATHS and scope["method"] in _READS:
            return None
        grant = None if secret is None else self._find(secret)
        if grant is None:
            raise Unauthenticated
        return grant


def _secret(headers: list[tuple[bytes, bytes]]) -> str | None:
    """The key that the headers hold; None without one. Raises `Unauthenticated` where they make no sense."""
    bearer = plain = None
    for name, value in headers:
        if name == b"authorization":
            if bearer is not None:
                raise Unauthenticated
            bearer = _bearer(value)
        elif name == b"x-api-key":
            if plain is not None:
                raise Unauthenticated
            plain = _text(value)
    if bearer is None or plain is None or bearer == plain:
        return bearer or plain
    raise Unauthenticated


def _bearer(value: bytes) -> str:
    if len(value) > LONGEST or value[:7].lower() != b"bearer ":
        raise Unauthenticated
    return _text(value[7:])


def _text(value: bytes) -> str:
    if len(value) > LONGEST or not value.isascii() or not (text := value.decode("ascii").strip()):
        raise Unauthenticated
    return text
