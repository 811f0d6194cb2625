"""Reads of Redis that are asked for at the same moment, joined into one MGET."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from itertools import chain

Values = tuple[str, Sequence[bytes | None]]
"""The run of the server, and the values of keys in their order."""

Keys = tuple[str, ...]

Read = Callable[[Sequence[str]], Awaitable[Values]]

MAX_KEYS = 512
"""The most keys that one MGET is begun with; the reads that wait for the next one are as well off."""

MAX_AT_ONCE = 2
"""MGETs under way at a time. Meanwhile reads gather for the next one, which is the larger the greater the load."""


class JoinedReads:
    """Serves each read by an MGET that was sent after the read was asked for, and maybe with others.

    Reads of the same keys share a place in it. An MGET that fails raises the one error to everybody
    whom it was to serve.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._waiting: dict[Keys, list[asyncio.Future[Values]]] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._scheduled = False
        self._loop: asyncio.AbstractEventLoop

    def get(self, keys: Keys) -> asyncio.Future[Values]:
        """The values of the keys, None for those that have none."""
        if not self._waiting:
            self._loop = asyncio.get_running_loop()
        future: asyncio.Future[Values] = self._loop.create_future()
        self._waiting.setdefault(keys, []).append(future)
        if not self._scheduled and len(self._under_way) < MAX_AT_ONCE:
            # At the end of this turn of the loop, so that whoever asks in the same turn comes along.
            self._scheduled = True
            self._loop.call_soon(self._send)
        return future

    async def aclose(self) -> None:
        """Let what is under way end."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def _send(self) -> None:
        self._scheduled = False
        places: dict[str, int] = {}
        served = []
        while self._waiting and len(places) < MAX_KEYS:
            keys = next(iter(self._waiting))
            futures = [future for future in self._waiting.pop(keys) if not future.done()]
            if futures:
                for key in keys:
                    places.setdefault(key, len(places))
                served.append((keys, futures))
        if served:
            task = self._loop.create_task(self._serve(places, served), context=Context())
            self._under_way.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self._waiting and not self._scheduled:
            self._send()

    async def _serve(self, places: dict[str, int], served: list[tuple[Keys, list[asyncio.Future[Values]]]]) -> None:
        try:
            run, values = await self._read(list(places))
        except BaseException as error:
            for future in chain.from_iterable(futures for _, futures in served):
                if not future.done():
                    future.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for keys, futures in served:
            answer = run, tuple(values[places[key]] for key in keys)
            for future in futures:
                if not future.done():
                    future.set_result(answer)
