"""The way from a process that serves to the engine's."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

from adapters.call import Fault
from adapters.edge.wire import Frames
from domain.errors import Failure, HoldfastError

ADDRESS = "engine.json"
"""The file in the data directory that says where the engine listens."""

CONNECT_TIMEOUT = 2.0
"""Seconds for which a call waits for an engine that is just being started."""

INTERVAL = 0.02


class EngineFault(Exception):
    """The engine raised what says nothing to the caller; the message names its type."""


def meaning(error: Exception, *, closed: bool) -> Fault | HoldfastError:
    """What an error of a call means; `closed` says whether the caller has ended the connection."""
    if isinstance(error, HoldfastError):
        return error
    if closed:
        return Fault(Failure.CLOSED)
    if isinstance(error, ConnectionRefusedError):
        return Fault(Failure.REFUSED)
    if isinstance(error, EngineFault):
        return Fault(Failure.FAULT)
    if isinstance(error, TimeoutError):
        return Fault(Failure.TIMEOUT)
    return Fault(Failure.RESET)


class EngineConnection:
    """One connection, made when it is first needed and again when it was lost; calls on it go side by side."""

    def __init__(self, root: Path) -> None:
        self._address = root / ADDRESS
        self._frames: Frames | None = None
        self._connecting = asyncio.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._closed = False

    async def call(self, operation: str, collection: str, *arguments: object) -> Any:
        """What the engine answers.

        Raises an error of the domain, `EngineFault`, `ConnectionRefusedError` where there is no engine,
        `ConnectionResetError` where it went before it answered.
        """
        frames = self._frames or await self._connected()
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            frames.send((number, operation, collection, arguments))
            return await answer
        finally:
            self._waiting.pop(number, None)

    def close(self) -> None:
        """End the connection; calls that wait raise `ConnectionResetError`."""
        self._closed = True
        if self._frames is not None:
            self._frames.abort()

    async def _connected(self) -> Frames:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + CONNECT_TIMEOUT
        async with self._connecting:
            while self._frames is None:
                try:
                    if self._closed:
                        raise ConnectionRefusedError
                    socket = json.loads(self._address.read_bytes())["socket"]
                    await loop.create_unix_connection(lambda: _Answers(self), socket)
                except (OSError, ValueError, LookupError, TypeError):
                    if self._closed or loop.time() > deadline:
                        raise ConnectionRefusedError from None
                    await asyncio.sleep(INTERVAL)
            return self._frames

    def begun(self, frames: Frames) -> None:
        """Use this connection from now on."""
        self._frames = frames
        if self._closed:
            frames.abort()

    def take(self, answered: tuple[int, object, object]) -> None:
        """Hand an answer to who waits for it."""
        number, error, value = answered
        waiting = self._waiting.get(number)
        if waiting is None or waiting.done():
            return
        if error is None:
            waiting.set_result(value)
        else:
            waiting.set_exception(error if isinstance(error, Exception) else EngineFault(error))

    def lost(self, frames: Frames) -> None:
        """Tell all who wait that this connection has ended."""
        if self._frames is frames:
            self._frames = None
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionResetError())


class _Answers(Frames):
    """The client's end of a connection."""

    def __init__(self, connection: EngineConnection) -> None:
        super().__init__(connection.take)
        self._connection = connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connection.begun(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - how does not matter
        self._connection.lost(self)
