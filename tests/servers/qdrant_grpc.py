"""A stand-in for a Qdrant server over gRPC, on the same data as the one over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import grpc
from qdrant_client import grpc as messages

from tests.servers.certificates import Certificates
from tests.servers.process import HOST
from tests.servers.qdrant_core import QdrantCore
from tests.servers.qdrant_grpc_services import Collections, Context, Message, Points, Root
from tests.servers.qdrant_rules import known_key

Server: TypeAlias = grpc.aio.Server
OPEN_CALLS = ("/qdrant.Qdrant/HealthCheck", "/grpc.health.v1.Health/Check")
"""What the real server answers without an API key."""


class _Doorkeeper(grpc.aio.ServerInterceptor):
    """Notes each call, and refuses one with a wrong API key."""

    def __init__(self, api_key: str | None, requests: list[str]) -> None:
        self.api_key = api_key
        self.requests = requests

    async def intercept_service(
        self, continuation: Callable[[Context], Awaitable[Message]], details: Context
    ) -> Message:
        self.requests.append(details.method)
        metadata = dict(details.invocation_metadata)
        refusal = known_key(self.api_key, [metadata.get("api-key"), metadata.get("authorization")])
        if refusal is None or details.method in OPEN_CALLS:
            return await continuation(details)

        async def refuse(_request: bytes, context: Context) -> None:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, refusal)

        return grpc.unary_unary_rpc_method_handler(refuse)


class QdrantGrpc:
    """The stand-in. `data` outlives `stop` and `start`, which keep the port.

    `requests` holds the full name of each call that arrived, such as `/qdrant.Points/Query`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        api_key: str | None = None,
        tls: Certificates | None = None,
        data: QdrantCore | None = None,
    ) -> None:
        self.port = port
        self.api_key = api_key
        self.data = data or QdrantCore()
        self.requests: list[str] = []
        self._tls = tls
        self._server: Server | None = None

    def count(self, call: str) -> int:
        """How many calls arrived whose full name ends in `call`."""
        return sum(name.endswith(call) for name in self.requests)

    async def start(self) -> None:
        """Serve on the port, or on a free one that is kept from then on."""
        options = [("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 32 * 2**20)]
        server = grpc.aio.server(interceptors=[_Doorkeeper(self.api_key, self.requests)], options=options)
        messages.add_QdrantServicer_to_server(Root(self.data), server)  # type: ignore[no-untyped-call]
        messages.add_CollectionsServicer_to_server(Collections(self.data), server)  # type: ignore[no-untyped-call]
        messages.add_PointsServicer_to_server(Points(self.data), server)  # type: ignore[no-untyped-call]
        self.port = bind(server, self.port, self._tls)
        await server.start()
        self._server = server

    async def stop(self) -> None:
        """Stop listening, and cancel the calls in flight. A second `stop` does nothing."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(None)
            await server.wait_for_termination()


def bind(server: Server, port: int = 0, tls: Certificates | None = None) -> int:
    """Let the server listen on the loopback port, over TLS where there are certificates; the port."""
    if tls is None:
        return int(server.add_insecure_port(f"{HOST}:{port}"))
    pair = (tls.key_file.read_bytes(), tls.cert_file.read_bytes())
    return int(server.add_secure_port(f"{HOST}:{port}", grpc.ssl_server_credentials([pair])))


@asynccontextmanager
async def serve_qdrant_grpc(
    port: int = 0,
    api_key: str | None = None,
    tls: Certificates | None = None,
    data: QdrantCore | None = None,
) -> AsyncIterator[QdrantGrpc]:
    """Serve the stand-in in this event loop."""
    server = QdrantGrpc(port=port, api_key=api_key, tls=tls, data=data)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
