"""Another Holdfast service behind the `VectorStore` port, over its REST API."""

from adapters.holdfast.client import build_holdfast_client
from adapters.holdfast.vector_store import HoldfastVectorStore

__all__ = ["HoldfastVectorStore", "build_holdfast_client"]
