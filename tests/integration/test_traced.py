"""Spans change nothing: the contracts of the ports hold around them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.otel import OtelTracing, TracedCache, TracedVectorStore
from domain.ports import Cache, VectorStore
from tests.contract.cache_contract import CacheContract
from tests.contract.vector_store_contract import VectorStoreContract


@pytest.fixture
async def tracing() -> AsyncIterator[OtelTracing]:
    """Tells nobody; and fails where a call was no span."""
    exporter = InMemorySpanExporter()
    tracing = OtelTracing(exporter)
    yield tracing
    await tracing.aclose()
    assert exporter.get_finished_spans()


class TestTracedVectorStore(VectorStoreContract):
    """Around the fake in plain Python."""

    @pytest.fixture
    def store(self, tracing: OtelTracing) -> VectorStore:
        """An empty store."""
        return TracedVectorStore(InMemoryVectorStore(), tracing, "memory")


class TestTracedCache(CacheContract):
    """Around the default."""

    @pytest.fixture
    def cache(self, tracing: OtelTracing) -> Cache:
        """An empty cache."""
        return TracedCache(InMemoryCache(), tracing, "memory")
