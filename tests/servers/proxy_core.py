"""The fault proxy itself: its listener, and the methods that change how it behaves."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable

from tests.servers.process import HOST
from tests.servers.proxy_links import Connection, Direction, Lane, Way
from tests.servers.proxy_ways import Cut, Drip, Drop, Garble, Hold, Late, Pass
from tests.servers.tcp import Address


class Listener:
    """A port that is held from the first `open` to `close`, and listened on while it is not `shut`."""

    def __init__(self, accept: Callable[[socket.socket], None]) -> None:
        self.port = 0
        self._accept = accept
        self._held: socket.socket | None = None
        self._listening = False

    def open(self) -> None:
        """Listen."""
        if not self._listening:
            self._held = held = self._held or self._bind()
            held.listen(128)
            asyncio.get_running_loop().add_reader(held, self._take, held)
            self._listening = True

    @property
    def listening(self) -> bool:
        """Whether connecting is not refused."""
        return self._listening

    def shut(self) -> None:
        """Hold the port without listening on it, so that connecting is refused and no other takes it."""
        if self._listening:
            self.close()
            self._held = self._bind()

    def close(self) -> None:
        """Let go of the port."""
        if self._held is not None:
            asyncio.get_running_loop().remove_reader(self._held)
            self._held.close()
        self._held, self._listening = None, False

    def _bind(self) -> socket.socket:
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setblocking(False)
        held.bind((HOST, self.port))
        self.port = held.getsockname()[1]
        return held

    def _take(self, held: socket.socket) -> None:
        try:
            client, _ = held.accept()
        except OSError:
            return  # The client was gone again.
        client.setblocking(False)
        self._accept(client)


class ProxyCore(ABC):
    """A TCP proxy on a loopback port of its own, before the server at `host` and `port`.

    At first it passes all through. What is told holds at once, also for connections that are open;
    of each direction what was told last holds, and both are meant where none is named. A server
    that cannot be reached shows as a reset. Connections that lost bytes are reset when the way
    changes: after a hole in its stream nothing can go on.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = Address(host, port)
        self._lanes = {direction: Lane(Pass()) for direction in Direction}
        self._connections: set[Connection] = set()
        self._listener = Listener(self._accept)
        self.accepted = 0
        """How many connections were accepted in all."""

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1; the same over `stop` and `start`."""
        return self._listener.port

    @property
    def address(self) -> Address:
        """Host and port."""
        return Address(HOST, self.port)

    @property
    def open_connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def bytes_passed(self, direction: Direction) -> int:
        """How many bytes it sent on in the direction, as they were or not."""
        return self._lanes[direction].bytes_passed

    def pass_through(self) -> None:
        """Behave: listen, and pass all on, also what was held."""
        self.start()
        self._use(Pass)

    def hang(self, direction: Direction | None = None) -> None:
        """Accept connections and pass nothing on; what comes is kept until the way changes."""
        self._use(Hold, direction)

    def black_hole(self, direction: Direction | None = None) -> None:
        """Accept connections and lose all bytes."""
        self._use(Drop, direction)

    def latency(
        self, seconds: float, *, jitter: float = 0.0, seed: int = 0, direction: Direction | None = None
    ) -> None:
        """Pass each piece on after `seconds`, and a random part of `jitter` more."""
        self._use(lambda: Late(seconds, jitter, random.Random(seed)), direction)  # noqa: S311

    def drip(self, interval: float, *, size: int = 1, direction: Direction | None = None) -> None:
        """Pass `size` bytes on at a time, once in `interval` seconds."""
        self._use(lambda: Drip(interval, size), direction)

    def cut(self, after: int = 0, *, rst: bool = False, direction: Direction | None = Direction.TO_CLIENT) -> None:
        """End each connection on which so many bytes more were passed on, with FIN or with RST."""
        self._use(lambda: Cut(after, rst), direction)

    def garbage(
        self, size: int | None = None, *, seed: int = 0, direction: Direction | None = Direction.TO_CLIENT
    ) -> None:
        """Pass random bytes on in place of the next `size` of each connection, or of all."""
        self._use(lambda: Garble(size, random.Random(seed)), direction)  # noqa: S311

    def reset_connections(self) -> None:
        """End all connections with RST."""
        self._apply(lambda: self._reset(lambda _: True))

    def refuse(self) -> None:
        """Let nobody connect. Connections that are open go on."""
        self._apply(self._listener.shut)

    def stop(self) -> None:
        """Let nobody connect, and end all connections with RST: the server is gone."""
        self.refuse()
        self.reset_connections()

    def start(self) -> None:
        """Listen again, on the same port."""
        self._apply(self._listener.open)

    def lead_to(self, host: str, port: int) -> None:
        """Stand before another server from now on, and end all connections to the old one with RST."""

        def change() -> None:
            self._server = Address(host, port)
            self._reset(lambda _: True)

        self._apply(change)

    def take(self, client: socket.socket) -> None:
        """Serve a connection that was accepted elsewhere, in the event loop of the proxy; RST while it refuses."""
        if self._listener.listening:
            self._accept(client)
        else:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()

    @abstractmethod
    def _apply(self, change: Callable[[], None]) -> None:
        """Make the change, in the event loop."""

    def _use(self, way: Callable[[], Way], direction: Direction | None = None) -> None:
        def change() -> None:
            self._reset(lambda connection: connection.torn)
            for lane in self._lanes.values() if direction is None else [self._lanes[direction]]:
                lane.use(way())

        self._apply(change)

    def _reset(self, which: Callable[[Connection], bool]) -> None:
        for connection in filter(which, tuple(self._connections)):
            connection.reset()

    def _accept(self, client: socket.socket) -> None:
        self.accepted += 1
        connection = Connection(client, self._server, self._lanes)
        self._connections.add(connection)
        connection.task.add_done_callback(lambda _: self._connections.discard(connection))

    async def _close(self) -> None:
        """End everything, and wait until it has ended."""
        self._listener.close()
        tasks = [connection.task for connection in self._connections]
        self._reset(lambda _: True)
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
