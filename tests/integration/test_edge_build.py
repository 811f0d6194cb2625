"""The process that builds a graph does not outlive the engine, and does not hide its end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from adapters.edge import EdgeVectorStore, EngineSupervisor
from domain.models import Collection, Distance, Point, Vector
from tests.integration.test_edge_engine import GRAPH, SIZE, engine

THINGS = Collection(name="things", size=SIZE, distance=Distance.DOT)


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def builders_of(pid: int) -> list[int]:
    """The builders that an engine has started, from when they are no image of the engine any more."""
    return [child for child in children(pid) if b"adapters.edge.build" in Path(f"/proc/{child}/cmdline").read_bytes()]


async def until(holds: Callable[[], object], seconds: float) -> None:
    """Wait until it holds of another process."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_builder_holds_up_no_new_engine(tmp_path: Path) -> None:
    """An engine that is killed while its builder stands still is started again all the same."""
    store = EdgeVectorStore(tmp_path / "data", EngineSupervisor(tmp_path / "data"))
    builders: list[int] = []
    try:
        await store.create_collection(THINGS)
        points = [Point(number, Vector(np.full(SIZE, number + 1, np.float32).tobytes()), {}) for number in range(GRAPH)]
        await store.upsert("things", points)
        killed = engine(tmp_path)
        await until(lambda: builders_of(killed), 10)
        builders += builders_of(killed)
        # It has not come to ask for its own end yet.
        os.kill(builders[0], signal.SIGSTOP)
        os.kill(killed, signal.SIGKILL)
        await until(lambda: engine(tmp_path) != killed, 3)
    finally:
        for builder in builders:
            with suppress(ProcessLookupError):
                os.kill(builder, signal.SIGCONT)
        await store.aclose()


async def test_a_builder_without_its_engine_ends(tmp_path: Path) -> None:
    """A builder whose engine was gone before it came to ask for its own end builds nothing."""
    gone = 2**22 + 1
    command = ("-m", "adapters.edge.build", str(tmp_path / "missing"), "0", "{}", str(gone))
    process = await asyncio.create_subprocess_exec(sys.executable, *command)
    assert await process.wait() == 0
