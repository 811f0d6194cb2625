"""The collections of a data directory, opened when they are first asked for."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from adapters.edge.folders import Description, Folders
from adapters.edge.shard import Shard
from domain.errors import CollectionConflict, CollectionNotFound, InvalidInput
from domain.models import Collection, IndexType

FLUSH_AFTER, FLUSH_AFTER_NUMBERS = 50_000, 10_000_000
"""Points, or numbers of their vectors, after which what was written is synced.

So a start after a crash has little to apply again: 20,000 points of 2,048 numbers took 2.6 s.
"""

MOST_OPEN = 256
"""Collections that are open at a time: each has threads, thirty maps of memory, and 0.4 MB at the least."""

PATIENCE = 20.0
"""Seconds of writes, at the least, for which a collection that is never quiet waits for its graph."""


@dataclass(slots=True)
class Opened:
    """A collection that is open: `flushed` and `settled` are its count of changes when it was last synced, or tidied.

    `written` is when it was last written to, `synced` when it was last synced, and `used` when it was last
    asked for, on the monotonic clock. A graph that could not be built is tried again after a `pause`,
    `not_before` some time; while writes go on, after so many seconds of `patience`.
    """

    description: Description
    shard: Shard
    flushed: int = 0
    settled: int = -1
    written: float = 0.0
    synced: float = field(default_factory=time.monotonic)
    building: bool = False
    pause: float = 0.0
    not_before: float = 0.0
    used: float = 0.0
    patience: float = PATIENCE

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
    """Creates, opens and deletes collections. Everything blocks.

    Of more than `most_open` collections the one that was not used for longest is closed, unless it is `busy`.
    """

    def __init__(
        self, root: Path, *, most_open: int = MOST_OPEN, busy: Callable[[str], bool] = lambda _: False
    ) -> None:
        self.folders = Folders(root)
        self._most_open = most_open
        self._busy = busy
        self._open: dict[str, Opened] = {}

    @property
    def opened(self) -> dict[str, Opened]:
        """Those that are open, by name."""
        return self._open

    def get(self, name: str) -> Opened:
        """An open collection. Raises `CollectionNotFound`, and whatever the engine raises for one that is damaged."""
        found = self._open.get(name)
        if found is None:
            loaded = self._load(name)
            self._make_room()
            found = self._open[name] = loaded
        found.used = time.monotonic()
        return found

    def _make_room(self) -> None:
        for name, opened in sorted(self._open.items(), key=lambda item: item[1].used):
            if len(self._open) < self._most_open:
                return
            if opened.building or self._busy(name):
                continue
            # One that cannot be synced stays, until it can.
            with suppress(Exception):
                opened.flush()
                del self._open[name]
                opened.shard.close()

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
        # Made in vain where it could not be described: then that is done by who asks again.
        if opened.shard.index(field, type_) or opened.description.collection != opened.shard.collection:
            outdated = opened.shard.graph_size() > 0 or opened.building
            description = opened.description.with_collection(opened.shard.collection, outdates_graph=outdated)
            opened.shard.flush()
            description.write(self.folders.of(name))
            opened.description = description
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
        # From here on this is the collection. What is left of the first goes when the collection is opened next.
        with suppress(Exception):
            old.close()
        with suppress(OSError):
            self.folders.discard(folder / str(before.current))

    def note_write(self, name: str) -> None:
        """Note that a collection was written to; sync it where enough has come together."""
        opened = self._open.get(name)
        if opened is None:
            return
        opened.written = time.monotonic()
        most = min(FLUSH_AFTER, FLUSH_AFTER_NUMBERS // opened.description.collection.size)
        if opened.shard.changes - opened.flushed >= most:
            opened.flush()

    def flush(self) -> None:
        """Sync every collection that is open."""
        for opened in self._open.values():
            opened.flush()

    def close(self) -> None:
        """Sync and close every collection. Raises the first failure, once all had their turn."""
        failures: list[Exception] = []
        while self._open:
            _, opened = self._open.popitem()
            try:
                opened.flush()
                opened.shard.close()
            except Exception as error:  # noqa: BLE001 - as for a folder that is gone, and the others are not
                failures.append(error)
        if failures:
            raise failures[0]
