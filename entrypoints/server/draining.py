"""uvicorn's server, with an end that fails no request.

uvicorn itself closes at once what it listens on and every connection that waits for a request. Whoever
stands in the queue of connections, or sends a request at that moment, sees a reset. Here each answer says
`Connection: close` from the signal on, so that clients leave by themselves; a connection on which nothing is
asked is closed no sooner than it would have been in any case.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog
import uvicorn
from starlette.applications import Starlette

from containers import Settings
from entrypoints.http.lifespan import Readiness
from entrypoints.server.orders import Ending

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.http")

IDLE_SECONDS = 5.0
"""After which a connection without a request is closed: uvicorn's `timeout_keep_alive`, in its usual course too."""

_CLOSE = (b"connection", b"close")
_POLL = 0.05


class DrainingServer(uvicorn.Server):
    """Serves an application on sockets that are bound, until it is told how to end."""

    def __init__(self, application: Starlette, settings: Settings) -> None:
        super().__init__(_config(application, settings))
        self._readiness: Readiness = application.state.readiness
        self._drain_seconds = settings.http.drain_seconds
        self._shutdown_timeout = settings.http.shutdown_timeout
        self._ending = Ending.DRAIN
        self._sockets: list[socket.socket] = []

    def end(self, how: Ending) -> None:
        """Begin to end. A second time it ends at once, however it is told to."""
        if self.should_exit or how is Ending.NOW:
            self.force_exit = True
        else:
            self._ending = how
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal."""
        self._captured_signals.append(sig)
        self.end(Ending.QUICK if sig == signal.SIGINT else Ending.DRAIN)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, and listen."""
        self._sockets = sockets or []
        await super().startup(sockets)

    async def main_loop(self) -> None:
        """Serve, and once it has to end, until nobody is left or time is up."""
        await super().main_loop()
        if self.force_exit:
            return
        log.info("draining", how=self._ending.name.lower(), connections=len(self.server_state.connections))
        self._ask_to_leave()
        if self._ending is Ending.DRAIN:
            self._readiness.ready = False
            await self._serve_on(self._drain_seconds)
        await self._listen_no_more()
        idle = 0.0 if self._ending is Ending.QUICK else min(IDLE_SECONDS, self._shutdown_timeout)
        begun = time.monotonic()
        await self._serve_on(idle, self._deserted)
        self._close_idle()
        await self._serve_on(self._shutdown_timeout - (time.monotonic() - begun), self._deserted)

    async def _serve_on(self, seconds: float, done: Callable[[], bool] = lambda: False) -> None:
        deadline = time.monotonic() + seconds
        while not (self.force_exit or done()) and (left := deadline - time.monotonic()) > 0:
            await asyncio.sleep(min(_POLL, left))
            await self.on_tick(0)

    def _ask_to_leave(self) -> None:
        """Have each answer say that its connection ends with it, so that nobody asks again on it."""
        # What is asked from the next tick on, from now on, and what was asked before.
        self.config.encoded_headers.append(_CLOSE)
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        for connection in self.server_state.connections:
            cycle = _unanswered(connection)
            if cycle is not None and not cycle.response_started:
                cycle.default_headers = self.server_state.default_headers

    async def _listen_no_more(self) -> None:
        """Close what is listened on; who stands in the queue is let in first, unless others serve it too."""
        loop = asyncio.get_running_loop()
        queues = [] if self._ending is Ending.RETIRE else [listening.dup() for listening in self._sockets]
        for server in self.servers:
            server.close()
        # uvloop closes in the next turn.
        await asyncio.sleep(0)
        for queue in queues:
            with queue:
                waiting = _accept_all(queue)
            for connection in waiting:
                await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        build: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = build(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol

    def _deserted(self) -> bool:
        return not (self.server_state.connections or self.server_state.tasks)

    def _close_idle(self) -> None:
        for connection in list(self.server_state.connections):
            if _unanswered(connection) is None:
                connection.shutdown()


def _unanswered(connection: Any) -> Any:
    """What uvicorn keeps of a request that is not wholly answered; None where no answer is owed on the connection."""
    cycle = getattr(connection, "cycle", None)
    return None if cycle is None or cycle.response_complete else cycle


def _accept_all(queue: socket.socket) -> list[socket.socket]:
    queue.settimeout(0)
    accepted = []
    while True:
        try:
            accepted.append(queue.accept()[0])
        except OSError:
            return accepted


def _config(application: Starlette, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        lifespan="on",
        http=_quickest(),
        ws="none",
        h11_max_incomplete_event_size=settings.limits.head_bytes,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=int(IDLE_SECONDS),
        # What is left by then has had its time.
        timeout_graceful_shutdown=1,
    )


def _quickest() -> type[asyncio.Protocol]:
    """The quickest protocol that is installed: httptools comes with the extra `fast`."""
    try:
        from entrypoints.server.quick import QuickProtocol  # noqa: PLC0415
    except ImportError:
        from entrypoints.server.plain import PlainProtocol  # noqa: PLC0415

        return PlainProtocol
    return QuickProtocol
