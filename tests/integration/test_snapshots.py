"""Snapshots of a directory of points, taken and restored through the engine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from adapters.edge.snapshots import EdgeSnapshots
from domain.errors import BackendUnavailable, CollectionConflict, CollectionNotFound, Failure
from domain.filters import Filter
from domain.models import Collection, Distance, HnswOptions, IndexType, Point, Quantization, QuantizationType, Vector
from domain.queries import SearchQuery, Selection
from tests.integration.snapshot_stores import THINGS, Data, data, names, point, until

SIZE = 4096
GRAPH = 10_000 * 1024 // (4 * SIZE) + 60
"""A few more points of large vectors than need a graph."""


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Data]:
    """A directory with the empty collection `things`."""
    async with data(tmp_path / "data") as opened:
        await opened.store.create_collection(THINGS)
        yield opened


async def test_comes_back_as_it_was(here: Data, tmp_path: Path) -> None:
    """In another directory a restored collection has the description, the points and the hits of the first."""
    made = Collection(
        name="made",
        size=4,
        distance=Distance.COSINE,
        indexes={"n": IndexType.INTEGER, '"a b".c': IndexType.KEYWORD},
        on_disk=True,
        quantization=Quantization(type=QuantizationType.SCALAR, quantile=0.99),
        hnsw=HnswOptions(m=8),
    )
    await here.store.create_collection(made)
    await here.store.upsert("made", [point(number) for number in range(1000)])
    await here.store.delete("made", Selection(ids=(5,)))
    await here.store.set_payload("made", {"new": ["é", None]}, Selection(ids=(6,)))
    assert await here.snapshots.take("made", tmp_path / "made.snap") == 999
    query = SearchQuery(vector=point(7).vector, limit=20)
    async with data(tmp_path / "other") as other:
        assert await other.restore(tmp_path / "made.snap") == 999
        assert (await other.store.describe_collection("made")).collection == made
        pages = [await one.store.scroll("made", Filter(), limit=1000, with_vectors=True) for one in (here, other)]
        assert pages[0] == pages[1]
        assert await other.store.search("made", query) == await here.store.search("made", query)
        # It takes writes, which are none of the first.
        await other.store.upsert("made", [point(5000)])
        assert (await other.store.count("made", Filter()), await here.store.count("made", Filter())) == (1000, 999)
        assert other.making == here.making == []


async def test_is_the_collection_at_one_moment(here: Data, tmp_path: Path) -> None:
    """Taken under writes, it has what was acknowledged before it began, and of later batches none or all, in order."""
    begun, acknowledged, done = 0, -1, asyncio.Event()

    async def write() -> None:
        nonlocal begun, acknowledged
        while not done.is_set():
            await here.store.upsert("things", [point(10 * begun + number) for number in range(10)])
            acknowledged, begun = begun, begun + 1

    writing = asyncio.create_task(write())
    await until(lambda: asyncio.sleep(0, begun > 20))
    before = acknowledged
    points = await here.snapshots.take("things", tmp_path / "things.snap")
    after = begun
    await until(lambda: asyncio.sleep(0, begun > after + 5))
    done.set()
    await writing
    assert await here.restore(tmp_path / "things.snap", "restored") == points
    page = await here.store.scroll("restored", Filter(), limit=100_000)
    found = [record.id for record in page.points]
    assert found == list(range(points))
    assert points % 10 == 0
    assert before < points // 10 <= after + 1
    assert await here.store.count("things", Filter()) > points


async def test_the_graph_comes_along(here: Data, tmp_path: Path) -> None:
    """A graph is not built again, and one that an index outdated is still known to be outdated."""
    random = np.random.default_rng(7)
    await here.store.create_collection(Collection(name="large", size=SIZE, distance=Distance.DOT))
    for start in range(0, GRAPH, 350):
        batch = [
            Point(number, Vector(random.standard_normal(SIZE, np.float32).tobytes()), {"n": number})
            for number in range(start, min(start + 350, GRAPH))
        ]
        await here.store.upsert("large", batch)

    async def counters(name: str) -> tuple[int, int]:
        said = json.loads((here.root / "collections" / name / "collection.json").read_bytes())
        return said["graph"], said["wanted"]

    async def settled() -> bool:
        info = await here.store.describe_collection("large")
        graph, wanted = await counters("large")
        return not info.building and graph == wanted and bool(info.indexed_vectors)

    await until(settled, 120)
    await here.store.create_index("large", "n", IndexType.INTEGER)
    await until(settled, 120)
    assert await counters("large") == (1, 1)
    await here.store.create_index("large", "m", IndexType.INTEGER)
    await here.snapshots.take("large", tmp_path / "large.snap")
    await here.restore(tmp_path / "large.snap", "restored")
    assert await counters("restored") == (1, 2)
    info = await here.store.describe_collection("restored")
    assert (info.points, info.indexed_vectors) == (GRAPH, GRAPH)
    assert info.collection.indexes == {"n": IndexType.INTEGER, "m": IndexType.INTEGER}


async def test_is_an_ordinary_tar(here: Data, tmp_path: Path) -> None:
    """Any tar lists it, and the same collection gives the same bytes."""
    await here.store.upsert("things", [point(number) for number in range(300)])
    for name in ("one", "other"):
        await here.snapshots.take("things", tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    assert (tmp_path / "one").stat().st_size < 1_000_000
    with tarfile.open(tmp_path / "one") as tar:
        assert tar.getnames()[:3] == ["manifest.json", "manifest.sha256", "files/1"]
        manifest = tar.extractfile("manifest.json")
        assert manifest is not None
        assert json.load(manifest)["points"] == 300


@pytest.mark.parametrize("name", ["n" * 255, "0", "a..b"])
async def test_any_name_will_do(here: Data, tmp_path: Path, name: str) -> None:
    """A collection of the longest name goes into a file of the longest name, and back."""
    await here.store.create_collection(Collection(name=name, size=4, distance=Distance.DOT))
    await here.store.upsert(name, [point(1)])
    path = tmp_path / ("f" * 255)
    await here.snapshots.take(name, path)
    await here.store.delete_collection(name)
    assert await here.restore(path) == 1
    assert [record.id for record in await here.store.retrieve(name, [1])] == [1]


async def test_refuses_a_name_that_is_there(here: Data, tmp_path: Path) -> None:
    """Nothing is restored over a collection, also where it came while the snapshot was laid out."""
    path = tmp_path / "things.snap"
    await here.snapshots.take("things", path)
    with pytest.raises(CollectionConflict):
        await here.snapshots.unpack(path)
    unpacked = await here.snapshots.unpack(path, "late")
    await here.store.create_collection(Collection(name="late", size=2, distance=Distance.DOT))
    with pytest.raises(CollectionConflict):
        await here.snapshots.publish(unpacked)
    await here.snapshots.discard(unpacked)
    assert here.making == []
    assert (await here.store.describe_collection("late")).collection.size == 2


async def test_of_an_unknown_collection_nothing_is_made(here: Data, tmp_path: Path) -> None:
    """There is an error and no file, under no name."""
    with pytest.raises(CollectionNotFound):
        await here.snapshots.take("gone", tmp_path / "gone.snap")
    assert names(tmp_path) == ["data"]


async def test_a_file_that_cannot_be_written_is_told(here: Data, tmp_path: Path) -> None:
    """A folder that does not exist is an error of the system's, and leaves nothing in the store."""
    with pytest.raises(FileNotFoundError):
        await here.snapshots.take("things", tmp_path / "nowhere" / "things.snap")
    assert here.making == []


