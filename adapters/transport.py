"""How requests reach a server over HTTP: a pool of connections that loses none, whatever is cancelled.

httpcore speaks HTTP on each connection; its own pool is not used. That one loses a place for good when a
call is cancelled at the wrong moment (encode/httpcore#1093), and calls are cancelled here all the time:
at their deadline, and when a client goes. It also looks at every connection for every request.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpcore
import httpx

from adapters.timeout import take_place

KEEPALIVE_SECONDS = 4.0
"""How long an idle connection is kept: less than the 5 s after which Qdrant, and uvicorn, close it."""


class PooledTransport(httpx.AsyncBaseTransport):
    """At most `size` connections to one server; the one that was used last is used first.

    `connect_timeout` (seconds) bounds the wait for a free connection, and each step of making one: so
    the lack of one shows as what it is, and a TLS handshake ends by the transport's own limit. One
    that is cancelled leaves its socket open until it is collected as garbage.
    """

    def __init__(self, *, size: int, connect_timeout: float, tls: ssl.SSLContext) -> None:
        self._places = asyncio.Semaphore(size)
        self._connect_timeout = connect_timeout
        self._tls = tls
        self._idle: deque[httpcore.AsyncHTTPConnection] = deque()
        self._busy: set[httpcore.AsyncHTTPConnection] = set()
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            await take_place(self._places, self._connect_timeout)
        except TimeoutError:
            raise httpx.PoolTimeout("no connection became free in time") from None
        try:
            with _errors_of_httpx():
                return await self._send(_to_httpcore(request, self._connect_timeout))
        finally:
            self._places.release()

    async def aclose(self) -> None:
        """Close all connections, which ends the calls under way."""
        self._closed = True
        for connection in (*self._idle, *self._busy):
            await connection.aclose()
        self._idle.clear()

    async def _send(self, request: httpcore.Request) -> httpx.Response:
        """The response with its body, so that the call is over when it is there."""
        connection = await self._connection(request.url.origin)
        self._busy.add(connection)
        try:
            response = await connection.handle_async_request(request)
            body = await response.aread()
            await response.aclose()
        except BaseException:
            await connection.aclose()
            raise
        finally:
            self._busy.discard(connection)
        if connection.is_available() and not self._closed:
            self._idle.append(connection)
        else:
            await connection.aclose()
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=httpx.ByteStream(body),
            extensions=response.extensions,
        )

    async def _connection(self, origin: httpcore.Origin) -> httpcore.AsyncHTTPConnection:
        """An idle connection that still stands, or a new one."""
        while self._idle and self._idle[0].has_expired():
            await self._idle.popleft().aclose()
        while self._idle:
            connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return httpcore.AsyncHTTPConnection(origin, ssl_context=self._tls, keepalive_expiry=KEEPALIVE_SECONDS)


def tls_context(url: str, ca_file: Path | None) -> ssl.SSLContext:
    """What TLS to the server at `url` trusts: the authorities of `ca_file`, or the system's."""
    if not url.startswith("https://"):
        # Trusts nobody, and saves the 20 ms that it takes to read the system's authorities.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)


def _to_httpcore(request: httpx.Request, connect_timeout: float) -> httpcore.Request:
    url = httpcore.URL(
        scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
    )
    timeouts = {**request.extensions["timeout"], "connect": connect_timeout}
    extensions = {**request.extensions, "timeout": timeouts}
    return httpcore.Request(
        request.method, url, headers=request.headers.raw, content=request.stream, extensions=extensions
    )


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Errors of httpcore as those of httpx, which have the same names."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error
