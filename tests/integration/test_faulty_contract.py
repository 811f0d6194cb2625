"""The fakes of an outage keep the contracts of their ports while nothing is told to fail."""

from __future__ import annotations

import pytest

from adapters.memory import FaultyCache, FaultyVectorStore, InMemoryCache, InMemoryVectorStore
from domain.ports import Cache, VectorStore
from tests.contract.cache_contract import CacheContract
from tests.contract.vector_store_contract import VectorStoreContract


class TestFaultyVectorStore(VectorStoreContract):
    """Around the fake in plain Python."""

    @pytest.fixture
    def store(self) -> VectorStore:
        """An empty store."""
        return FaultyVectorStore(InMemoryVectorStore())


class TestFaultyCache(CacheContract):
    """Around the default."""

    @pytest.fixture
    def cache(self) -> Cache:
        """An empty cache."""
        return FaultyCache(InMemoryCache())
