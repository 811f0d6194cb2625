"""The contract of `VectorStore`, kept by the adapters that need no server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from qdrant_client import AsyncQdrantClient

from adapters.memory import InMemoryVectorStore
from adapters.qdrant import LocalQdrantVectorStore
from domain.ports import VectorStore
from tests.contract.vector_store_contract import VectorStoreContract


class TestInMemoryVectorStore(VectorStoreContract):
    """The fake in plain Python."""

    @pytest.fixture
    def store(self) -> VectorStore:
        """An empty store."""
        return InMemoryVectorStore()


class TestLocalQdrantVectorStore(VectorStoreContract):
    """The `:memory:` of Qdrant's client."""

    client = AsyncQdrantClient(location=":memory:")

    @pytest.fixture
    async def store(self, request: pytest.FixtureRequest) -> AsyncIterator[VectorStore]:
        """An empty store. A client takes a while to build, so tests that leave it open share one."""
        shared = "closed" not in request.node.name
        client = self.client if shared else AsyncQdrantClient(location=":memory:")
        yield LocalQdrantVectorStore(client)
        if shared:
            for collection in (await client.get_collections()).collections:
                await client.delete_collection(collection.name)
