"""Qdrant behind the `VectorStore` port: a server over REST or gRPC, or the client's own `:memory:`."""

from adapters.qdrant.catalog import Catalog, Placement
from adapters.qdrant.client import AsyncQdrantClient, build_qdrant_client
from adapters.qdrant.local import LocalQdrantVectorStore
from adapters.qdrant.vector_store import QdrantVectorStore

__all__ = [
    "AsyncQdrantClient",
    "Catalog",
    "LocalQdrantVectorStore",
    "Placement",
    "QdrantVectorStore",
    "build_qdrant_client",
]
