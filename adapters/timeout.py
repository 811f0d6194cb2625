"""A time limit that does not blame a backend for what this process was too busy to read."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

TURNS = 8
"""How often the event loop turns after the time is up, before a block is cancelled.

An answer that is here already takes some turns to its caller: it is read, parsed, and handed to who
joined in asking. In an idle loop these are microseconds. In one that is busy for longer than the
limit at a time, every limit would be over whenever the loop looks, and answers count as timeouts.
"""


class Timeout:
    """`with Timeout(0.1):` cancels the block after so many seconds, and raises `TimeoutError` then.

    As `asyncio.timeout`, apart from the last turns of the loop, and fit to be entered again. `expired`
    tells a timeout of this limit from one that the block raised.
    """

    __slots__ = ("_cancelling", "_handle", "_loop", "_task", "_turns", "expired", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> Self:
        self._turns = TURNS
        self.expired = False
        # Each look for the running loop is a call of the system in Python 3.11, and there are many.
        self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(self._loop)
        if task is None:
            raise RuntimeError("a time limit needs a task")
        self._task: asyncio.Task[Any] | None = task
        self._cancelling = task.cancelling()
        self._handle: asyncio.Handle = self._loop.call_later(self.seconds, self._turn)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.cancel()
        # A task holds the frames that its error passed, and those hold this: a ring, if this held the task.
        task, self._task = self._task, None
        if self.expired and task is not None and task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _turn(self) -> None:
        if self._turns:
            self._turns -= 1
            self._handle = self._loop.call_soon(self._turn)
        else:
            self.expired = True
            if self._task is not None:
                self._task.cancel()


async def take_place(places: asyncio.Semaphore, seconds: float) -> None:
    """Take one of the places, waiting for at most so many seconds. Raises `TimeoutError` where none became free."""
    # A free place is had at once, and to look at the time costs more than the place.
    if not places.locked():
        await places.acquire()
        return
    async with asyncio.timeout(seconds):
        await places.acquire()
