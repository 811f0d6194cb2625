"""The collections of a data directory, opened when they are first asked for."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from adapters.edge.folders import Description, Folders
from adapters.edge.shard import Shard
from domain.errors import CollectionConflict, CollectionNotFound, InvalidInput
from domain.models import Collection, IndexType

FLUSH_AFTER = 50_000
"""Points after which what was written is synced, so that a start after a crash has little to apply again."""


@dataclass(slots=True)
class Opened:
    """A collection that is open: `flushed` and `settled` are its count of changes when it was last synced, or tidied.

    `written` is when it was last written to, and `synced` when it was last synced, on the monotonic clock.
    """

    description: Description
    shard: Shard
    flushed: int = 0
    settled: int = -1
    written: float = 0.0
    synced: float = field(default_factory=time.monotonic)
    building: bool = False

    @property
    def dirty(self) -> bool:
        """Whether something waits to be synced."""
        return self.shard.changes != self.flushed

    def flush(self) -> None:
        """Sync to disk."""
        if self.dirty:
            self.shard.flush()
            self.flushed = self.shard.changes
        self.synced = time.monotonic()


class Directory:
    """Creates, opens and deletes collections. Everything blocks."""

    def __init__(self, root: Path) -> None:
        self.folders = Folders(root)
        self._open: dict[str, Opened] = {}

    @property
    def opened(self) -> dict[str, Opened]:
        """Those that are open, by name."""
        return self._open

    def get(self, name: str) -> Opened:
        """An open collection. Raises `CollectionNotFound`, and whatever the engine raises for one that is damaged."""
        found = self._open.get(name)
        if found is None:
            found = self._open[name] = self._load(name)
        return found

    def _load(self, name: str) -> Opened:
        folder = self.folders.of(name)
        try:
            description = Description.read(folder)
        except FileNotFoundError:
            raise CollectionNotFound(name) from None
        self.folders.keep_only(name, description.current)
        path = folder / str(description.current)
        return Opened(description, Shard.load(description.collection, path, graph=description.graph))

    def create(self, collection: Collection) -> bool:
        """Make a collection, or the indexes that one lacks. Raises `CollectionConflict` where it differs."""
        try:
            existing = self.get(collection.name)
        except CollectionNotFound:
            points = self.folders.make()
            Shard.create(collection, points).close()
            self._publish(Description(collection), points)
            return True
        if differences := existing.description.collection.differences(collection):
            raise CollectionConflict(collection.name, differences)
        for path, type_ in collection.indexes.items():
            self.index(collection.name, path, type_)
        return False

    def check_free(self, name: str) -> None:
        """Raise `CollectionConflict` where there is a collection of this name."""
        if self.folders.of(name).exists():
            raise CollectionConflict(name, ["it is not the one that is to be made"])

    def adopt(self, description: Description, points: Path, expected: int) -> None:
        """Make a collection of a folder of points, which are as many as expected.

        Raises `CollectionConflict` where there is one of its name, `InvalidInput` for another number of
        points, and what the engine raises where these are no points of it.
        """
        self.check_free(description.collection.name)
        shard = Shard.load(description.collection, points, graph=description.graph)
        try:
            shard.flush()
            found = shard.count()
        finally:
            shard.close()
        if found != expected:
            raise InvalidInput("", f"{expected} points, got {found}")
        self._publish(description, points)

    def _publish(self, description: Description, points: Path) -> None:
        made = self.folders.make()
        try:
            points.rename(made / str(description.current))
            description.write(made)
            self.folders.publish(made, description.collection.name)
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            raise

    def index(self, name: str, field: str, type_: IndexType) -> None:
        """Make a payload index. Raises `CollectionConflict` where the field has one of another type."""
        opened = self.get(name)
        if opened.shard.index(field, type_):
            outdated = opened.shard.graph_size() > 0 or opened.building
            opened.description = opened.description.with_collection(opened.shard.collection, outdates_graph=outdated)
            opened.shard.flush()
            opened.description.write(self.folders.of(name))
            opened.settled = -1

    def delete(self, name: str) -> None:
        """Delete a collection. Raises `CollectionNotFound`."""
        opened = self._open.pop(name, None)
        if opened is not None:
            opened.shard.close()
        folder = self.folders.of(name)
        if not folder.exists():
            raise CollectionNotFound(name)
        self.folders.discard(folder)

    def swap(self, name: str, shard: Shard, description: Description) -> None:
        """Let a collection go on in another folder, whose shard is open and synced."""
        opened = self.get(name)
        folder = self.folders.of(name)
        old, before = opened.shard, opened.description
        description = replace(description, collection=old.collection, wanted=before.wanted)
        description.write(folder)
        shard.collection, shard.changes, shard.deletions = old.collection, old.changes, 0
        opened.shard, opened.description = shard, description
        old.close()
        self.folders.discard(folder / str(before.current))

    def note_write(self, name: str) -> None:
        """Note that a collection was written to; sync it where enough has come together."""
        opened = self._open.get(name)
        if opened is None:
            return
        opened.written = time.monotonic()
        if opened.shard.changes - opened.flushed >= FLUSH_AFTER:
            opened.flush()

    def flush(self) -> None:
        """Sync every collection that is open."""
        for opened in self._open.values():
            opened.flush()

    def close(self) -> None:
        """Sync and close every collection."""
        while self._open:
            _, opened = self._open.popitem()
            opened.flush()
            opened.shard.close()
