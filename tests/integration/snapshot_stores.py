"""Directories of points whose collections are kept in files."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.edge import EdgeVectorStore, EngineSupervisor
from adapters.edge.snapshots import EdgeSnapshots
from domain.models import Collection, Distance, IndexType, Point, Vector

THINGS = Collection(name="things", size=4, distance=Distance.EUCLID, indexes={"n": IndexType.INTEGER})


def point(number: int) -> Point:
    """A point of `THINGS`."""
    return Point(number, Vector.of([number, 1.0, 2.0, 3.0]), {"n": number})


class Data:
    """A data directory with its engine, and two clients of that."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = EdgeVectorStore(root, EngineSupervisor(root))
        self.snapshots = EdgeSnapshots(root)

    @property
    def making(self) -> list[str]:
        """What is half done."""
        return names(self.root / "making")

    async def restore(self, path: Path, name: str | None = None) -> int:
        """Restore a collection; how many points it has."""
        unpacked = await self.snapshots.unpack(path, name)
        await self.snapshots.publish(unpacked)
        await self.snapshots.discard(unpacked)
        return unpacked.points


def names(folder: Path) -> list[str]:
    """What is in a folder, if it is there."""
    return [path.name for path in folder.iterdir()] if folder.exists() else []


@asynccontextmanager
async def data(root: Path) -> AsyncIterator[Data]:
    """A data directory that is open."""
    opened = Data(root)
    try:
        yield opened
    finally:
        await opened.snapshots.aclose()
        await opened.store.aclose()


async def until(so: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not await so():  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)


async def snapshot_of_things(folder: Path) -> Path:
    """A snapshot of `THINGS` with 300 points, made in this folder."""
    path = folder / "things.snap"
    async with data(folder / "source") as source:
        await source.store.create_collection(THINGS)
        await source.store.upsert("things", [point(number) for number in range(300)])
        await source.snapshots.take("things", path)
    await asyncio.to_thread(shutil.rmtree, folder / "source")
    return path
