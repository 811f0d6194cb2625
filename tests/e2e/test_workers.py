"""`holdfast serve --workers 2`: workers that die are replaced, a reload fails nothing, and nobody is left behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.load import THINGS, KeptConnection, load, prepare, search
from tests.e2e.service import PATIENCE, service, start_again, started, workers_of
from tests.e2e.test_serve_data import until_gone
from tests.servers.process import HOST, ChildProcess
from tests.servers.tcp import Address

pytestmark = pytest.mark.alone


class Served:
    """A service of two workers on a data directory."""

    def __init__(self, process: ChildProcess, address: Address, folder: Path) -> None:
        self.process = process
        self.address = address
        self.folder = folder

    def engine(self) -> int:
        """The id of the engine's process."""
        return int(json.loads((self.folder / "data" / "engine.json").read_bytes())["pid"])

    def workers(self) -> set[int]:
        """The ids of the workers."""
        return workers_of(self.process)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of the processes."""
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - of other processes
                await asyncio.sleep(0.02)

    def count(self, event: str) -> int:
        """How many lines of the log tell of the event."""
        return self.process.output().count(f'"event":"{event}"')


@contextmanager
def serve(tmp_path: Path) -> Iterator[Served]:
    """The service, in a folder of its own, where its `.env` may stand."""
    settings = {"QDRANT__URL": f"file:{tmp_path / 'data'}", "HTTP__WORKERS": 2}
    url, process = service(**settings)
    process.cwd = tmp_path
    with started(process):
        yield Served(process, Address(HOST, urlsplit(url).port or 0), tmp_path)
        # What a killed supervisor left, if anything.
        if process.running:
            process.stop()


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Served]:
    """The service, as it starts."""
    with serve(tmp_path) as found:
        yield found


@pytest.fixture
async def served(serving: Served) -> Served:
    """The service, once both workers serve and there is a collection."""
    await serving.until(lambda: serving.count("started") == 2)
    await prepare(serving.address)
    return serving


async def status(served: Served, body: object = None) -> int:
    """The status of a search on a connection of its own."""
    connection = KeptConnection(served.address)
    try:
        return (await connection.ask("POST", f"{THINGS}/search", body or search(1)[2]))[0]
    finally:
        connection.close()


async def test_a_reload_fails_no_request_and_reads_the_settings_anew(served: Served) -> None:
    """SIGHUP under load replaces both workers and not the engine; every request is answered with a 200."""
    before, engine = served.workers(), served.engine()
    long = {"vector": [1, 0], "filter": {"must": [{"key": "k" * 2000, "match": {"value": 1}}]}}
    assert await status(served, long) != 413
    (served.folder / ".env").write_text("SOCIAL_HTTP__MAX_BODY_BYTES=1024\n")
    async with load(served.address, clients=5, pause=lambda client: 0.01 * 2**client) as tally:
        served.process.signal(signal.SIGHUP)
        await served.until(lambda: served.count("reloaded") == 1)
    tally.assert_none_failed()
    assert len(served.workers()) == 2
    assert not served.workers() & before
    assert served.engine() == engine
    assert await status(served, long) == 413


async def test_a_reload_with_wrong_settings_changes_nothing(served: Served) -> None:
    """The new worker names the variable and ends; the old ones go on."""
    before = served.workers()
    (served.folder / ".env").write_text("SOCIAL_HTTP__MAX_BODY_BYTES=few\n")
    served.process.signal(signal.SIGHUP)
    await served.until(lambda: served.count("reload_failed") == 1)
    assert "SOCIAL_HTTP__MAX_BODY_BYTES" in served.process.output()
    assert served.workers() == before
    assert await status(served) == 200


async def test_a_reload_without_keys_does_not_open_what_others_reach(tmp_path: Path) -> None:
    """The sockets are those of the start, so settings that name no address and no keys do not let everybody in."""
    (tmp_path / "keys.json").write_text("[]")
    env = tmp_path / ".env"
    env.write_text("SOCIAL_HTTP__HOST=0.0.0.0\nSOCIAL_AUTH__KEYS_FILE=keys.json\n")
    with serve(tmp_path) as exposed:
        await exposed.until(lambda: exposed.count("started") == 2)
        env.write_text("")
        exposed.process.signal(signal.SIGHUP)
        await exposed.until(lambda: exposed.count("reload_failed") + exposed.count("reloaded") == 1)
        assert exposed.count("reload_failed") == 1
        assert await status(exposed) == 401


async def test_a_worker_that_dies_is_replaced(served: Served) -> None:
    """Killed workers come back, and the engine and its points are those of before."""
    engine, before = served.engine(), served.workers()
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    await served.until(lambda: served.count("started") == 4)
    assert len(served.workers() - before) == 2
    assert served.engine() == engine
    assert await status(served) == 200


async def test_a_killed_supervisor_leaves_nobody_behind(served: Served) -> None:
    """Workers and engine end by themselves, so that the next service has port and directory at once."""
    left = [*served.workers(), served.engine()]
    served.process.kill()
    for pid in left:
        await until_gone(pid)
    await asyncio.to_thread(start_again, served.process)
    assert await status(served) == 200


async def test_signals_to_the_group_end_all_in_order(served: Served) -> None:
    """Workers take no signal: what is in flight is answered, whoever got the signal first."""
    async with load(served.address, clients=2, pause=lambda _: 0.01) as tally:
        for worker in served.workers():
            os.kill(worker, signal.SIGTERM)
            os.kill(worker, signal.SIGINT)
        so_far = sum(tally.statuses.values())
        await served.until(lambda: sum(tally.statuses.values()) > so_far + 20)
    tally.assert_none_failed()
    assert await asyncio.to_thread(served.process.stop) == 0
    assert '"requests_cut_off":1' not in served.process.output()
