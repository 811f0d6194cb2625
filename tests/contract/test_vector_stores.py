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

    @pytest.fixture
    async def store(self) -> AsyncIterator[VectorStore]:
        """An empty store."""
        store = LocalQdrantVectorStore(AsyncQdrantClient(location=":memory:"))
        yield store
        await store.aclose()
