"""The service itself on a loopback port, in the event loop of the test."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from adapters.memory import InMemoryCache
from adapters.settings import Settings
from domain.ports import VectorStore
from tests.fakes import make_app
from tests.servers.process import HOST
from tests.servers.tcp import Address


@asynccontextmanager
async def serve_holdfast(
    store: VectorStore,
    tls: ssl.SSLContext | None = None,
    protocol: Callable[..., asyncio.Protocol] = H11Protocol,
    settings: Settings | None = None,
) -> AsyncIterator[Address]:
    """A service on this store; its connections are cut at the end."""
    async with serve_app(make_app(store, InMemoryCache(), settings), tls, protocol) as address:
        yield address


@asynccontextmanager
async def serve_app(
    app: ASGIApp, tls: ssl.SSLContext | None = None, protocol: Callable[..., asyncio.Protocol] = H11Protocol
) -> AsyncIterator[Address]:
    """This application; its connections are cut at the end."""
    state = ServerState()
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, proxy_headers=False, ws="none")
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=state, app_state={}), HOST, 0, ssl=tls
    )
    try:
        yield Address(HOST, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        tasks = tuple(state.tasks)
        for connection in tuple(state.connections):
            connection.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)
