"""The connections of the fault proxy: two links each, one for either direction."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.servers.tcp import Address, Reader, Writer, reset

CHUNK = 65536


class Direction(StrEnum):
    """Where bytes go."""

    TO_SERVER = "to_server"
    TO_CLIENT = "to_client"


class Way(ABC):
    """What happens to bytes. Those that were not dealt with when the way changes meet the next one."""

    passes_end = True
    """Whether one side learns that the other has ended the connection."""

    @abstractmethod
    async def forward(self, link: Link, data: bytes) -> bytes:
        """Deal with `data` or its beginning; the rest."""


@dataclass(slots=True)
class Lane:
    """One direction of all connections: the way that holds now, and how many bytes were passed on."""

    way: Way
    bytes_passed: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def use(self, way: Way) -> None:
        """Let bytes travel this way from now on, also those that are held."""
        self.way = way
        self.changed.set()
        self.changed = asyncio.Event()


class Link:
    """One direction of one connection. `end` ends the whole connection, with RST where that is true.

    `torn` says that bytes were lost, which TCP never allows. `passed` counts bytes since the way
    was last changed.
    """

    def __init__(self, lane: Lane, reader: Reader, writer: Writer, end: Callable[[bool], None]) -> None:
        self.end = end
        self.torn = False
        self.ended = False
        self.passed = 0
        self._lane = lane
        self._reader = reader
        self._writer = writer

    async def run(self) -> None:
        """Pass bytes on until their end."""
        way: Way | None = None
        while data := await self._reader.read(CHUNK):
            while data and not self.ended:
                if way is not self._lane.way:
                    way, self.passed = self._lane.way, 0
                data = await way.forward(self, data)
        while not (self._lane.way.passes_end or self.ended):
            await self.pause()
        self.finish()

    async def send(self, data: bytes) -> None:
        """Pass on what the other side is to see."""
        if not self.ended:
            self.passed += len(data)
            self._lane.bytes_passed += len(data)
            self._writer.write(data)
            await self._writer.drain()

    async def pause(self, seconds: float | None = None) -> bool:
        """Wait for a change of the way, at most so many seconds; whether they passed without one."""
        try:
            async with asyncio.timeout(seconds):
                await self._lane.changed.wait()
        except TimeoutError:
            return True
        return False

    def finish(self) -> None:
        """End this direction with FIN. What still comes is read, and dropped."""
        self.ended = True
        self._writer.write_eof()


class Connection:
    """A client, and the connection to the server that is made for it. Runs as `task` until both have ended."""

    def __init__(self, client: socket.socket, server: Address, lanes: Mapping[Direction, Lane]) -> None:
        self._client = client
        self._begun = False
        self._server = server
        self._lanes = lanes
        self._writers: list[Writer] = []
        self._links: list[Link] = []
        self.task = asyncio.get_running_loop().create_task(self._serve())

    @property
    def torn(self) -> bool:
        """Whether bytes were lost on it."""
        return any(link.torn for link in self._links)

    def end(self, rst: bool) -> None:  # noqa: FBT001
        """End it in both directions, with RST or FIN."""
        if rst:
            self.reset()
        for link in () if rst else self._links:
            link.finish()

    def reset(self) -> None:
        """End it with RST, also where the server was not reached yet."""
        for writer in self._writers:
            if not writer.is_closing():
                reset(writer)
        if not self._begun:
            self._client.close()
        self.task.cancel()

    async def _serve(self) -> None:
        self._begun = True
        try:
            near, to_client = await asyncio.open_connection(sock=self._client)
            self._writers.append(to_client)
            far, to_server = await asyncio.open_connection(*self._server)
            self._writers.append(to_server)
            self._links += [
                Link(self._lanes[Direction.TO_SERVER], near, to_server, self.end),
                Link(self._lanes[Direction.TO_CLIENT], far, to_client, self.end),
            ]
            async with asyncio.TaskGroup() as group:
                for link in self._links:
                    group.create_task(link.run())
        except* OSError:
            self.reset()
        finally:
            for writer in self._writers:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
