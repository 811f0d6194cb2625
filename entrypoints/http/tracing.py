"""A span for each request, in pure ASGI. Installed where traces are on, and else not at all."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.ports import Tracing
from entrypoints.http.middleware import shown_path
from entrypoints.http.templates import UNMATCHED, route_of
from entrypoints.logs import trace_id

HEADERS = (b"traceparent", b"tracestate")
"""What a client says of the trace that its request belongs to (W3C Trace Context)."""


class RequestTraces:
    """Around everything else, so that the line of a request in the log has its trace."""

    def __init__(self, app: ASGIApp, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in HEADERS}
        scheme = scope.get("scheme", "http")
        with self._tracing.request(scope["method"], shown_path(scope), scheme, headers) as span:
            token, sent = trace_id.set(span.trace_id), _Sent(send)
            try:
                await self._app(scope, receive, sent)
            finally:
                trace_id.reset(token)
                route = route_of(scope)
                span.answered(None if route == UNMATCHED else route, sent.status, sent.request_id)


class _Sent:
    """Sends an answer, and sees its status and its id."""

    __slots__ = ("_send", "request_id", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None
        self.request_id: str | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            ids = (value.decode() for name, value in message["headers"] if name == b"x-request-id")
            self.request_id = next(ids, None)
        await self._send(message)
