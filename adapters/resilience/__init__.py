"""Decorators of the ports: time limits, bulkhead, retry and circuit breakers around any adapter."""

from adapters.resilience.cache import ResilientCache
from adapters.resilience.vector_store import ResilientVectorStore

__all__ = ["ResilientCache", "ResilientVectorStore"]
