"""The proxy can change its server, serves what another listener accepted, and a door tells processes apart."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.servers.process import HOST
from tests.servers.proxy import FaultProxy
from tests.servers.proxy_door import ProxyDoor
from tests.servers.qdrant_rest import COUNT_PATH, serve_qdrant_rest
from tests.servers.tcp import Address, Reader, Writer, serve_tcp

ASK = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); print(s.recv(9).decode())"


@asynccontextmanager
async def saying(word: str) -> AsyncIterator[Address]:
    """A server that says the word to everybody, and waits for him to go."""

    async def handle(reader: Reader, writer: Writer) -> None:
        writer.write(word.encode())
        await reader.read()

    async with serve_tcp(handle) as address:
        yield address


async def ask(port: int) -> str:
    """What is said on the port to this process: nothing where the connection is ended instead."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
        said = (await reader.read(9)).decode()
        writer.close()
    except ConnectionResetError:
        return ""
    return said


async def ask_from_another_process(port: int) -> str:
    """What is said on the port to another process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASK, str(port), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    return said.decode().strip()


async def test_the_proxy_leads_to_another_server() -> None:
    """Connections to the old server end, and new ones lead to the new one."""
    async with saying("old") as old, saying("new") as new, FaultProxy(*old) as proxy:
        reader, writer = await asyncio.open_connection(*proxy.address)
        assert await reader.read(9) == b"old"
        proxy.lead_to(*new)
        with pytest.raises(ConnectionResetError):
            await reader.read(9)
        writer.close()
        assert await ask(proxy.port) == "new"


async def test_a_door_tells_processes_apart() -> None:
    """This process meets its own proxy and its faults, and a process that was not admitted meets nobody."""
    async with saying("hello") as server, FaultProxy(*server) as proxy:
        with ProxyDoor() as door:
            assert await ask(door.port) == ""
            door.admit(os.getpid(), proxy)
            assert await ask(door.port) == "hello"
            said = await ask_from_another_process(door.port)
            assert said == ""
            proxy.refuse()
            assert await ask(door.port) == ""
            proxy.start()
            assert await ask(door.port) == "hello"
            door.shut()
            with pytest.raises(ConnectionRefusedError):
                await ask(door.port)
            door.open()
            assert await ask(door.port) == "hello"


async def test_a_stand_in_tells_what_it_was_asked() -> None:
    """How many requests came with a method and path, without counting who asks for that."""
    async with serve_qdrant_rest() as server, httpx.AsyncClient(base_url=server.url) as client:
        for _ in range(2):
            await client.get("/collections")
            answer = await client.get(COUNT_PATH, params={"method": "GET", "path": "/collect.*"})
        assert answer.json() == 2
        assert server.count("GET") == 2
