"""What a snapshot says of itself, before all else that is in it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any

import msgspec

from adapters.edge.folders import Description
from domain.errors import HoldfastError, InvalidInput

FORMAT = 1

LARGEST = 64 * 1024 * 1024
"""The most bytes of a manifest that are read: enough for some hundred thousand files."""

Count = Annotated[int, msgspec.Meta(ge=0)]


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file: where it goes, and how many bytes it has.

    `parts` are the offsets and lengths of what the snapshot has of it; all between is zeros. `sha256` is of
    the parts, one after the other.
    """

    path: str
    size: Count
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    parts: list[tuple[Count, Count]]

    @property
    def length(self) -> int:
        """How many bytes the snapshot has of it."""
        return sum(length for _, length in self.parts)


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of a snapshot but the bytes. `engine` is the version of the engine that wrote them."""

    format: int
    holdfast: str
    engine: str
    points: Count
    collection: dict[str, Any]
    graph: Count
    wanted: Count
    folders: list[str]
    files: list[Member]

    def encode(self) -> bytes:
        """As JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Manifest:
        """Raises `InvalidInput` for anything that `encode` did not make of what this version can restore."""
        try:
            written = msgspec.json.decode(data, type=_Format).format
            if written != FORMAT:
                raise InvalidInput("", f"a snapshot of format {FORMAT}, got {written}")
            manifest = msgspec.json.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise InvalidInput("", "a snapshot") from None
        manifest.description()
        _check_paths(manifest)
        _check_parts(manifest)
        return manifest

    def description(self) -> Description:
        """What the collection is. Raises `InvalidInput` where it says nothing that could be one."""
        try:
            return Description.of({"graph": self.graph, "wanted": self.wanted, "collection": self.collection})
        except (LookupError, TypeError, ValueError, AttributeError, HoldfastError):
            raise InvalidInput("", "a snapshot of a collection as there can be one") from None

    def check_engine(self, version: str) -> None:
        """Raise `InvalidInput` where the engine here, of this version, is older than the one that wrote it."""
        if _release(self.engine) > _release(version):
            raise InvalidInput("", f"a snapshot of an engine up to {version}, got one of {self.engine}")


class _Format(msgspec.Struct):
    format: int


def _release(version: str) -> list[int]:
    """Major and minor: the others change nothing in the files."""
    return [int(number) for number in re.findall(r"\d{1,9}", version)[:2]]


def _check_paths(manifest: Manifest) -> None:
    """Raise `InvalidInput` unless all is below one folder, each once, in folders that are there."""
    there: set[str] = {"."}
    for path in [*manifest.folders, *(member.path for member in manifest.files)]:
        pure = PurePosixPath(path)
        plain = path == str(pure) and not pure.is_absolute() and ".." not in pure.parts and path.isprintable()
        if not plain or path in there or str(pure.parent) not in {".", *manifest.folders}:
            raise InvalidInput("", "a snapshot whose files stay in their folder")
        there.add(path)


def _check_parts(manifest: Manifest) -> None:
    """Raise `InvalidInput` unless the parts of each file follow each other within its size."""
    for member in manifest.files:
        end = 0
        for offset, length in member.parts:
            if offset < end:
                raise InvalidInput("", "a snapshot whose files have their parts in order")
            end = offset + length
        if end > member.size:
            raise InvalidInput("", "a snapshot whose files have their sizes")
