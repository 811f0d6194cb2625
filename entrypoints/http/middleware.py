"""What surrounds every request, in pure ASGI: its id, its line in the log, and the answer to its errors."""

from __future__ import annotations

import asyncio
import random
import re
import time
from contextlib import suppress

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import HoldfastError
from domain.ports import Metrics
from entrypoints.http.access import name_of
from entrypoints.http.errors import (
    INTERNAL,
    STOPPING,
    answer_domain_error,
    answer_http_exception,
    error_response,
    retry_after,
)
from entrypoints.http.templates import METHODS, route_of
from entrypoints.logs import describe_exception, request_id

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.http")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_LONGEST_PATH = 512
_SMALL_LENGTH = 5

CLIENT_GONE = 499
"""The status in the log of a request whose client left before the answer (a custom of nginx)."""


class InFlight:
    """Counts requests that have begun and not ended."""

    def __init__(self) -> None:
        self.count = 0
        self._cut_off = 0
        self._none: asyncio.Event | None = None

    def __enter__(self) -> None:
        self.count += 1

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self.count -= 1
        self._cut_off += kind is asyncio.CancelledError
        if not self.count and self._none is not None:
            self._none.set()

    async def drained(self, timeout: float) -> int:
        """Wait until all have ended, at most `timeout` seconds; how many have not, or were cancelled before."""
        self._none = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self.count:
                    self._none.clear()
                    await self._none.wait()
        return self.count + self._cut_off


class Answer:
    """Sends what answers one request, with the request's `id`; `status` is that of the answer, once it has begun."""

    __slots__ = ("_scope", "_send", "id", "status")

    def __init__(self, scope: Scope, send: Send, id_: str) -> None:
        self._scope = scope
        self._send = send
        self.id = id_
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (b"x-request-id", self.id.encode())]
            if self.status is not None and self.status >= 400 and _is_unread(self._scope):
                message["headers"].append((b"connection", b"close"))
        await self._send(message)


class RequestContext:
    """Gives each request an id (the client's, if it sent a good one), the log a line for it, and counts it."""

    def __init__(self, app: ASGIApp, in_flight: InFlight, metrics: Metrics) -> None:
        self._app = app
        self._in_flight = in_flight
        self._metrics = metrics
        # Bound once: a logger is otherwise put together anew for each line.
        self._log = log.bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = Answer(scope, send, _request_id(scope))
        scope.setdefault("state", {})["answer"] = answer
        token = request_id.set(answer.id)
        begun = time.perf_counter()
        self._metrics.request_began()
        with self._in_flight:
            try:
                await self._app(scope, receive, answer)
            finally:
                seconds, method, status = time.perf_counter() - begun, scope["method"], answer.status or CLIENT_GONE
                self._log.info(
                    "request",
                    method=method,
                    path=shown_path(scope),
                    status=status,
                    duration_ms=round(seconds * 1000, 3),
                    **_key(scope),
                )
                # Here, since one more layer of coroutines would cost as much as all the counting.
                self._metrics.request_ended(method if method in METHODS else "other", route_of(scope), status, seconds)
                request_id.reset(token)
                # The scope is the server's, and what it sends with holds the scope: a ring that only the collector of
                # garbage would open.
                del scope["state"]["answer"]


class ErrorResponses:
    """Answers every error: those of the domain by their kind, any other as a 500 that gives nothing away."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer: Answer = scope["state"]["answer"]
        try:
            await self._app(scope, receive, send)
        except ClientDisconnect:
            return
        except asyncio.CancelledError:
            # The server gives up waiting for its requests when it stops, and would send a page of its own.
            if answer.status is None:
                await error_response(503, STOPPING, retry_after(None))(scope, receive, send)
            raise
        except Exception as error:
            response = _answer(error, scope)
            begun = answer.status is not None
            if response is None or begun:
                log.error("request_failed", response_begun=begun, **describe_exception(error))
            if begun:
                # The server closes the connection of an answer that it sees unfinished.
                return
            if response is None:
                response = error_response(500, INTERNAL, more={"request_id": answer.id})
            await response(scope, receive, send)
            # Or it and the frames that it passed would wait for the collector of garbage, which stops everything.
            error.__traceback__ = None


def _answer(error: Exception, scope: Scope) -> Response | None:
    """The answer to an error that has one: one of the domain, or one that Starlette's way did not see."""
    if isinstance(error, HoldfastError):
        return answer_domain_error(error)
    return answer_http_exception(Request(scope), error) if isinstance(error, HTTPException) else None


def _key(scope: Scope) -> dict[str, str]:
    """The name of the caller's key, where he came with one."""
    name = name_of(scope)
    return {"key": name} if name else {}


def _is_unread(scope: Scope) -> bool:
    """Whether a large part of the body may still come: then it is cheaper to begin anew than to let it come."""
    if scope["state"].get("received"):
        return False
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and len(value) > _SMALL_LENGTH)
        for name, value in scope["headers"]
    )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return bytes(value).decode()
    # Names a request in the logs, and guards nothing.
    return f"{random.getrandbits(128):032x}"  # nosec B311


def shown_path(scope: Scope) -> str:
    """The path as it came, still escaped, so that it cannot forge a line."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("unicode_escape")
    return raw[:_LONGEST_PATH].decode("ascii", "backslashreplace")
