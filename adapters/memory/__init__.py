"""Adapters that need nothing but this process: fakes for tests, and the default cache."""

from adapters.memory.cache import InMemoryCache
from adapters.memory.faulty import FaultyCache, FaultyVectorStore
from adapters.memory.rates import InMemoryRateLimiter
from adapters.memory.script import Script
from adapters.memory.vector_store import InMemoryVectorStore

__all__ = ["FaultyCache", "FaultyVectorStore", "InMemoryCache", "InMemoryRateLimiter", "InMemoryVectorStore", "Script"]
