"""`HoldfastVectorStore` before a service that runs: the contract, and a network that fails in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from adapters.backends import QdrantSettings
from adapters.holdfast import HoldfastVectorStore, build_holdfast_client
from adapters.holdfast.client import client_of
from adapters.memory import InMemoryCache, InMemoryVectorStore
from domain.errors import BackendUnavailable, Failure, InvalidInput
from domain.filters import Filter
from domain.models import Point
from domain.ports import VectorStore
from tests.contract.things import ids, make, make_colored, vector
from tests.contract.vector_store_contract import VectorStoreContract
from tests.fakes import make_app
from tests.integration.operations import STORE_CALLS, error_of
from tests.integration.test_holdfast_faults import open_service
from tests.servers.certificates import issue_certificates
from tests.servers.holdfast import serve_holdfast
from tests.servers.proxy import Direction, FaultProxy
from tests.servers.tcp import Reader, Writer, hang, serve_tcp

LIMITS = {"read_timeout": 0.4, "write_timeout": 0.4}


class TestHoldfastInProcess(VectorStoreContract):
    """A service over the fake in plain Python, through the whole application without a socket."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[VectorStore]:
        """An empty store."""
        transport = httpx.ASGITransport(app=make_app(InMemoryVectorStore(), InMemoryCache()))
        store = HoldfastVectorStore(client_of(transport, "http://test"))
        yield store
        await store.aclose()


class TestHoldfastOverASocket(VectorStoreContract):
    """A service on a port, by the pool of connections that the container builds."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[VectorStore]:
        """An empty store."""
        async with (
            serve_holdfast(InMemoryVectorStore()) as address,
            open_service(address, {"read_timeout": 5.0, "write_timeout": 30.0}) as store,
        ):
            yield store


async def test_a_body_of_many_points_goes_in_parts() -> None:
    """Where one request takes no more, the points go in several, and nothing is written before all fit."""
    inner = InMemoryVectorStore()
    points = [Point(i, vector(i, 1)) for i in range(10_001)]
    async with (
        serve_holdfast(inner) as address,
        open_service(address, {"read_timeout": 5.0, "write_timeout": 30.0}) as store,
    ):
        await make(store)
        with pytest.raises(InvalidInput, match=r"points\[10001\]\.vector: expected 2 numbers, got 1"):
            await store.upsert("things", [*points, Point(10_001, vector(1))])
        assert await inner.count("things", Filter()) == 0
        await store.upsert("things", points)
        assert await inner.count("things", Filter()) == 10_001
        found = await store.retrieve("things", range(10_001))
        assert ids(found) == list(range(10_001))


def stop(proxy: FaultProxy) -> None:
    """The service is gone."""
    proxy.stop()


def silence(proxy: FaultProxy) -> None:
    """Nothing comes through."""
    proxy.hang()


def lose(proxy: FaultProxy) -> None:
    """Answers are lost."""
    proxy.black_hole(Direction.TO_CLIENT)


def cut(proxy: FaultProxy) -> None:
    """Answers end in order after ten bytes."""
    proxy.cut(10)


def reset(proxy: FaultProxy) -> None:
    """Answers end by a reset after ten bytes."""
    proxy.cut(10, rst=True)


def garble(proxy: FaultProxy) -> None:
    """Answers are random bytes."""
    proxy.garbage()


def drip(proxy: FaultProxy) -> None:
    """A byte comes now and then."""
    proxy.drip(0.1)


@pytest.mark.parametrize(
    ("fault", "failures"),
    [
        (stop, {Failure.REFUSED, Failure.RESET}),
        (silence, {Failure.TIMEOUT}),
        (lose, {Failure.TIMEOUT}),
        (cut, {Failure.RESET}),
        (reset, {Failure.RESET}),
        # Random bytes may look like a line that has not ended yet.
        (garble, {Failure.GARBAGE, Failure.TIMEOUT}),
        (drip, {Failure.TIMEOUT}),
    ],
)
async def test_a_fault_of_the_network_is_told_in_time_and_passes(
    fault: Callable[[FaultProxy], None], failures: set[Failure]
) -> None:
    """Every operation gives `BackendUnavailable` within its limit, and the first call after the fault succeeds."""
    inner = InMemoryVectorStore()
    await make_colored(inner)
    async with (
        serve_holdfast(inner) as address,
        FaultProxy(*address) as proxy,
        open_service(proxy.address, LIMITS) as store,
    ):
        assert await store.count("things", Filter()) == 5
        fault(proxy)
        begun = time.monotonic()
        for call in (STORE_CALLS["search"], STORE_CALLS["upsert"], STORE_CALLS["ping"]):
            error = await error_of(call(store), within=0.5, address=proxy.address)
            assert isinstance(error, BackendUnavailable)
            assert error.failure in failures
        assert time.monotonic() - begun < 5
        proxy.pass_through()
        assert await store.count("things", Filter()) == 5
        assert (await store.ping()).last_failure is not None


async def test_trusts_the_authority_that_it_is_given_and_no_other(tmp_path: Path) -> None:
    """Over TLS the certificate of the service is checked against `ca_file`, or nothing is sent."""
    issued, other = issue_certificates(tmp_path / "a"), issue_certificates(tmp_path / "b")
    inner = InMemoryVectorStore()
    await make_colored(inner)
    async with serve_holdfast(inner, issued.server_context()) as address:
        for ca_file, trusted in ((issued.ca_file, True), (other.ca_file, False), (None, False)):
            url = f"holdfast+https://{address.host}:{address.port}"
            store = HoldfastVectorStore(build_holdfast_client(QdrantSettings(url=url, ca_file=ca_file)))
            if trusted:
                assert await store.count("things", Filter()) == 5
            else:
                error = await error_of(store.count("things", Filter()), within=5)
                assert isinstance(error, BackendUnavailable)
                assert error.failure is Failure.REFUSED
            await store.aclose()


async def test_a_call_that_is_cut_short_by_closing_says_so() -> None:
    """Closing ends the calls under way, which then say that the store is closed."""
    asked = asyncio.Event()

    async def note_and_hang(reader: Reader, writer: Writer) -> None:
        await reader.read(65536)
        asked.set()
        await hang(reader, writer)

    async with serve_tcp(note_and_hang) as address:
        async with open_service(address, {"read_timeout": 20.0, "write_timeout": 20.0}) as store:
            call = asyncio.create_task(store.list_collections())
            await asked.wait()
        with pytest.raises(BackendUnavailable) as caught:
            await call
    assert caught.value.failure is Failure.CLOSED
