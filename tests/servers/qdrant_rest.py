"""A stand-in for a Qdrant server over HTTP. `python -m tests.servers.qdrant_rest --port 6333` runs one alone."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import re
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from tests.servers.process import HOST, ChildProcess, free_port
from tests.servers.qdrant_core import QdrantCore
from tests.servers.qdrant_rest_routes import OPEN_PATHS, error_response, routes
from tests.servers.qdrant_rules import known_key

MAX_BODY = 32 * 2**20
COUNT_PATH = "/stand-in/count"
"""Where a test asks a stand-in in another process: `?method=POST&path=PATTERN` gives what `count` does."""

Interceptor: TypeAlias = Callable[[Request], Awaitable[Response | None]]


@dataclass(frozen=True, slots=True)
class Received:
    """A request that arrived."""

    method: str
    path: str
    query: str
    body: bytes


class QdrantRest:
    """The stand-in. `data` outlives `stop` and `start`, which keep the port.

    `requests` holds all that arrived. `intercept`, where set, is asked first, and answers in place
    of the stand-in unless it returns None; it may wait.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        api_key: str | None = None,
        tls: ssl.SSLContext | None = None,
        data: QdrantCore | None = None,
    ) -> None:
        self.port = port
        self.api_key = api_key
        self.data = data or QdrantCore()
        self.requests: list[Received] = []
        self.intercept: Interceptor | None = None
        self._tls = tls
        self._app = Starlette(routes=routes(self.data))
        self._server: asyncio.Server | None = None
        self._state = ServerState()

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"{'http' if self._tls is None else 'https'}://{HOST}:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._state.connections)

    def count(self, method: str, path: str = ".*") -> int:
        """How many requests arrived with the method and a path that the pattern matches wholly."""
        return sum(item.method == method and re.fullmatch(path, item.path) is not None for item in self.requests)

    async def start(self) -> None:
        """Serve on the port, or on a free one that is kept from then on."""
        config = uvicorn.Config(self, lifespan="off", log_config=None, access_log=False, ws="none", server_header=False)
        config.load()
        loop = asyncio.get_running_loop()
        self._state = state = ServerState()
        self._server = await loop.create_server(
            lambda: H11Protocol(config=config, server_state=state, app_state={}), HOST, self.port, ssl=self._tls
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, and cut all connections. A second `stop` does nothing."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        tasks = tuple(self._state.tasks)
        for connection in tuple(self._state.connections):
            connection.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.url.path == COUNT_PATH:
            await JSONResponse(self.count(**request.query_params))(scope, receive, send)
            return
        response = await self._respond(request)
        await (response or self._app)(scope, _again(await request.body()), send)

    async def _respond(self, request: Request) -> Response | None:
        """The answer to a request that does not reach the data."""
        body = await request.body()
        self.requests.append(Received(request.method, request.url.path, request.url.query, body))
        given = [request.headers.get("api-key"), request.headers.get("authorization")]
        refusal = known_key(self.api_key, given)
        if refusal is not None and request.url.path not in OPEN_PATHS:
            return PlainTextResponse(refusal, 401)
        if self.intercept is not None and (response := await self.intercept(request)) is not None:
            return response
        if len(body) > MAX_BODY:
            size = f"JSON payload ({len(body)} bytes) is larger than allowed (limit: {MAX_BODY} bytes)."
            return error_response(413, f"Payload error: {size}")
        return None


def _again(body: bytes) -> Receive:
    """A receive channel for a body that was read already."""
    message = {"type": "http.request", "body": body, "more_body": False}

    async def receive() -> dict[str, Any]:
        return message

    return receive


@asynccontextmanager
async def serve_qdrant_rest(
    port: int = 0,
    api_key: str | None = None,
    tls: ssl.SSLContext | None = None,
    data: QdrantCore | None = None,
) -> AsyncIterator[QdrantRest]:
    """Serve the stand-in in this event loop."""
    server = QdrantRest(port=port, api_key=api_key, tls=tls, data=data)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def qdrant_rest_process(
    *, port: int | None = None, api_key: str | None = None, directory: Path | None = None
) -> tuple[str, ChildProcess]:
    """The URL and the process of a stand-in alone. With `directory` its data outlives SIGKILL."""
    port = port or free_port()
    command = [sys.executable, "-m", "tests.servers.qdrant_rest", "--port", str(port)]
    command += ["--api-key", api_key] if api_key else []
    command += ["--directory", str(directory)] if directory else []
    url = f"http://{HOST}:{port}"
    return url, ChildProcess.on_url(command, f"{url}/readyz", cwd=Path(__file__).parents[2])


async def _serve_alone(arguments: argparse.Namespace) -> None:
    async with serve_qdrant_rest(arguments.port, arguments.api_key, data=QdrantCore(arguments.directory)) as server:
        sys.stdout.write(f"serving on {server.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--api-key")
    parser.add_argument("--directory", type=Path)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_alone(parser.parse_args()))


if __name__ == "__main__":
    main()
