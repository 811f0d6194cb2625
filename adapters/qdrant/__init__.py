"""Qdrant behind the `VectorStore` port: a server over REST or gRPC, or the client's own `:memory:`."""

from adapters.qdrant.client import build_qdrant_client
from adapters.qdrant.local import LocalQdrantVectorStore
from adapters.qdrant.vector_store import QdrantVectorStore

__all__ = ["LocalQdrantVectorStore", "QdrantVectorStore", "build_qdrant_client"]
