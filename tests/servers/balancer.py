"""A TCP balancer: new connections go to replicas that say they are ready, those that are there stay."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tests.servers.process import HOST
from tests.servers.tcp import Address, Reader, Writer, serve_tcp

POLL_SECONDS = 0.05


class Balancer:
    """Passes connections on to the ports of replicas in turn, and asks each for `/health/ready` all the time."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._turns = itertools.count()
        self.ready: set[int] = set()
        self.changed = asyncio.Event()

    async def until_ready(self, *ports: int) -> None:
        """Wait until it sees all of these ready."""
        while not self.ready.issuperset(ports):
            self.changed.clear()
            await self.changed.wait()

    async def pass_on(self, reader: Reader, writer: Writer) -> None:
        """Pass on one connection, both ways, until either side ends it."""
        choice = sorted(self.ready) or self._ports
        port = choice[next(self._turns) % len(choice)]
        theirs, to_them = await asyncio.open_connection(HOST, port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pump(reader, to_them))
                group.create_task(_pump(theirs, writer))
        finally:
            to_them.close()

    async def look(self) -> None:
        """Ask the replicas, for ever."""
        while True:
            for port in self._ports:
                seen = await _is_ready(port)
                if seen != (port in self.ready):
                    (self.ready.add if seen else self.ready.discard)(port)
                    self.changed.set()
            await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def balance(ports: Sequence[int]) -> AsyncIterator[tuple[Balancer, Address]]:
    """A balancer for as long as the block lasts, and where it listens."""
    balancer = Balancer(ports)
    async with serve_tcp(balancer.pass_on) as address:
        looking = asyncio.create_task(balancer.look())
        try:
            yield balancer, address
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)


async def _pump(source: Reader, sink: Writer) -> None:
    """Pass on what comes, and that nothing more will come."""
    while data := await source.read(65536):
        sink.write(data)
        await sink.drain()
    with contextlib.suppress(OSError):
        sink.write_eof()


async def _is_ready(port: int) -> bool:
    with contextlib.suppress(OSError, EOFError, TimeoutError):
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(b"GET /health/ready HTTP/1.1\r\nHost: balancer\r\nConnection: close\r\n\r\n")
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    return False
