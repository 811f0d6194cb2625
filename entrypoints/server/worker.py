"""One of several processes that serve: `python -c ... PATH CHANNEL LISTENING...`, started by `supervisor`.

It takes its orders from the channel, a byte each, and from no signal: a service manager or a terminal
sends those to every process at once. Where the channel ends, the supervisor has died, and the port is to be free for
the next one.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from starlette.applications import Starlette

from containers import ConfigurationError, Settings, check_exposure, load_settings
from entrypoints.server.application import app
from entrypoints.server.draining import DrainingServer
from entrypoints.server.orders import ALIVE, READY, Ending

EX_CONFIG = 78

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.worker")


class WorkerServer(DrainingServer):
    """A server that is told through a channel how to end, and tells there that it lives."""

    def __init__(self, application: Starlette, settings: Settings, channel: socket.socket) -> None:
        super().__init__(application, settings)
        self._channel = channel
        self._ticks = 0

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """No signal is for a worker."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, listen, and say so."""
        self._channel.settimeout(0)
        asyncio.get_running_loop().add_reader(self._channel, self._take_orders)
        await super().startup(sockets)
        self._say(READY)

    async def on_tick(self, counter: int) -> bool:
        """Look after what is to be done now and then."""
        self._ticks += 1
        if self._ticks % 10 == 0:
            self._say(ALIVE)
        return await super().on_tick(counter)

    def _say(self, word: bytes) -> None:
        # The supervisor may be gone, or be stopped and not listen.
        with suppress(OSError):
            self._channel.send(word)

    def _take_orders(self) -> None:
        try:
            orders = self._channel.recv(64)
        except BlockingIOError:
            return
        except OSError:
            orders = b""
        if not orders:
            asyncio.get_running_loop().remove_reader(self._channel)
            log.error("supervisor_gone")
            self.end(Ending.RETIRE)
        if not self.started:
            # It serves nobody yet, and may wait for a backend.
            os._exit(0)
        for order in orders:
            self.end(Ending(bytes([order])))


def main() -> None:
    """Serve until the order to end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    channel, *listening = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
    try:
        settings = load_settings()
        # The sockets are from the start, and the settings may have changed since.
        check_exposure(settings, *(each.getsockname()[0] for each in listening))
        server = WorkerServer(app(), settings, channel)
    except ConfigurationError as error:
        # How to log stands in the settings.
        sys.stderr.write(f"holdfast: {error}\n")
        sys.exit(EX_CONFIG)
    server.run(listening)
