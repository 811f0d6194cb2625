"""`QdrantVectorStore` over REST keeps the contract."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from tests.integration.qdrant_server_contract import QdrantServerContract
from tests.servers.certificates import Certificates
from tests.servers.qdrant_core import QdrantCore
from tests.servers.qdrant_rest import QdrantRest, serve_qdrant_rest


class TestQdrantOverRest(QdrantServerContract):
    """Over REST."""

    @staticmethod
    def serve(
        *, api_key: str | None = None, tls: Certificates | None = None, data: QdrantCore | None = None
    ) -> AbstractAsyncContextManager[QdrantRest]:
        return serve_qdrant_rest(api_key=api_key, tls=tls.server_context() if tls else None, data=data)
