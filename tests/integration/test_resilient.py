"""The policies change nothing while nothing fails: the contracts of the ports hold through them."""

from __future__ import annotations

import pytest

from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.policies import ResilienceSettings
from adapters.resilience import ResilientCache, ResilientVectorStore
from domain.ports import Cache, VectorStore
from tests.contract.cache_contract import CacheContract
from tests.contract.vector_store_contract import VectorStoreContract


class TestResilientVectorStore(VectorStoreContract):
    """Around the fake in plain Python."""

    @pytest.fixture
    def store(self) -> VectorStore:
        """An empty store."""
        return ResilientVectorStore(InMemoryVectorStore(), ResilienceSettings())


class TestResilientCache(CacheContract):
    """Around the default."""

    @pytest.fixture
    def cache(self) -> Cache:
        """An empty cache."""
        return ResilientCache(InMemoryCache(), ResilienceSettings())
