"""How a server ends: who is still let in, what each answer says, and when it does not wait."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.memory import InMemoryCache
from adapters.settings import HttpSettings, Settings
from containers import ConfigurationError
from entrypoints.server.draining import DrainingServer
from entrypoints.server.listening import listen_on
from entrypoints.server.orders import Ending
from tests.fakes import SlowVectorStore, make_app
from tests.servers.process import HOST
from tests.servers.tcp import Address

READY = b"GET /health/ready HTTP/1.1\r\nHost: test\r\n\r\n"
LIST = b"GET /v1/collections HTTP/1.1\r\nHost: test\r\n\r\n"


class Running:
    """A server that runs in the loop of the test."""

    def __init__(self, server: DrainingServer, address: Address, store: SlowVectorStore) -> None:
        self.server = server
        self.address = address
        self.store = store
        self.ended: asyncio.Task[None]

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection."""
        return await asyncio.open_connection(*self.address)

    async def until_draining(self) -> None:
        """Wait until answers say that connections end."""
        while not any(name == b"connection" for name, _ in self.server.server_state.default_headers):  # noqa: ASYNC110 - uvicorn's
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(
    drain_seconds: float = 0.0, shutdown_timeout: float = 10.0, build: type[DrainingServer] = DrainingServer
) -> AsyncIterator[Running]:
    """A server, which is over when the block ends."""
    store = SlowVectorStore()
    settings = Settings(http=HttpSettings(drain_seconds=drain_seconds, shutdown_timeout=shutdown_timeout))
    sockets = listen_on(HOST, 0)
    address = Address(HOST, sockets[0].getsockname()[1])
    here = Running(build(make_app(store, InMemoryCache()), settings), address, store)
    here.ended = asyncio.create_task(here.server.serve(sockets))
    async with asyncio.timeout(20):
        while not here.server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield here
        store.go_on.set()
        await here.ended


async def ask(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes) -> bytes:
    """The head of the answer; nothing where the connection ended first."""
    streams[1].write(request)
    try:
        head = await streams[0].readuntil(b"\r\n\r\n")
    except EOFError:
        return b""
    return head.lower()


async def test_a_server_that_drains_lets_in_and_says_that_it_is_not_ready() -> None:
    """For the time of the setting both old and new connections are answered, each with a close."""
    async with running(drain_seconds=0.5) as here:
        old = await here.connect()
        assert b" 200 " in (first := await ask(old, READY))
        assert b"connection: close" not in first
        here.server.end(Ending.DRAIN)
        await here.until_draining()
        for streams in (old, await here.connect()):
            head = await ask(streams, READY)
            assert b" 503 " in head
            assert b"connection: close" in head
            await streams[0].read()
            assert streams[0].at_eof()
            streams[1].close()


async def test_a_worker_that_retires_is_still_ready_for_those_who_are_there() -> None:
    """The service goes on without it, so that a balancer that asks it must not take the service out."""
    async with running() as here:
        old = await here.connect()
        here.server.end(Ending.RETIRE)
        await here.until_draining()
        head = await ask(old, READY)
        assert b" 200 " in head
        assert b"connection: close" in head
        old[1].close()


@pytest.mark.parametrize("how", [Ending.DRAIN, Ending.RETIRE, Ending.QUICK])
async def test_what_is_in_flight_is_answered(how: Ending) -> None:
    """A request that began before the signal has its answer, which says that the connection ends."""
    async with running() as here:
        streams = await here.connect()
        asking = asyncio.create_task(ask(streams, LIST))
        await here.store.asked.wait()
        here.server.end(how)
        await here.until_draining()
        here.store.go_on.set()
        head = await asking
        assert b" 200 " in head
        assert b"connection: close" in head
        await here.ended
        streams[1].close()


class Crowded(DrainingServer):
    """A server to which five more come in the very turn in which it stops to listen."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.late: list[socket.socket] = []

    async def _listen_no_more(self) -> None:
        # Made by the kernel alone: the loop stands still meanwhile.
        self.late = [socket.create_connection(self._sockets[0].getsockname()) for _ in range(5)]
        await super()._listen_no_more()


async def test_who_stands_in_the_queue_is_let_in() -> None:
    """A connection that the kernel had made and the server had not taken is answered, not reset."""
    async with running(build=Crowded) as here:
        here.server.end(Ending.DRAIN)
        assert isinstance(here.server, Crowded)
        while not here.server.late:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        for late in here.server.late:
            streams = await asyncio.open_connection(sock=late)
            assert b" 503 " in await ask(streams, READY)
            streams[1].close()


async def test_an_idle_connection_is_not_waited_for_at_ctrl_c() -> None:
    """Who presses Ctrl-C does not wait for a browser that keeps a connection."""
    async with running() as here:
        streams = await here.connect()
        assert b" 200 " in await ask(streams, READY)
        here.server.end(Ending.QUICK)
        assert await streams[0].read() == b'{"status":"ready"}'
        streams[1].close()


async def test_a_second_signal_ends_at_once() -> None:
    """A request that hangs is cut off, and told so where it has no answer yet."""
    async with running(drain_seconds=60, shutdown_timeout=60) as here:
        streams = await here.connect()
        asking = asyncio.create_task(ask(streams, LIST))
        await here.store.asked.wait()
        here.server.end(Ending.DRAIN)
        await here.until_draining()
        here.server.end(Ending.DRAIN)
        await here.ended
        here.store.go_on.set()
        await asking
        streams[1].close()


async def test_a_request_that_hangs_is_given_up() -> None:
    """After the time of the setting it gets the 503 of a service that stops."""
    async with running(shutdown_timeout=0.2) as here:
        streams = await here.connect()
        asking = asyncio.create_task(ask(streams, LIST))
        await here.store.asked.wait()
        here.server.end(Ending.DRAIN)
        assert b" 503 " in await asking
        streams[1].close()


def test_a_port_that_is_taken_is_named() -> None:
    """In one line, and in terms of the setting."""
    (held,) = listen_on(HOST, 0)
    port = held.getsockname()[1]
    with held, pytest.raises(ConfigurationError, match=rf"^SOCIAL_HTTP__PORT: {HOST}:{port} is in use by another proc"):
        listen_on(HOST, port)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "192.0.2.1", "a" * 70])
def test_a_host_that_is_not_this_machine_is_named(host: str) -> None:
    """Whether it has no address, one of another machine, or cannot be a name."""
    with pytest.raises(ConfigurationError, match=r"^SOCIAL_HTTP__HOST: "):
        listen_on(host, 0)
