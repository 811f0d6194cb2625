"""A worker whose event loop stands still is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from entrypoints.server.listening import listen_on
from entrypoints.server.orders import Ending
from entrypoints.server.supervisor import Patience, Supervisor
from tests.servers.process import HOST


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Workers of one supervisor in the process of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOCIAL_HTTP__SHUTDOWN_TIMEOUT", "5")


async def test_a_worker_that_hangs_is_replaced(environment: None) -> None:
    """A worker that says nothing for the time that the supervisor has is killed, and another serves in its place."""
    supervisor = Supervisor(listen_on(HOST, 0), 1, Patience(end=10, silence=2))
    async with asyncio.timeout(50):
        running = asyncio.create_task(supervisor.run())
        while not supervisor.workers:  # noqa: ASYNC110 - it is started by `run`
            await asyncio.sleep(0.01)
        (first,) = supervisor.workers
        await first.ready.wait()
        os.kill(first.pid, signal.SIGSTOP)
        assert await asyncio.shield(first.ended) == -signal.SIGKILL
        while supervisor.workers == [first]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        (second,) = supervisor.workers
        await second.ready.wait()
        supervisor.end(Ending.DRAIN)
        assert await running == 0


async def test_a_worker_that_hangs_while_it_starts_is_not_waited_for_forever(environment: None) -> None:
    """It is killed when a start should be over; and where none ever served, the service ends, for who restarts it."""
    supervisor = Supervisor(listen_on(HOST, 0), 1, Patience(end=10, start=2))
    async with asyncio.timeout(50):
        running = asyncio.create_task(supervisor.run())
        while not supervisor.workers:  # noqa: ASYNC110 - it is started by `run`
            await asyncio.sleep(0.01)
        os.kill(supervisor.workers[0].pid, signal.SIGSTOP)
        assert await running == 1


async def test_workers_that_cannot_start_end_the_service(
    environment: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where no worker ever served there is nothing to wait for: the exit code is the worker's."""
    monkeypatch.setenv("SOCIAL_HTTP__PORT", "none")
    async with asyncio.timeout(50):
        assert await Supervisor(listen_on(HOST, 0), 2, Patience(end=10)).run() == 78
    assert "SOCIAL_HTTP__PORT" in capfd.readouterr().err
