"""Calls to Qdrant that are cancelled, cut short or too many, and what the store is worth after a fault."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from qdrant_client.http import models

from adapters.backends import QdrantSettings
from domain.errors import BackendUnavailable, Failure
from domain.filters import Filter
from domain.ports import VectorStore
from tests.contract.things import make
from tests.integration.operations import POINT, QUERY, STORE_CALLS, error_of
from tests.integration.qdrant_stores import StandIn, open_store
from tests.servers.faults import GRPC_FAULTS, HTTP_FAULTS
from tests.servers.faults_http import HTML, TEXT_HTML, answering
from tests.servers.process import HOST, free_port
from tests.servers.qdrant_core import QdrantCore
from tests.servers.qdrant_grpc import serve_qdrant_grpc
from tests.servers.qdrant_rest import QdrantRest, serve_qdrant_rest
from tests.servers.tcp import Handler, early_close, hang, serve_tcp

PROTOCOLS = pytest.mark.parametrize("grpc", [False, True], ids=["rest", "grpc"])

SILENCES = [
    *((False, HTTP_FAULTS[name]) for name in ("hang", "hang_in_body", "blackhole")),
    *((True, GRPC_FAULTS[name]) for name in ("silent", "hang", "blackhole")),
]
SILENT = pytest.mark.parametrize(
    ("grpc", "silence"), SILENCES, ids=[f"{grpc}-{fault.name}" for grpc, fault in SILENCES]
)


def settings_on(port: int, *, grpc: bool, **options: Any) -> QdrantSettings:
    return QdrantSettings(url=f"http://{HOST}:{port}", prefer_grpc=grpc, grpc_port=port, **options)


def serve(port: int, *, grpc: bool, data: QdrantCore | None = None) -> AbstractAsyncContextManager[StandIn]:
    """The stand-in on this port."""
    return serve_qdrant_grpc(port, data=data) if grpc else serve_qdrant_rest(port, data=data)


async def wait_until_works(store: VectorStore, seconds: float = 5.0) -> None:
    """Ask until the store answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            await store.ping()
        except BackendUnavailable:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        else:
            return


@PROTOCOLS
@pytest.mark.parametrize("misbehave", [hang, early_close, answering(502, headers=TEXT_HTML, body=HTML)])
async def test_works_again_after_a_fault(misbehave: Handler, grpc: bool) -> None:  # noqa: FBT001
    """The store that met a fault serves again, without a new client, once the server behaves."""
    port = free_port()
    async with open_store(settings_on(port, grpc=grpc, read_timeout=0.4, write_timeout=0.4)) as store:
        async with serve_tcp(misbehave, port=port):
            errors = await asyncio.gather(*(error_of(call(store), within=0.4) for call in STORE_CALLS.values()))
            assert {type(error) for error in errors} == {BackendUnavailable}
        async with serve(port, grpc=grpc):
            await wait_until_works(store)
    async with serve(port, grpc=grpc), open_store(settings_on(port, grpc=grpc)) as store:
        await make(store, POINT)
        assert await store.count("things", Filter()) == 1


@SILENT
async def test_can_be_cancelled(silence: Any, grpc: bool) -> None:  # noqa: FBT001
    """Cancelling a call raises CancelledError in it, at once, in every operation."""
    async with silence() as address, open_store(settings_on(address.port, grpc=grpc)) as store:
        tasks = [asyncio.create_task(_awaited(call(store))) for call in STORE_CALLS.values()]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        done, _ = await asyncio.wait(tasks, timeout=3)
        assert len(done) == len(tasks)
        assert all(task.cancelled() for task in tasks)


async def _awaited(call: Any) -> object:
    return await call


@PROTOCOLS
async def test_cancelled_calls_leave_no_connection_behind(grpc: bool) -> None:  # noqa: FBT001
    """With one connection in the pool, a hundred calls that were cancelled at any moment hinder no later one."""
    async with serve(0, grpc=grpc) as server, open_store(settings_on(server.port, grpc=grpc, pool_size=1)) as store:
        await make(store, POINT)
        for round_ in range(20):
            tasks = [asyncio.create_task(store.search("things", QUERY)) for _ in range(5)]
            await asyncio.sleep(0.0005 * round_)
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(item, asyncio.CancelledError | tuple) for item in outcomes)
        assert len(await store.search("things", QUERY)) == 1
        await asyncio.sleep(0.05)
        assert not isinstance(server, QdrantRest) or server.connections == 1


@SILENT
async def test_closing_ends_calls_in_flight(silence: Any, grpc: bool) -> None:  # noqa: FBT001
    """A call that is under way when the store is closed fails as what it is, and no later than it would have."""
    async with silence() as address, open_store(settings_on(address.port, grpc=grpc, read_timeout=1.0)) as store:
        tasks = [asyncio.create_task(error_of(store.list_collections(), within=1)) for _ in range(3)]
        await asyncio.sleep(0.1)
        await store.aclose()
        for error in await asyncio.gather(*tasks):
            assert isinstance(error, BackendUnavailable)
            assert error.failure is Failure.CLOSED


async def test_says_that_no_connection_is_free() -> None:
    """A call that gets no connection from the pool is turned away for load."""
    options = {"pool_size": 1, "read_timeout": 1.0}
    async with (
        HTTP_FAULTS["hang"]() as address,
        open_store(settings_on(address.port, grpc=False, **options)) as store,
    ):
        first = asyncio.create_task(error_of(store.list_collections(), within=1))
        await asyncio.sleep(0.05)
        second = await error_of(store.list_collections(), within=0.5)
        assert isinstance(second, BackendUnavailable)
        assert second.failure is Failure.OVERLOADED
        assert (await first).args[2] is Failure.TIMEOUT


class HangingCore(QdrantCore):
    """Never lists its collections."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def list_collections(self) -> models.CollectionsResponse:
        self.asked.set()
        await asyncio.Event().wait()
        return await super().list_collections()


@PROTOCOLS
async def test_a_server_that_stops_cuts_calls_short(grpc: bool) -> None:  # noqa: FBT001
    """A call that is under way when the server stops ends at once."""
    core = HangingCore()
    async with serve(0, grpc=grpc, data=core) as server, open_store(settings_on(server.port, grpc=grpc)) as store:
        task = asyncio.create_task(error_of(store.list_collections(), within=2))
        await core.asked.wait()
        await server.stop()
        assert (await task).args[2] is Failure.RESET
