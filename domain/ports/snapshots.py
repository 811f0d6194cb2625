"""The port behind which whole collections are kept in files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A snapshot that was checked and laid out, and waits in `folder` to become the collection `name`."""

    name: str
    points: int
    folder: Path
    description: object
    """What else the store keeps of the collection."""


class SnapshotStore(ABC):
    """Snapshots of a vector store: files in a form of its own, which tell whether they are whole.

    Every method raises `BackendUnavailable` where the store fails, and `OSError` where a file cannot be read
    or written.
    """

    @abstractmethod
    async def take(self, collection: str, path: Path) -> int:
        """Write the collection as it is at one moment to a file; how many points it has.

        Each write that was acknowledged before this began is in it, and none that began after it ended. The
        file is there under its name when it is whole and synced to disk, and not before, in place of one
        that was. Raises `CollectionNotFound`.
        """

    @abstractmethod
    async def unpack(self, path: Path, name: str | None = None) -> Unpacked:
        """Check a file to its last byte and lay it out, out of sight.

        The collection will have the name `name`, or that of the one that the file is of. Raises
        `InvalidInput` for a file that is no snapshot, cut, damaged or of another version, and
        `CollectionConflict` where there is a collection of this name. Nothing is left of it then.
        """

    @abstractmethod
    async def publish(self, unpacked: Unpacked) -> None:
        """Make it a collection, as one: searches find all of it or no collection. Raises `CollectionConflict`."""

    @abstractmethod
    async def discard(self, unpacked: Unpacked) -> None:
        """Leave nothing behind. After `publish` it does nothing."""

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of the store, and of all that was not published."""
