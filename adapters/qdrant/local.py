"""The client's own `:memory:` behind the `VectorStore` port.

It computes on the event loop: a search over 50,000 vectors holds up every other request for a tenth
of a second and more. It is for tests and demonstrations.
"""

from __future__ import annotations

import importlib.metadata
from dataclasses import replace

from qdrant_client import AsyncQdrantClient

from adapters.call import BackendCall, Fault
from adapters.monitor import BackendMonitor
from adapters.qdrant.catalog import Catalog
from adapters.qdrant.errors import Refusal
from adapters.qdrant.vector_store import QdrantVectorStore
from domain.models import Collection, CollectionInfo, IndexType


class LocalQdrantVectorStore(QdrantVectorStore):
    """Keeps points in this process, gone when it ends."""

    technology = "qdrant-memory"

    def __init__(
        self,
        client: AsyncQdrantClient,
        *,
        read_timeout: float = 5.0,
        write_timeout: float = 30.0,
        monitor: BackendMonitor | None = None,
    ) -> None:
        super().__init__(
            client,
            read_timeout=read_timeout,
            write_timeout=write_timeout,
            monitor=monitor,
            catalog=LocalCatalog(client),
        )
        self._release = importlib.metadata.version("qdrant-client")

    async def _version(self, _ask: BackendCall, /) -> str:
        # The client would look it up in its package's files each time.
        return self._release

    def _classify(self, error: Exception) -> Fault | Refusal:
        if type(error) is ValueError:
            missing = str(error).endswith(("not found", "is not found in the collection"))
            return Refusal(404 if missing else 400, str(error))
        return super()._classify(error)


class LocalCatalog(Catalog):
    """`:memory:` knows no payload indexes and needs none; which were asked for is remembered here."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        super().__init__(client)
        self._indexes: dict[str, dict[str, IndexType]] = {}

    async def describe(self, ask: BackendCall, name: str) -> CollectionInfo:
        info = await super().describe(ask, name)
        known = self._indexes.setdefault(name, {})
        collection = replace(info.collection, indexes=dict(known))
        return replace(info, collection=collection, indexed=dict.fromkeys(known, info.points))

    async def make(self, ask: BackendCall, collection: Collection) -> bool:
        self._indexes[collection.name] = {}
        return await super().make(ask, collection)

    async def check_conditional(self, ask: BackendCall, name: str) -> None:
        """It is of the client's own version, and computes an upsert without waiting in between."""

    async def index(self, ask: BackendCall, collection: str, field: str, type_: IndexType) -> bool:
        await super().describe(ask, collection)
        self._indexes[collection][field] = type_
        return True
