"""The use cases of keeping a whole collection in a file, and of making it anew."""

from __future__ import annotations

from pathlib import Path

from domain.invalidation import Invalidation, Written
from domain.models import check_collection_name
from domain.ports import SnapshotStore, Unpacked


class Snapshots:
    """Take snapshots of collections, and restore collections from them."""

    def __init__(self, store: SnapshotStore, invalidation: Invalidation) -> None:
        self._store = store
        self._invalidation = invalidation

    async def take(self, name: str, path: Path) -> int:
        """Write the collection as it is at one moment to a file; how many points it has.

        Raises `CollectionNotFound`, `BackendUnavailable`, and `OSError` where the file cannot be written.
        """
        check_collection_name(name)
        return await self._store.take(name, path)

    async def restore(self, path: Path, name: str | None = None) -> Written[Unpacked]:
        """Make a collection of a snapshot, by default under its own name; nothing is seen of it until it is whole.

        What is remembered of an earlier collection of this name is forgotten.

        Raises `InvalidInput` for a file that is no snapshot or is damaged, `CollectionConflict` where there
        is a collection of this name, `BackendUnavailable`, and `OSError` where the file cannot be read.
        """
        if name is not None:
            check_collection_name(name)
        unpacked = await self._store.unpack(path, name)
        try:
            done = await self._invalidation.after(unpacked.name, lambda: self._store.publish(unpacked), forget=True)
        finally:
            await self._store.discard(unpacked)
        return Written(unpacked, done.invalidated)
