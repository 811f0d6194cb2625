"""A worker as its supervisor sees it."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from entrypoints.server.orders import READY, Ending

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); from entrypoints.server.worker import main; main()"
)
"""A worker finds its modules where its supervisor found them, also where that was `python -m` in a checkout."""


class WorkerProcess:
    """A process that serves on the sockets it was started with.

    Its channel belongs to the supervisor and to it alone. So each of the two learns of the other's end, however that
    came, by the end of the channel.
    """

    def __init__(self, process: Process, channel: socket.socket) -> None:
        self._process = process
        self._channel = channel
        self._spoke = asyncio.Event()
        self._silent = 0
        self.ready = asyncio.Event()
        self.ordered = False
        """Whether it was told to end."""
        self.ended = asyncio.create_task(self._end())
        """Done with its exit code once it has ended."""
        asyncio.get_running_loop().add_reader(channel, self._hear)

    @classmethod
    async def start(cls, listening: Sequence[socket.socket]) -> Self:
        """Start one. Raises `OSError` where the machine has no room for it."""
        here, there = socket.socketpair()
        here.settimeout(0)
        passed = [there.fileno(), *(each.fileno() for each in listening)]
        with there:
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-c", _START, json.dumps(sys.path), *map(str, passed)),
                    stdin=DEVNULL,
                    pass_fds=passed,
                )
            except BaseException:
                here.close()
                raise
        return cls(process, here)

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def end(self, how: Ending) -> None:
        """Tell it to end."""
        self.ordered = True
        with suppress(OSError):
            self._channel.send(how.value)

    def kill(self) -> None:
        """End it with SIGKILL."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def ends_within(self, seconds: float) -> int:
        """Its exit code, once it has ended; it is killed where it takes longer."""
        await asyncio.wait([self.ended], timeout=seconds)
        if not self.ended.done():
            self.kill()
        return await asyncio.shield(self.ended)

    async def becomes_ready(self, seconds: float) -> bool:
        """Whether it serves before it ends, and in time."""
        ready = asyncio.create_task(self.ready.wait())
        try:
            await asyncio.wait([ready, self.ended], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        return self.ready.is_set() and not self.ended.done()

    def count_silence(self) -> int:
        """How often in a row this was called while it said nothing; counted until it is to end."""
        said = self._spoke.is_set() or self.ordered
        self._spoke.clear()
        self._silent = 0 if said else self._silent + 1
        return self._silent

    def _hear(self) -> None:
        try:
            said = self._channel.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            asyncio.get_running_loop().remove_reader(self._channel)
            return
        self._spoke.set()
        if READY in said:
            self.ready.set()

    async def _end(self) -> int:
        try:
            return await self._process.wait()
        finally:
            asyncio.get_running_loop().remove_reader(self._channel)
            self._channel.close()
