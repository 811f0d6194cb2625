"""The embedded engine where its surroundings are hard on it."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.edge import EdgeVectorStore, EngineSupervisor
from adapters.edge.connection import CONNECT_TIMEOUT, EngineConnection
from adapters.edge.directory import FLUSH_AFTER, Opened
from adapters.edge.engine import Engine
from adapters.edge.folders import Description
from adapters.edge.shard import Shard
from adapters.edge.wire import Frames
from domain.errors import BackendUnavailable, Failure
from domain.models import Collection, Distance, Point, Vector
from tests.e2e.service import ROOT
from tests.integration.test_edge_engine import answers, engine, until

THINGS = Collection(name="things", size=2, distance=Distance.DOT)


class FullShard:
    """A shard that takes writes and cannot be synced."""

    changes = 0

    def set_payload(self, *_: object) -> None:
        self.changes += FLUSH_AFTER

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


class Answers(Frames):
    """A connection that keeps what is sent on it."""

    def __init__(self) -> None:
        super().__init__(lambda _: None)
        self.sent: list[Any] = []

    def send(self, value: object) -> None:
        self.sent.append(value)


async def test_a_sync_that_fails_holds_up_no_write(tmp_path: Path) -> None:
    """Where what was written cannot be synced in passing, the writes that wait behind it are still done."""
    told, connection = list[str](), Answers()
    one = Engine(tmp_path, lambda event, **_: told.append(event), synced=False)
    one.directory.opened["things"] = Opened(Description(THINGS), cast("Shard", FullShard()))
    for number in range(3):
        one.take(connection, (number, "set_payload", "things", ({}, None)))
    await until(lambda: asyncio.sleep(0, len(connection.sent) == 3), 2)
    assert connection.sent == [(0, None, None), (1, None, None), (2, None, None)]
    assert told == 3 * ["engine_fault"]


async def test_calls_without_an_engine_wait_side_by_side(tmp_path: Path) -> None:
    """Where there is no engine, ten calls at once are refused as soon as one."""
    connection = EngineConnection(tmp_path)
    async with asyncio.timeout(CONNECT_TIMEOUT + 1):
        ends = await asyncio.gather(*(connection.call("ping", "") for _ in range(10)), return_exceptions=True)
    assert all(isinstance(end, ConnectionRefusedError) for end in ends)


async def test_a_connection_that_comes_after_the_end_is_cut(tmp_path: Path) -> None:
    """A store that is closed while it connects leaves no connection behind."""
    made, lost = asyncio.Event(), asyncio.Event()

    class Waiting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.set()

        def connection_lost(self, error: Exception | None) -> None:
            lost.set()

    connection = EngineConnection(tmp_path)
    server = await asyncio.get_running_loop().create_unix_server(Waiting, tmp_path / "socket")
    (tmp_path / "engine.json").write_text(f'{{"socket": "{tmp_path / "socket"}"}}')
    call = asyncio.create_task(connection.call("ping", ""))
    await asyncio.sleep(0)
    connection.close()
    with pytest.raises((ConnectionResetError, ConnectionRefusedError)):
        await asyncio.wait_for(call, 5)
    async with asyncio.timeout(2):
        await made.wait()
        await lost.wait()
    server.close()


async def test_is_started_again_where_that_failed_once(tmp_path: Path) -> None:
    """An engine that dies when no process can be started, for want of descriptors, comes back once one can."""
    store = EdgeVectorStore(tmp_path / "data", EngineSupervisor(tmp_path / "data"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        assert await answers(store)
        killed = engine(tmp_path)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        os.kill(killed, signal.SIGKILL)
        await asyncio.sleep(0.5)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await until(lambda: answers(store), 10)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await store.aclose()


async def test_other_modules_in_the_working_directory_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine starts where the working directory has a package of the name of one of its own."""
    (tmp_path / "adapters").mkdir()
    (tmp_path / "adapters" / "__init__.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    store = EdgeVectorStore(Path("data"), EngineSupervisor(Path("data")))
    try:
        assert await answers(store)
    finally:
        await store.aclose()


def test_an_engine_that_cannot_say_where_it_is_ends_in_order(tmp_path: Path) -> None:
    """An engine that fails as it starts has an exit code, and is not aborted."""
    (tmp_path / "engine.new").mkdir()
    command = [sys.executable, "-m", "adapters.edge.process", str(tmp_path), "process"]
    with subprocess.Popen(  # noqa: S603
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        assert process.wait(20) == 1


async def test_a_write_to_a_damaged_collection_fails_alone(tmp_path: Path) -> None:
    """Where the engine panics over the files of one collection, writes to it fail, and the process lives."""
    for attempt in range(2):
        store = EdgeVectorStore(tmp_path / "data", EngineSupervisor(tmp_path / "data"))
        try:
            if attempt == 0:
                await store.create_collection(THINGS)
                continue
            (status,) = (tmp_path / "data" / "collections" / "things").rglob("vectors/status.dat")
            status.write_bytes(b"")
            assert await answers(store)
            before = engine(tmp_path)
            with pytest.raises(BackendUnavailable) as caught:
                await store.upsert("things", [Point(1, Vector.of([1, 2]), {})])
            assert caught.value.failure is Failure.FAULT
            assert engine(tmp_path) == before
            assert await store.list_collections() == ("things",)
        finally:
            await store.aclose()
