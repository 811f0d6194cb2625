"""`QdrantVectorStore` over gRPC keeps the contract."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from tests.integration.qdrant_server_contract import QdrantServerContract
from tests.servers.certificates import Certificates
from tests.servers.qdrant_core import QdrantCore
from tests.servers.qdrant_grpc import QdrantGrpc, serve_qdrant_grpc


class TestQdrantOverGrpc(QdrantServerContract):
    """Over gRPC."""

    @staticmethod
    def serve(
        *, api_key: str | None = None, tls: Certificates | None = None, data: QdrantCore | None = None
    ) -> AbstractAsyncContextManager[QdrantGrpc]:
        return serve_qdrant_grpc(api_key=api_key, tls=tls, data=data)
