"""Snapshots as files: a tar whose every byte is settled by what it holds, so that damage to any is seen.

    manifest.json      what the snapshot is of, and of each file its path, size and checksum
    manifest.sha256    the checksum of the manifest
    files/1 ...        the files in the order of the manifest, without their long runs of zeros

The engine makes its files larger than what is in them, some 130 MB for a few points; that is why zeros are
left out. What is left hardly gets smaller, since vectors are noise to a packer: so there is no gzip.
Since the headers can only be what they are, none is parsed: a name in the tar decides nothing.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from adapters.edge.folders import sync_folder
from adapters.edge.manifest import LARGEST, Manifest, Member
from domain.errors import InvalidInput

BLOCK = 64 * 1024
"""Zeros are left out by blocks of so many bytes, and no more is in memory at a time."""

TAR_BLOCK = 512
END = bytes(2 * TAR_BLOCK)

_HEADER = struct.Struct("100s8s8s8s12s12s8s1s100s8s247s")
_SIZE, _SUM = 124, 148
"""Where in a header the size begins, and the sum."""

CUT = "a whole snapshot: it is cut"
DAMAGED = "a snapshot as it was written: it is damaged"

Check = Callable[[], object]
"""Called now and then; what it raises ends the work."""


def survey(folder: Path, check: Check) -> tuple[list[str], list[Member]]:
    """The folders and files below a folder, as a manifest tells of them."""
    folders, files = [], []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            folders.append(name)
        else:
            files.append(_examine(path, name, check))
    return folders, files


def pack(file: BinaryIO, manifest: Manifest, folder: Path, check: Check) -> None:
    """Write a snapshot of the files below the folder, which `survey` has seen."""
    told = manifest.encode()
    if len(told) > LARGEST:
        raise OSError(errno.EFBIG, "too many files for a snapshot")
    file.write(_header("manifest.json", len(told)) + told + _padding(len(told)) + _sum_of(told))
    for number, member in enumerate(manifest.files, 1):
        file.write(_header(f"files/{number}", member.length))
        with (folder / member.path).open("rb") as source:
            for offset, length in member.parts:
                source.seek(offset)
                file.writelines(_blocks(source, length, check))
        file.write(_padding(member.length))
    file.write(END)


def read_manifest(file: BinaryIO) -> Manifest:
    """The manifest of a snapshot. Raises `InvalidInput` for what is none, or damaged."""
    first = file.read(TAR_BLOCK)
    octal = first[_SIZE : _SIZE + 11]
    size = int(octal, 8) if octal.isdigit() and not set(octal) & set(b"89") else 0
    if not 0 < size <= LARGEST or first != _header("manifest.json", size):
        raise InvalidInput("", "a snapshot")
    told = _read(file, size)
    manifest = Manifest.decode(told)
    _expect(file, _padding(size) + _sum_of(told))
    return manifest


def unpack(file: BinaryIO, manifest: Manifest, folder: Path, check: Check) -> None:
    """Lay out the files behind the manifest in an empty folder, synced to disk.

    Raises `InvalidInput` where one byte is not as it was written, or something follows.
    """
    for name in manifest.folders:
        (folder / name).mkdir()
    for number, member in enumerate(manifest.files, 1):
        _expect(file, _header(f"files/{number}", member.length))
        _lay_out(file, member, folder / member.path, check)
        _expect(file, _padding(member.length))
    _expect(file, END)
    if file.read(1):
        raise InvalidInput("", "a snapshot with nothing behind its end")
    for name in [".", *manifest.folders]:
        sync_folder(folder / name)


def _examine(path: Path, name: str, check: Check) -> Member:
    parts: list[tuple[int, int]] = []
    sha, size = hashlib.sha256(), path.stat().st_size
    with path.open("rb") as file:
        for index, block in enumerate(_blocks(file, size, check)):
            if block == bytes(len(block)):
                continue
            sha.update(block)
            offset = index * BLOCK
            if parts and sum(parts[-1]) == offset:
                parts[-1] = (parts[-1][0], parts[-1][1] + len(block))
            else:
                parts.append((offset, len(block)))
    return Member(name, size, sha.hexdigest(), parts)


def _lay_out(file: BinaryIO, member: Member, path: Path, check: Check) -> None:
    sha = hashlib.sha256()
    with path.open("xb") as target:
        target.truncate(member.size)
        for offset, length in member.parts:
            target.seek(offset)
            for block in _blocks(file, length, check):
                sha.update(block)
                target.write(block)
        target.flush()
        os.fsync(target.fileno())
    if sha.hexdigest() != member.sha256:
        raise InvalidInput("", DAMAGED)


def _blocks(file: BinaryIO, length: int, check: Check) -> Iterator[bytes]:
    while length:
        check()
        block = _read(file, min(BLOCK, length))
        length -= len(block)
        yield block


def _read(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise InvalidInput("", CUT)
    return data


def _expect(file: BinaryIO, data: bytes) -> None:
    if _read(file, len(data)) != data:
        raise InvalidInput("", DAMAGED)


def _header(name: str, size: int) -> bytes:
    """That of a file in a tar, of nobody's and no time.

    `tarfile` makes it in other ways from version to version, and here every byte counts.
    """
    length = b"%011o\0" % size if size < 8**11 else b"\x80" + size.to_bytes(11, "big")
    nobody, never, unsummed, regular = b"0000000\0", b"00000000000\0", b" " * 8, b"0"
    fields = _HEADER.pack(
        name.encode(), b"0000600\0", nobody, nobody, length, never, unsummed, regular, b"", b"ustar  \0", b""
    )
    return fields[:_SUM] + b"%06o\0 " % sum(fields) + fields[_SUM + 8 :]


def _padding(size: int) -> bytes:
    return bytes(-size % TAR_BLOCK)


def _sum_of(told: bytes) -> bytes:
    """The member behind the manifest, as `sha256sum` has it."""
    line = f"{hashlib.sha256(told).hexdigest()}  manifest.json\n".encode()
    return _header("manifest.sha256", len(line)) + line + _padding(len(line))
