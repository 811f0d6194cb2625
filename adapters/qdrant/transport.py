"""How requests reach Qdrant over REST: a pool of connections that survives cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass
from ssl import SSLContext
from typing import cast

import httpx

KEEPALIVE_SECONDS = 4.0
"""How long an idle connection is kept: less than the 5 s after which Qdrant closes it."""


@dataclass(slots=True)
class _Pool:
    transport: httpx.AsyncHTTPTransport
    users: int = 0
    cancelled: int = 0


class RenewingTransport(httpx.AsyncBaseTransport):
    """A pool of `size` connections, replaced by a new one when a quarter of its places may be lost.

    httpcore 1.0 loses a place in its pool for good when a call is cancelled just as it gets its
    connection or gives it back (encode/httpcore#1093), and calls are cancelled here all the time: at
    their deadline, and when a client goes. A pool that was replaced is closed after its last call.

    `connect_timeout` (seconds) bounds the wait for a free connection, and each step of making one: so
    the lack of one shows as what it is, and a TLS handshake ends by the transport's own limit. One
    that is cancelled leaves its socket open until it is collected as garbage.
    """

    def __init__(self, *, size: int, connect_timeout: float, tls: SSLContext) -> None:
        self._size = size
        self._connect_timeout = connect_timeout
        self._tls = tls
        self._pool = self._build_pool()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["timeout"] |= {"connect": self._connect_timeout, "pool": self._connect_timeout}
        pool = self._pool
        pool.users += 1
        try:
            return await _fetch(pool.transport, request)
        except asyncio.CancelledError:
            pool.cancelled += 1
            if pool is self._pool and pool.cancelled * 4 >= self._size:
                self._pool = self._build_pool()
            raise
        finally:
            pool.users -= 1
            if pool is not self._pool and pool.users == 0:
                await pool.transport.aclose()

    async def aclose(self) -> None:
        await self._pool.transport.aclose()

    def _build_pool(self) -> _Pool:
        limits = httpx.Limits(
            max_connections=self._size, max_keepalive_connections=self._size, keepalive_expiry=KEEPALIVE_SECONDS
        )
        return _Pool(httpx.AsyncHTTPTransport(verify=self._tls, limits=limits, trust_env=False))


async def _fetch(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
    """The response with its body, so that the call is over when it is there."""
    response = await transport.handle_async_request(request)
    try:
        body = b"".join([chunk async for chunk in cast("AsyncIterable[bytes]", response.stream)])
    finally:
        await response.aclose()
    return httpx.Response(
        response.status_code, headers=response.headers, stream=httpx.ByteStream(body), extensions=response.extensions
    )
