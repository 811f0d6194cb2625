"""What surrounds every request, in pure ASGI: its id, its line in the log, and the answer to its errors."""

from __future__ import annotations

import asyncio
import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import HoldfastError
from entrypoints.http.errors import INTERNAL, STOPPING, answer_domain_error, error_response, retry_after
from entrypoints.logs import describe_exception

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.http")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_LONGEST_PATH = 512

CLIENT_GONE = 499
"""The status in the log of a request whose client left before the answer (a custom of nginx)."""


class InFlight:
    """Counts requests that have begun and not ended."""

    def __init__(self) -> None:
        self._count = 0
        self._cut_off = 0
        self._none = asyncio.Event()
        self._none.set()

    def __enter__(self) -> None:
        self._count += 1
        self._none.clear()

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self._count -= 1
        self._cut_off += kind is asyncio.CancelledError
        if not self._count:
            self._none.set()

    async def drained(self, timeout: float) -> int:
        """Wait until all have ended, at most `timeout` seconds; how many have not, or were cancelled before."""
        try:
            async with asyncio.timeout(timeout):
                await self._none.wait()
        except TimeoutError:
            pass
        return self._count + self._cut_off


class RequestContext:
    """Gives each request an id (the client's, if it sent a good one), and the log a line for it."""

    def __init__(self, app: ASGIApp, in_flight: InFlight) -> None:
        self._app = app
        self._in_flight = in_flight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = CLIENT_GONE
        begun = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        with self._in_flight, structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                log.info(
                    "request",
                    method=scope["method"],
                    path=_shown_path(scope),
                    status=status,
                    duration_ms=round((time.perf_counter() - begun) * 1000, 3),
                )


class ErrorResponses:
    """Answers every error: those of the domain by their kind, any other as a 500 that gives nothing away."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def noting_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            # The server gives up waiting for its requests when it stops, and would send a page of its own.
            if not begun:
                await error_response(503, STOPPING, retry_after(None))(scope, receive, send)
            raise
        except Exception as error:
            response = answer_domain_error(error) if isinstance(error, HoldfastError) else None
            if response is None or begun:
                log.error("request_failed", response_begun=begun, **describe_exception(error))
            if begun:
                # The server closes the connection of an answer that it sees unfinished.
                return
            bug = error_response(500, INTERNAL, more={"request_id": scope["state"]["request_id"]})
            await (response or bug)(scope, receive, send)


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _shown_path(scope: Scope) -> str:
    """The path as it came, still escaped, so that it cannot forge a line."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("unicode_escape")
    return raw[:_LONGEST_PATH].decode("ascii", "backslashreplace")
