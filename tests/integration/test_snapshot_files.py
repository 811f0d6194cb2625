"""Snapshots as files: what is not as it was written is refused, before anything of it is a collection."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.edge.archive import BLOCK, pack, read_manifest, survey, unpack
from adapters.edge.description import describe
from adapters.edge.manifest import FORMAT, Manifest, Member
from domain.errors import InvalidInput
from tests.integration.snapshot_stores import THINGS, data, snapshot_of_things

NO_SUM = hashlib.sha256().hexdigest()


def on() -> None:
    """Go on."""


def manifest(**changes: Any) -> Manifest:
    """A manifest of nothing, with these changes."""
    told: dict[str, Any] = {"format": FORMAT, "holdfast": "0.1.0", "engine": "0.9.1", "points": 0, "graph": 0}
    told |= {"wanted": 0, "collection": describe(THINGS), "folders": [], "files": []}
    return Manifest(**(told | changes))


@pytest.fixture
def packed(tmp_path: Path) -> bytes:
    """A snapshot of two files in two folders."""
    folder = tmp_path / "folder"
    (folder / "sub" / "empty").mkdir(parents=True)
    (folder / "sub" / "one").write_bytes(os.urandom(700))
    with (folder / "two").open("wb") as file:
        file.seek(3 * BLOCK + 5)
        file.write(b"end")
        file.truncate(9 * BLOCK)
    folders, files = survey(folder, on)
    into = io.BytesIO()
    pack(into, manifest(folders=folders, files=files), folder, on)
    return into.getvalue()


def lay_out(packed: bytes, folder: Path) -> None:
    """Read a snapshot to its end, into a new folder."""
    file = io.BytesIO(packed)
    told = read_manifest(file)
    folder.mkdir()
    unpack(file, told, folder, on)


def test_holds_no_zeros(packed: bytes, tmp_path: Path) -> None:
    """A file comes back as it was, though its long runs of zeros are left out; empty folders come back too."""
    lay_out(packed, tmp_path / "again")
    assert len(packed) < 3 * BLOCK
    assert survey(tmp_path / "again", on) == survey(tmp_path / "folder", on)
    two = (tmp_path / "again" / "two").read_bytes()
    assert two == (tmp_path / "folder" / "two").read_bytes()
    assert (tmp_path / "again" / "sub" / "empty").is_dir()


def test_every_byte_counts(packed: bytes, tmp_path: Path) -> None:
    """Whichever byte is another one, it is seen."""
    places = [
        *range(0, 5 * 512, 5),
        *range(5 * 512, len(packed) - 1024, 997),
        *range(len(packed) - 1024, len(packed), 99),
    ]
    for place in places:
        damaged = bytearray(packed)
        damaged[place] ^= 1 << place % 8
        with pytest.raises(InvalidInput):
            lay_out(bytes(damaged), tmp_path / str(place))


def test_a_cut_one_is_refused(packed: bytes, tmp_path: Path) -> None:
    """Wherever it ends too soon, and where something follows."""
    for length in [0, 1, 511, 512, *range(513, len(packed), 4999), len(packed) - 512, len(packed) - 1]:
        with pytest.raises(InvalidInput):
            lay_out(packed[:length], tmp_path / str(length))
    for more in (b"\0", packed):
        with pytest.raises(InvalidInput, match="nothing behind its end"):
            lay_out(packed + more, tmp_path / f"more{len(more)}")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.XHDTYPE])
def test_members_are_files_and_nothing_else(packed: bytes, tmp_path: Path, kind: bytes) -> None:
    """A link, a folder, a device or a header of another kind in the place of a file is refused."""
    place = packed.index(b"files/1\0")
    info = tarfile.TarInfo.frombuf(packed[place : place + 512], "utf-8", "strict")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(InvalidInput, match="damaged"):
        lay_out(packed[:place] + info.tobuf(tarfile.GNU_FORMAT)[:512] + packed[place + 512 :], tmp_path / "there")


def test_a_member_that_is_not_in_the_manifest_is_refused(packed: bytes, tmp_path: Path) -> None:
    """One more file, between the others or at the end, is none of the snapshot."""
    more = io.BytesIO()
    with tarfile.open(fileobj=more, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("../../outside"))
    for place in (packed.index(b"files/1\0"), packed.index(b"files/2\0"), len(packed) - 1024):
        with pytest.raises(InvalidInput, match="damaged"):
            lay_out(packed[:place] + more.getvalue()[:512] + packed[place:], tmp_path / str(place))
    assert not (tmp_path.parent / "outside").exists()


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../x",
        "a/../../x",
        "/x",
        "//x",
        "",
        ".",
        "..",
        "./x",
        "a//x",
        "a/",
        "nowhere/x",
        "a",
        "x\0",
        "x\n",
        "f/x",
    ],
)
def test_paths_stay_in_their_folder(path: str) -> None:
    """A path that leads out, is written in two ways, is there already or is below what is no folder is refused."""
    files = [Member("f", 0, NO_SUM, []), Member(path, 0, NO_SUM, [])]
    with pytest.raises(InvalidInput, match="stay in their folder"):
        Manifest.decode(manifest(folders=["a"], files=files).encode())
    with pytest.raises(InvalidInput, match="stay in their folder"):
        Manifest.decode(manifest(folders=["a", path], files=files[:1]).encode())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "a snapshot of format 1, got 2"),
        ({"points": -1}, "a snapshot"),
        ({"collection": {}}, "a collection as there can be one"),
        ({"collection": describe(THINGS) | {"name": "../x"}}, "a collection as there can be one"),
        ({"collection": describe(THINGS) | {"size": 0}}, "a collection as there can be one"),
        ({"collection": describe(THINGS) | {"indexes": []}}, "a collection as there can be one"),
        ({"files": [Member("f", 3, NO_SUM, [(0, 4)])]}, "have their sizes"),
        ({"files": [Member("f", 9, NO_SUM, [(4, 2), (0, 2)])]}, "parts in order"),
        ({"files": [Member("f", 0, "00", [])]}, "a snapshot"),
    ],
)
def test_a_manifest_makes_sense(changes: dict[str, Any], said: str) -> None:
    """Another format, and what no collection can be, is refused with what was expected."""
    with pytest.raises(InvalidInput, match=said):
        Manifest.decode(manifest(**changes).encode())


@pytest.mark.parametrize("garbage", [b"", b"{}", b"[" * 100_000, b"\xff", b'{"format": 1}', b"null"])
def test_garbage_is_no_manifest(garbage: bytes) -> None:
    """Bytes that mean nothing are refused."""
    with pytest.raises(InvalidInput):
        Manifest.decode(garbage)


def test_a_newer_engine_is_refused() -> None:
    """What an engine wrote, this one or a later one reads; the last of the numbers does not matter."""
    for version in ("0.9.0", "0.9.1", "0.10.0", "1.0.0"):
        manifest().check_engine(version)
    with pytest.raises(InvalidInput, match=r"an engine up to 0.8.3, got one of 0.9.1"):
        manifest().check_engine("0.8.3")


async def test_a_store_is_left_as_it_was(tmp_path: Path) -> None:
    """Refused at the manifest, in the middle, at the end or by the number of points, a file leaves nothing behind."""
    good = (await snapshot_of_things(tmp_path)).read_bytes()
    told = read_manifest(io.BytesIO(good))
    body = good[good.index(b"files/1\0") :]
    wrong = io.BytesIO()
    pack(wrong, msgspec.structs.replace(told, points=299, files=[], folders=[]), tmp_path, on)
    bad = {
        "empty": b"",
        "text": b"no snapshot" * 100,
        "cut": good[: len(good) // 2],
        "end": good[:-1],
        "more": good + b"\0",
        "flipped": good[:-2000] + bytes([good[-2000] ^ 1]) + good[-1999:],
        "points": wrong.getvalue()[:-1024] + body,
    }
    async with data(tmp_path / "data") as here:
        for name, content in bad.items():
            path = tmp_path / name
            path.write_bytes(content)
            with pytest.raises(InvalidInput) as caught:
                await here.restore(path)
            assert caught.value.where in {name, ""}
            assert here.making == []
        assert await here.store.list_collections() == ()
        (tmp_path / "good").write_bytes(good)
        assert await here.restore(tmp_path / "good") == 300
