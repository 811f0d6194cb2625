"""Commands as processes of their own, against a service and a vector database that serve on ports."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from adapters.backends import QdrantSettings
from adapters.memory import InMemoryVectorStore
from domain.filters import Filter
from domain.models import Collection, Distance, IndexType, Point, Vector
from tests.e2e.service import ROOT, holdfast
from tests.integration.qdrant_stores import open_store
from tests.servers.holdfast import serve_holdfast
from tests.servers.proxy import FaultProxy
from tests.servers.qdrant_rest import serve_qdrant_rest

POINTS = 2_600

FRUIT = Collection(name="fruit", size=8, distance=Distance.COSINE, indexes={"rank": IndexType.INTEGER})


class CountingVectorStore(InMemoryVectorStore):
    """Counts the points that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.written = 0

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        await super().upsert(collection, points, only=only)
        self.written += len(points)

    def holds_more(self, written: int) -> bool:
        """Whether points came since so many."""
        return self.written > written


@dataclass
class World:
    """A Qdrant server that holds points, and a service that holds none, with a proxy before each."""

    source: FaultProxy
    target: FaultProxy
    kept: CountingVectorStore
    folder: Path

    @property
    def state(self) -> Path:
        """The file that keeps how far the copy is."""
        return self.folder / "state.json"

    async def copy(self, *arguments: str) -> Process:
        """`holdfast copy`, begun."""
        urls = ("--from", f"qdrant+{self.source.address.url}", "--to", f"holdfast+{self.target.address.url}")
        return await begin("copy", *urls, "--state", str(self.state), *arguments)


async def begin(*arguments: str) -> Process:
    """A command, begun; it writes a page at a time."""
    command, env = holdfast(*arguments, COPYING__IN_FLIGHT=1)
    return await asyncio.create_subprocess_exec(*command, env=env, cwd=ROOT, stdout=PIPE, stderr=PIPE)


async def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something holds that another process brings about."""
    async with asyncio.timeout(seconds):
        while True:
            if holds():
                return
            await asyncio.sleep(0.02)


async def said(process: Process, words: bytes, seconds: float = 30.0) -> None:
    """Wait until the command says this on stderr."""
    assert process.stderr is not None
    async with asyncio.timeout(seconds):
        await process.stderr.readuntil(words)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with _world(tmp_path) as world:
        yield world


@asynccontextmanager
async def _world(folder: Path) -> AsyncIterator[World]:
    kept = CountingVectorStore()
    async with (
        serve_qdrant_rest() as qdrant,
        serve_holdfast(kept) as service,
        FaultProxy("127.0.0.1", qdrant.port) as source,
        FaultProxy(*service) as target,
        open_store(QdrantSettings(url=qdrant.url)) as store,
    ):
        await store.create_collection(FRUIT)
        points = [Point(i, Vector.of([i % 7 + 1, i % 5, i % 3, i, 1, 2, 3, 4]), {"rank": i}) for i in range(POINTS)]
        await store.upsert("fruit", points)
        yield World(source, target, kept, folder)


async def end_of(process: Process) -> tuple[int | None, str, str]:
    """How the command ended, and what it wrote."""
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_a_copy_that_is_killed_goes_on(world: World) -> None:
    """After a SIGKILL in the middle --resume copies what is left, and the two are the same."""
    world.target.latency(0.3)
    first = await world.copy()
    await until(world.state.exists)
    first.kill()
    assert (await end_of(first))[0] == -9
    world.target.pass_through()
    kept = json.loads(world.state.read_bytes())["collections"]["fruit"]
    assert 500 <= kept["copied"] < POINTS
    assert kept["next"] == kept["copied"]
    code, out, err = await end_of(await world.copy("--resume"))
    assert (code, out) == (
        0,
        f"fruit: {POINTS:,} points copied; the same in both: 100 points and 5 searches compared\n",
    ), err
    assert (await world.kept.describe_collection("fruit")).collection == FRUIT
    assert not world.state.exists()


async def test_a_copy_outlasts_outages_of_both(world: World) -> None:
    """The source goes away and comes back, and then the target does: the copy waits, says so, and is whole."""
    world.target.latency(0.2)
    process = await world.copy()
    for proxy in (world.source, world.target):
        before = world.kept.written
        await until(partial(world.kept.holds_more, before))
        proxy.stop()
        await said(process, b"trying again in")
        proxy.pass_through()
    code, out, err = await end_of(process)
    assert (code, out.startswith(f"fruit: {POINTS:,} points copied; the same in both")) == (0, True), err
    assert "Traceback" not in err


async def test_commands_work_through_a_service(world: World) -> None:
    """With --url nothing but the service is needed, and one that is gone is the exit code for that."""
    await world.kept.create_collection(FRUIT)
    await world.kept.upsert("fruit", [Point(7, Vector.of([1] * 8), {"rank": 1})])
    url = world.target.address.url
    code, out, _ = await end_of(await begin("collections", "--url", url, "--json"))
    assert (code, json.loads(out)["collections"][0]["points"]) == (0, 1)
    vector = json.dumps([1] * 8)
    code, out, _ = await end_of(await begin("search", "fruit", "--vector", vector, "--url", url, "--json"))
    assert (code, [hit["id"] for hit in json.loads(out)["hits"]]) == (0, [7])
    world.target.stop()
    code, out, err = await end_of(await begin("search", "fruit", "--vector", vector, "--url", url))
    assert (code, out) == (69, "")
    assert err.splitlines()[-1].startswith("holdfast: vector_store unavailable: search failed (re")
