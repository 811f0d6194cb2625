"""What the collections of a Qdrant server are made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import TypeVar

from qdrant_client import AsyncQdrantClient, models

from adapters.backends import QdrantSettings
from adapters.call import BackendCall
from adapters.qdrant.collections import from_info, to_vector_params
from adapters.qdrant.conversions import is_done
from domain.errors import CollectionConflict, CollectionNotFound, InvalidInput
from domain.models import Collection, CollectionInfo, IndexType

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Placement:
    """How a cluster is to spread new collections: into how many shards, of how many replicas each.

    A write is acknowledged once so many replicas have it: by default all, so that whoever reads next, from
    whichever replica, sees it. None leaves a choice to the server.
    """

    shard_number: int | None = None
    replication_factor: int | None = None
    write_consistency_factor: int | None = None

    @classmethod
    def of(cls, settings: QdrantSettings) -> Placement:
        """What the settings say."""
        replicas = settings.replication_factor
        return cls(settings.shard_number, replicas, settings.write_consistency_factor or replicas)


CONDITIONAL_SINCE = (1, 16)
"""The first version of the server that knows `update_filter`. Those before pass over it, and overwrite."""


def _is_since(version: str, first: tuple[int, int]) -> bool:
    """Whether the version is this one or later; one that is no version is none of them."""
    found = re.match(r"(\d+)\.(\d+)\.", version)
    return found is not None and (int(found[1]), int(found[2])) >= first


class Catalog:
    """Makes and describes collections, and remembers what they are made of to check vectors without asking.

    Another process may make a collection anew: before a vector is refused, the server is asked again.
    """

    def __init__(self, client: AsyncQdrantClient, placement: Placement | None = None) -> None:
        self._client = client
        self._placement = asdict(placement or Placement())
        self._known: dict[str, Collection] = {}
        self._conditional = False

    def forget(self, name: str) -> None:
        """Ask the server next time."""
        self._known.pop(name, None)

    async def describe(self, ask: BackendCall, name: str) -> CollectionInfo:
        """The collection as the server has it now. Raises `CollectionNotFound` and `CollectionConflict`."""
        info = await ask(self._client.get_collection(name), partial(from_info, name))
        self._known[name] = info.collection
        return info

    async def find(self, ask: BackendCall, name: str) -> Collection | None:
        """The collection, if it exists. Raises `CollectionConflict`."""
        try:
            return (await self.describe(ask, name)).collection
        except CollectionNotFound:
            return None

    async def make(self, ask: BackendCall, collection: Collection) -> bool:
        """Make the collection without its indexes; False where another caller was faster."""
        try:
            params = to_vector_params(collection)
            await ask(self._client.create_collection(collection.name, vectors_config=params, **self._placement), bool)
        except (CollectionConflict, InvalidInput):
            if await self.find(ask, collection.name) is None:
                raise
            return False
        return True

    async def index(self, ask: BackendCall, collection: str, field: str, type_: IndexType) -> bool:
        """Index a field; whether the index is built already."""
        self.forget(collection)
        schema = models.PayloadSchemaType(type_.value)
        return await ask(self._client.create_payload_index(collection, field, schema, wait=True), is_done)

    async def check_conditional(self, ask: BackendCall, name: str) -> None:
        """Raise `CollectionConflict` unless the server heeds the condition of an upsert: older ones write all the same.

        Asked until the answer is good: no server goes back to an older version with the data of a newer one.
        """
        if not self._conditional:
            version = await ask(self._client.info(), lambda info: str(info.version))
            if not _is_since(version, CONDITIONAL_SINCE):
                raise CollectionConflict(name, [f"its vector database is of version {version}, not 1.16 or later"])
            self._conditional = True

    async def fit(self, ask: BackendCall, name: str, fit: Callable[[Collection], T]) -> T:
        """What `fit` makes of the collection. Raises what it raises."""
        known = self._known.get(name)
        if known is not None:
            try:
                return fit(known)
            except InvalidInput:
                self.forget(name)
        return fit((await self.describe(ask, name)).collection)
