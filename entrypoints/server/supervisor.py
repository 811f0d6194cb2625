"""Several processes that serve on the same sockets, and the one that looks after them.

uvicorn's own supervisor leaves workers behind that hold the port when it is killed, does not see an event loop that
hangs, and takes no signal while it waits for a worker to end. See docs/decisions/0024-workers.md.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass

import structlog

from entrypoints.server.orders import Ending
from entrypoints.server.process import WorkerProcess

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.supervisor")

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds before a worker that died is replaced; doubled each time, as long as they die soon."""

SOON = 10.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds the supervisor waits for what."""

    end: float
    """For a worker to end that was told to."""
    start: float = 60.0
    """For a new worker to serve; it says nothing before."""
    silence: int = 20
    """For an event loop to turn, before its worker is taken to hang, and killed."""


class Supervisor:
    """Runs `count` workers on the sockets, which are its own from now on."""

    def __init__(self, sockets: Sequence[socket.socket], count: int, patience: Patience) -> None:
        self._sockets = sockets
        self._count = count
        self._patience = patience
        self._all: set[WorkerProcess] = set()
        """All that run, those that retire too."""
        self._places: dict[int, WorkerProcess] = {}
        """Those that serve, or are about to."""
        self._placing = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._reload = asyncio.Event()
        self._over = asyncio.Event()
        self._ending = Ending.DRAIN
        self._served = False
        self._exit_code = 0

    @property
    def workers(self) -> list[WorkerProcess]:
        """Those that serve, or are about to, by their places."""
        return [self._places[place] for place in sorted(self._places)]

    async def run(self) -> int:
        """Serve until `end`. The exit code: a worker's where none could ever serve, else 0."""
        self._had_terminal = os.isatty(0)
        works: list[Coroutine[None, None, None]] = [self._keep(place) for place in range(self._count)]
        works += [self._reload_on_request(), self._look_for_silence()]
        self._tasks = [asyncio.create_task(work) for work in works]
        await self._over.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # The queue of connections is gone with the last who listens, and that is to be a worker that looked into it.
        for listening in self._sockets:
            listening.close()
        for worker in self._all:
            worker.end(self._ending)
        await asyncio.gather(*(worker.ends_within(self._patience.end) for worker in list(self._all)))
        log.info("supervisor_stopped")
        return self._exit_code

    def listen_to_signals(self) -> None:
        """SIGTERM and SIGINT end all, a second one at once; SIGHUP replaces one worker after the other."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.end, Ending.DRAIN)
        loop.add_signal_handler(signal.SIGINT, self.end, Ending.QUICK)
        loop.add_signal_handler(signal.SIGHUP, self.hang_up)

    def end(self, how: Ending) -> None:
        """Begin to end. A second time it ends at once."""
        if not self._over.is_set():
            self._ending = how
            self._over.set()
            return
        self._ending = Ending.NOW
        for worker in self._all:
            worker.end(Ending.NOW)

    def reload(self) -> None:
        """Replace each worker by one that reads the settings anew."""
        self._reload.set()

    def hang_up(self) -> None:
        """SIGHUP: reload, unless it says that the terminal has gone."""
        if self._had_terminal and not os.isatty(0):
            self.end(Ending.DRAIN)
        else:
            self.reload()

    async def _keep(self, place: int) -> None:
        """Have a worker in the place, and another when it dies."""
        pause = 0.0
        while True:
            begun = time.monotonic()
            code = await self._fill(place)
            if not self._served:
                # One that was killed has none of its own.
                self._exit_code = max(code or 1, 1)
                log.error("workers_cannot_start", exit_code=code)
                self._over.set()
                return
            lived = time.monotonic() - begun
            pause = FIRST_PAUSE if lived > SOON else min(2 * pause or FIRST_PAUSE, LONGEST_PAUSE)
            log.error("worker_died", exit_code=code, after_seconds=round(lived, 3), again_in=pause)
            await asyncio.sleep(pause)

    async def _fill(self, place: int) -> int | None:
        """Start a worker in the place; how it ended, or whoever took it over. None where it could not be started."""
        async with self._placing:
            held = self._places.get(place)
            if held is None or held.ended.done():
                try:
                    self._places[place] = await self._start()
                except OSError as error:
                    log.error("worker_not_started", error=type(error).__name__, message=error.strerror)
                    return None
        while True:
            worker = self._places[place]
            code = await asyncio.shield(worker.ended)
            self._served |= any(each.ready.is_set() for each in (worker, *self._all))
            if self._places[place] is worker:
                return code

    async def _start(self) -> WorkerProcess:
        worker = await WorkerProcess.start(self._sockets)
        self._all.add(worker)
        worker.ended.add_done_callback(lambda _: self._all.discard(worker))
        return worker

    async def _reload_on_request(self) -> None:
        while True:
            await self._reload.wait()
            self._reload.clear()
            log.info("reloading")
            for place in range(self._count):
                if not await self._replace(place):
                    break
            else:
                log.info("reloaded")

    async def _replace(self, place: int) -> bool:
        """Put a new worker in the place; whether it serves. The old one ends after it, or stays."""
        try:
            new = await self._start()
        except OSError as error:
            log.error("worker_not_started", error=type(error).__name__, message=error.strerror)
            return False
        if not await new.becomes_ready(self._patience.start):
            code = await new.ends_within(0)
            log.error("reload_failed", exit_code=code, detail="The new worker did not serve; the old one goes on.")
            return False
        async with self._placing:
            old, self._places[place] = self._places[place], new
        old.end(Ending.RETIRE)
        await old.ends_within(self._patience.end)
        return True

    async def _look_for_silence(self) -> None:
        # Silence is counted and not timed: a machine that stood still shows as one second of it.
        while True:
            await asyncio.sleep(1)
            for worker in list(self._all):
                most = self._patience.silence if worker.ready.is_set() else self._patience.start
                if worker.count_silence() >= most:
                    log.error("worker_hangs", process=worker.pid, seconds=most)
                    worker.kill()