async def test_a_copy_that_fails_leaves_nothing(here: Data, tmp_path: Path) -> None:
    """A folder of points that cannot be copied whole is a failure of the store, with no file and no half of a copy."""
    (here.root / "collections" / "things" / "1" / "broken").symlink_to("nowhere")
    with pytest.raises(BackendUnavailable) as caught:
        await here.snapshots.take("things", tmp_path / "things.snap")
    assert caught.value.failure is Failure.FAULT
    assert names(tmp_path) == ["data"]
    assert here.making == []


async def test_what_was_lent_goes_with_the_connection(here: Data, tmp_path: Path) -> None:
    """A client that ends before it published leaves nothing, and cannot publish by another connection."""
    path = tmp_path / "things.snap"
    await here.snapshots.take("things", path)
    unpacked = await here.snapshots.unpack(path, "restored")
    assert here.making == [unpacked.folder.name]
    await here.snapshots.aclose()
    await until(lambda: asyncio.sleep(0, here.making == []))
    with pytest.raises(BackendUnavailable):
        await here.snapshots.publish(unpacked)
    assert await here.store.list_collections() == ("things",)


async def test_an_engine_that_dies_is_unavailable(here: Data, tmp_path: Path) -> None:
    """Killed between laying out and publishing, the engine starts again with nothing of it."""
    path = tmp_path / "things.snap"
    await here.snapshots.take("things", path)
    unpacked = await here.snapshots.unpack(path, "restored")
    os.kill(json.loads((here.root / "engine.json").read_bytes())["pid"], signal.SIGKILL)
    with pytest.raises(BackendUnavailable):
        await here.snapshots.publish(unpacked)
    await here.snapshots.discard(unpacked)

    async def answers() -> bool:
        try:
            return await here.store.list_collections() == ("things",)
        except BackendUnavailable:
            return False

    await until(answers)
    assert here.making == []
    assert await here.restore(path, "restored") == 0


async def test_a_hung_engine_is_a_timeout(here: Data, tmp_path: Path) -> None:
    """A copy may take long, but an engine that answers nobody meanwhile is given up on."""
    impatient = EdgeSnapshots(here.root, timeout=0.2)
    pid = json.loads((here.root / "engine.json").read_bytes())["pid"]
    assert await impatient.take("things", tmp_path / "things.snap") == 0
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(BackendUnavailable) as caught:
            await impatient.take("things", tmp_path / "other.snap")
    finally:
        os.kill(pid, signal.SIGCONT)
    assert caught.value.failure is Failure.TIMEOUT
    assert not (tmp_path / "other.snap").exists()
    await impatient.aclose()


async def test_can_be_cancelled(here: Data, tmp_path: Path) -> None:
    """Who is cancelled in the middle of a restore leaves nothing, and the connection serves on."""
    path, pipe = tmp_path / "things.snap", tmp_path / "pipe"
    await here.snapshots.take("things", path)
    whole = path.read_bytes()
    os.mkfifo(pipe)
    # For both, so that nobody waits for the other end.
    end = os.open(pipe, os.O_RDWR)
    try:
        restoring = asyncio.create_task(here.restore(pipe, "restored"))
        await asyncio.to_thread(os.write, end, whole[: len(whole) // 2])
        await until(lambda: asyncio.sleep(0, here.making != []))
        restoring.cancel()
    finally:
        # Which wakes who reads.
        os.close(end)
    with pytest.raises(asyncio.CancelledError):
        await restoring
    assert here.making == []
    assert await here.restore(path, "restored") == 0
