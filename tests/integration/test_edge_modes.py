"""What another user of the machine finds closed."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.edge import EdgeVectorStore, EngineSupervisor
from domain.models import Collection, Distance


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """A umask that takes nothing away, as some containers have it."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """Who may do what with the file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("existed", [False, True])
async def test_nobody_else_reads_points_or_asks_the_engine(tmp_path: Path, *, existed: bool) -> None:
    """A directory that is made, the folders of one that was there, and that of the socket are the user's alone."""
    root = tmp_path / "data"
    if existed:
        root.mkdir(mode=0o755)
    store = EdgeVectorStore(root, EngineSupervisor(root))
    try:
        async with asyncio.timeout(30):
            while not (root / "engine.json").exists():  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.01)
        await store.create_collection(Collection(name="things", size=2, distance=Distance.DOT))
        socket = Path(json.loads((root / "engine.json").read_bytes())["socket"])
        closed = [socket.parent, root / "collections", root / "making", root / "trash"]
        assert {path: mode(path) for path in closed} == dict.fromkeys(closed, 0o700)
        assert mode(root) == (0o755 if existed else 0o700)
    finally:
        await store.aclose()
