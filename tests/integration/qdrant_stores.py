"""The `VectorStore` on a Qdrant server, as the container builds it, for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from adapters.backends import QdrantSettings
from adapters.qdrant import Catalog, Placement, QdrantVectorStore, build_qdrant_client
from domain.ports import VectorStore
from tests.servers.process import HOST
from tests.servers.qdrant_grpc import QdrantGrpc
from tests.servers.qdrant_rest import QdrantRest

StandIn: TypeAlias = QdrantRest | QdrantGrpc
Serve: TypeAlias = Callable[..., Any]
"""`serve_qdrant_rest` or `serve_qdrant_grpc`."""

CONTRACT_COLLECTIONS = ("things", "b", "a.1", "C", "none")
"""The names that the contract gives to collections."""


@asynccontextmanager
async def open_store(settings: QdrantSettings) -> AsyncIterator[QdrantVectorStore]:
    """A store with the time limits of its settings, closed at the end."""
    client = build_qdrant_client(settings)
    store = QdrantVectorStore(
        client,
        read_timeout=settings.read_timeout,
        write_timeout=settings.write_timeout,
        catalog=Catalog(client, Placement.of(settings)),
    )
    try:
        yield store
    finally:
        await store.aclose()


@asynccontextmanager
async def open_empty_store(settings: QdrantSettings) -> AsyncIterator[VectorStore]:
    """A store without the collections of the contract, which are deleted before and after."""
    await _clean(settings)
    try:
        async with open_store(settings) as store:
            yield store
    finally:
        await _clean(settings)


async def _clean(settings: QdrantSettings) -> None:
    async with open_store(settings) as store:
        for name in await store.list_collections():
            if name in CONTRACT_COLLECTIONS:
                await store.delete_collection(name)


def settings_at(server: StandIn, *, https: bool = False, **options: Any) -> QdrantSettings:
    """The settings that lead to a stand-in, over the protocol that it speaks."""
    if isinstance(server, QdrantGrpc):
        options |= {"prefer_grpc": True, "grpc_port": server.port}
    return QdrantSettings(url=f"{'https' if https else 'http'}://{HOST}:{server.port}", **options)
