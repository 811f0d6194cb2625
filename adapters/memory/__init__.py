"""Adapters that need nothing but this process: fakes for tests, and the default cache."""

from adapters.memory.cache import InMemoryCache
from adapters.memory.vector_store import InMemoryVectorStore

__all__ = ["InMemoryCache", "InMemoryVectorStore"]
