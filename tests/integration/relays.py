"""A relay in front of a server, which counts the connections that are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.servers.tcp import Address, Reader, Writer, serve_tcp


@dataclass(slots=True)
class Relay:
    """Where it listens, and how many connections it accepted."""

    address: Address
    accepted: int = 0


@asynccontextmanager
async def relay(server: Address) -> AsyncIterator[Relay]:
    """Pass bytes on between clients and the server."""

    async def handle(reader: Reader, writer: Writer) -> None:
        front.accepted += 1
        theirs, ours = await asyncio.open_connection(*server)
        try:
            await asyncio.gather(_pump(reader, ours), _pump(theirs, writer))
        finally:
            ours.close()

    async with serve_tcp(handle) as address:
        front = Relay(address)
        yield front


async def _pump(reader: Reader, writer: Writer) -> None:
    while content := await reader.read(65536):
        writer.write(content)
        await writer.drain()
    writer.close()
