"""Clients that keep their connections and never ask twice: what fails them is a failed request."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.servers.tcp import Address

THINGS = "/v1/collections/things"
SECONDS = 15.0
"""For one request: far above what any takes, and below the wait of a test."""


class KeptConnection:
    """One connection at a time, used until the server says that it closes it, or has closed it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.connections = 0

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """The status and the body of an answer. Raises `OSError` or `EOFError` where there is none."""
        async with asyncio.timeout(SECONDS):
            if self._streams is None or self._streams[0].at_eof():
                self.close()
                self._streams = await asyncio.open_connection(*self._address)
                self.connections += 1
            reader, writer = self._streams
            content = b"" if body is None else json.dumps(body).encode()
            head = f"{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
            return await self._read(reader)

    def close(self) -> None:
        """Let go of the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, bytes]:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection") == "close":
            self.close()
        return int(lines[0].split()[1]), body


@dataclass
class Tally:
    """What became of the requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    connections: int = 0

    def assert_none_failed(self) -> None:
        """Every request was answered, and as it should be."""
        assert self.failures == []
        assert set(self.statuses) == {200}, self.statuses


def search(number: int) -> tuple[str, str, Any]:
    """A search; each number is another one."""
    return "POST", f"{THINGS}/search", {"vector": [1, number / 1000], "limit": 1}


def upsert(number: int) -> tuple[str, str, Any]:
    """A write; each number is another point."""
    return "PUT", f"{THINGS}/points", {"points": [{"id": number, "vector": [1, number]}]}


@asynccontextmanager
async def load(address: Address, clients: int, pause: Callable[[int], float] = lambda _: 0.0) -> AsyncIterator[Tally]:
    """Searches, some of them repeated, and writes of so many clients for as long as the block lasts.

    `pause` says for how many seconds a client of a number waits between its requests.
    """
    tally, done = Tally(), asyncio.Event()

    async def go_on(client: int) -> None:
        connection = KeptConnection(address)
        for turn in itertools.count():
            if done.is_set():
                break
            request = upsert(client + 1) if turn % 10 == 0 else search(turn % 7 if client % 2 else turn)
            try:
                status, _ = await connection.ask(*request)
                tally.statuses[status] += 1
            except (OSError, EOFError) as error:
                tally.failures.append(f"client {client}, request {turn}: {error!r}")
                connection.close()
            await asyncio.sleep(pause(client))
        connection.close()
        tally.connections += connection.connections

    async with asyncio.TaskGroup() as group:
        for client in range(clients):
            group.create_task(go_on(client))
        try:
            yield tally
        finally:
            done.set()


async def prepare(address: Address) -> None:
    """Make the collection."""
    connection = KeptConnection(address)
    status, _ = await connection.ask("PUT", THINGS, {"vector": {"size": 2, "distance": "dot"}})
    connection.close()
    assert status == 201
