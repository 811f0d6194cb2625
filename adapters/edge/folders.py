"""Where the engine keeps what: a folder for each collection, made and deleted as one.

PATH/collections/NAME/collection.json   what the collection is, and which of its folders counts
PATH/collections/NAME/1/                its points, as the engine keeps them
PATH/making/ PATH/trash/                what is not there yet, and what is gone
PATH/engine.json                        where the engine listens
PATH/server.lock PATH/engine.lock       held while a server, or an engine, has the directory
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from adapters.edge.description import describe, parse
from domain.models import Collection

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Description:
    """What `collection.json` says.

    `current` names the folder that counts. `graph` counts how often the graph was ordered anew, and
    `wanted` how often it should have been: an index of payloads that was made after it is not in it yet.
    """

    collection: Collection
    current: int = 1
    graph: int = 0
    wanted: int = 0

    def write(self, folder: Path) -> None:
        """Replace the file as one, synced to disk."""
        write_json(folder / "collection.json", {"format": FORMAT, "current": self.current} | self.plain())

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises `OSError`, or `ValueError` for a file that says something else."""
        said = json.loads((folder / "collection.json").read_bytes())
        try:
            if said["format"] != FORMAT:
                raise ValueError(f"written in format {said['format']}, and this version reads {FORMAT}")
            return replace(cls.of(said), current=int(said["current"]))
        except (LookupError, TypeError) as error:
            raise ValueError("no description of a collection") from error

    def plain(self) -> dict[str, Any]:
        """All but the folder that counts, in plain values."""
        return {"graph": self.graph, "wanted": self.wanted, "collection": describe(self.collection)}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """What `plain` gave. Raises `LookupError`, `TypeError` or `ValueError` for anything else."""
        return cls(parse(plain["collection"]), graph=int(plain["graph"]), wanted=int(plain["wanted"]))

    def with_collection(self, collection: Collection, *, outdates_graph: bool) -> Description:
        """The same of a collection that changed."""
        return replace(self, collection=collection, wanted=self.graph + 1 if outdates_graph else self.wanted)


class Folders:
    """The folders in a data directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._collections, self._making, self._trash = (root / name for name in ("collections", "making", "trash"))

    def prepare(self) -> None:
        """Make what is missing, and let go of what an earlier process left half done."""
        for folder in (self._making, self._trash):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (self._collections, self._making, self._trash):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(self.root)

    def names(self) -> list[str]:
        """The names of all collections, sorted."""
        return sorted(folder.name for folder in self._collections.iterdir() if (folder / "collection.json").exists())

    def of(self, name: str) -> Path:
        """The folder of a collection, which need not exist."""
        return self._collections / name

    def keep_only(self, name: str, current: int) -> None:
        """Throw away what is in the folder of a collection and does not count."""
        for entry in self.of(name).iterdir():
            if entry.is_dir() and entry.name != str(current):
                self.discard(entry)

    def make(self) -> Path:
        """An empty folder out of sight, to be put in its place by `publish`."""
        folder = self._making / secrets.token_hex(8)
        folder.mkdir()
        return folder

    def publish(self, made: Path, name: str) -> None:
        """Put a folder in its place as one. Raises `OSError` where there is one already."""
        made.rename(self.of(name))
        sync_folder(self._collections)

    def move(self, made: Path, path: Path) -> None:
        """Move a folder inside the data directory."""
        made.rename(path)
        sync_folder(path.parent)

    def discard(self, folder: Path) -> None:
        """Put a folder out of sight as one, and delete it."""
        gone = self._trash / secrets.token_hex(8)
        folder.rename(gone)
        sync_folder(folder.parent)
        shutil.rmtree(gone, ignore_errors=True)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a file as one, synced to disk."""
    new = path.with_suffix(".new")
    with new.open("w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Sync the entries of a folder to disk."""
    # Some file systems cannot, and have nothing to sync then; and what is told of is done already.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
