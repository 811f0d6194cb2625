"""What looks after the collections, where something fails: a disk that is full, files that are gone."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from adapters.edge.directory import Directory, Opened
from adapters.edge.folders import Description
from adapters.edge.shard import Shard
from adapters.edge.upkeep import Upkeep
from adapters.edge.writes import Writes
from domain.errors import CollectionConflict
from domain.models import Collection, Distance, IndexType

SIZE = 4096
GRAPH = 10_000 * 1024 // (4 * SIZE) + 60
THINGS = Collection(name="things", size=SIZE, distance=Distance.DOT)
FULL = OSError(28, "No space left on device")


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Directory]:
    """A data directory with the collection `things`, which has a point."""
    directory = Directory(tmp_path)
    directory.folders.prepare()
    directory.create(THINGS)
    write(directory, 1)
    yield directory
    directory.close()


def write(directory: Directory, points: int) -> None:
    """Write so many points into `things`."""
    ids = list(range(points))
    vectors = [np.full(SIZE, number + 1, np.float32).tobytes() for number in ids]
    for _ in directory.get("things").shard.upsert(ids, vectors, [{}] * points):
        pass


class FullShard:
    """A shard that cannot be synced; it counts how often that was tried."""

    changes = 1
    tried = 0

    def flush(self) -> None:
        self.tried += 1
        raise FULL


class Told:
    """What is told, and a way to wait for it."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self._came = asyncio.Event()

    def __call__(self, event: str, **values: object) -> None:
        self.events.append(event)
        self._came.set()

    async def first(self) -> str:
        """The first event."""
        async with asyncio.timeout(10):
            await self._came.wait()
        return self.events[0]


async def test_goes_on_where_one_collection_cannot_be_synced(directory: Directory) -> None:
    """A collection whose sync fails does not end the upkeep: the failure is told, and the others are synced."""
    told, full = Told(), FullShard()
    things = directory.opened.pop("things")
    directory.opened["full"] = Opened(Description(replace(THINGS, name="full")), cast("Shard", full), settled=1)
    directory.opened["things"] = things
    running = asyncio.create_task(Upkeep(directory, Writes(None), told).run())
    assert await told.first() == "engine_fault"
    assert not things.dirty
    assert not running.done()
    running.cancel()
    del directory.opened["full"]


async def test_a_graph_that_cannot_be_built_is_not_tried_at_once_again(directory: Directory, tmp_path: Path) -> None:
    """A copy that fails is not made again and again, and nothing is left of it."""
    write(directory, GRAPH)
    told = Told()
    dangling = tmp_path / "collections" / "things" / "1" / "dangling"
    dangling.symlink_to("nowhere")
    running = asyncio.create_task(Upkeep(directory, Writes(None), told).run())
    assert await told.first() == "graph_not_built"
    await asyncio.sleep(1)
    assert told.events == ["graph_not_built"]
    assert list((tmp_path / "making").iterdir()) == []
    running.cancel()


def swapped(directory: Directory) -> None:
    """Let `things` go on in another folder."""
    opened = directory.get("things")
    opened.flush()
    folder = directory.folders.of("things")
    shutil.copytree(folder / "1", folder / "2")
    shard = Shard.load(THINGS, folder / "2", graph=0)
    directory.swap("things", shard, replace(opened.description, current=2))


def test_a_swap_is_done_once_it_is_written_down(directory: Directory, tmp_path: Path) -> None:
    """Where the old folder cannot be thrown away, the collection goes on in the new one, and after a start too."""
    (tmp_path / "trash").rmdir()
    swapped(directory)
    assert directory.get("things").shard.count() == 1
    (tmp_path / "trash").mkdir()
    directory.close()
    assert directory.get("things").shard.count() == 1
    assert {path.name for path in directory.folders.of("things").iterdir()} == {"2", "collection.json"}


def test_an_index_is_there_once_it_is_acknowledged(directory: Directory, tmp_path: Path) -> None:
    """An index that could not be written down is written down when it is asked for again."""
    blocking = tmp_path / "collections" / "things" / "collection.new"
    blocking.mkdir()
    with pytest.raises(OSError, match="directory"):
        directory.index("things", "n", IndexType.INTEGER)
    blocking.rmdir()
    directory.index("things", "n", IndexType.INTEGER)
    with pytest.raises(CollectionConflict):
        directory.index("things", "n", IndexType.FLOAT)
    directory.close()
    assert directory.get("things").description.collection.indexes == {"n": IndexType.INTEGER}


def test_closes_what_was_not_used_for_longest(tmp_path: Path) -> None:
    """However many collections there are, few are open, and what was written to the others is there."""
    directory = Directory(tmp_path, most_open=3, busy=lambda name: name == "c0")
    directory.folders.prepare()
    one = np.ones(2, np.float32).tobytes()
    for number in range(6):
        directory.create(Collection(name=f"c{number}", size=2, distance=Distance.DOT))
        assert sum(1 for _ in directory.get(f"c{number}").shard.upsert([number], [one], [{}])) == 1
    assert list(directory.opened) == ["c0", "c4", "c5"]
    directory.get("c4")
    assert directory.get("c1").shard.retrieve([1], with_vectors=False)
    assert list(directory.opened) == ["c0", "c4", "c1"]
    directory.close()


def test_large_vectors_are_synced_after_fewer_points(directory: Directory) -> None:
    """What a start after a crash has to apply again is bounded in numbers, not in points alone."""
    opened = directory.get("things")
    opened.flush()
    opened.shard.changes += 2_000
    directory.note_write("things")
    assert opened.dirty
    opened.shard.changes += 1_000
    directory.note_write("things")
    assert not opened.dirty
