"""Use cases about collections as a whole."""

from __future__ import annotations

from domain.access import Tenant
from domain.errors import at
from domain.invalidation import Invalidation, Written
from domain.models import Collection, CollectionInfo, IndexType, check_collection_name
from domain.paths import parse_path
from domain.ports import Cache, VectorStore
from domain.tenancy import EVERY, check_whole, seen, within


class Collections:
    """Make, look at and delete collections, and forget what was cached of them.

    A `tenant` may look, and sees what is his. All else raises `Forbidden`, since a collection is not his alone.
    """

    def __init__(self, store: VectorStore, cache: Cache, invalidation: Invalidation) -> None:
        self._store = store
        self._cache = cache
        self._invalidation = invalidation

    async def create(self, collection: Collection, tenant: Tenant | None = None) -> Written[bool]:
        """Make the collection; True where it was made, False where it existed just so.

        Raises `CollectionConflict` where it exists and differs.
        """
        check_whole(collection.name, tenant)
        return await self._invalidation.after(
            collection.name, lambda: self._store.create_collection(collection), forget=True, changed=bool
        )

    async def list(self) -> tuple[str, ...]:
        """The names of all collections, sorted."""
        return await self._store.list_collections()

    async def describe(self, name: str, tenant: Tenant | None = None) -> CollectionInfo:
        """The collection as it is now. Raises `CollectionNotFound`."""
        check_collection_name(name)
        info = await self._store.describe_collection(name)
        return info if tenant is None else seen(info, await self._store.count(name, within(EVERY, tenant)))

    async def delete(self, name: str, tenant: Tenant | None = None) -> Written[None]:
        """Delete the collection and all its points. Raises `CollectionNotFound`."""
        check_collection_name(name)
        check_whole(name, tenant)
        return await self._invalidation.after(name, lambda: self._store.delete_collection(name), forget=True)

    async def create_index(
        self, name: str, field: str, type_: IndexType, tenant: Tenant | None = None
    ) -> Written[bool]:
        """Index the values at `field`; True when it is built, False while it still is being built.

        Raises `CollectionNotFound`, and `CollectionConflict` for an index of another type.
        """
        check_collection_name(name)
        check_whole(name, tenant)
        with at("field"):
            parse_path(field)
        return await self._invalidation.after(name, lambda: self._store.create_index(name, field, type_))

    async def purge(self, name: str, tenant: Tenant | None = None) -> None:
        """Forget everything cached of the collection, whether or not it exists.

        Raises `BackendUnavailable` of the cache.
        """
        check_collection_name(name)
        check_whole(name, tenant)
        await self._cache.forget(name)
