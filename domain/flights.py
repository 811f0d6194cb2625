"""One call for all who ask the same at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Flight(Generic[T]):
    """A call under way, and who waits for it."""

    __slots__ = ("task", "waiting")

    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiting: set[asyncio.Future[T]] = set()


class Flights(Generic[T]):
    """Joins callers with equal keys to one call.

    A caller who is cancelled, or whose time is over, does not take the others with him; when the last one
    has left, the call is cancelled. The call runs apart from its callers' contexts, so that it ends by no
    caller's deadline. Its error is raised to every caller.

    `apart` makes the context of a call, called by who begins it.
    """

    def __init__(self, apart: Callable[[], Context] = Context) -> None:
        self._apart = apart
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def join(self, key: Hashable, call: Callable[[], Coroutine[Any, Any, T]], timeout: float | None = None) -> T:
        """The result of the call under way for `key`, or of a new one.

        Raises `TimeoutError` where it is not there after `timeout` seconds.
        """
        loop = asyncio.get_running_loop()
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(loop.create_task(call(), context=self._apart()))
            flight.task.add_done_callback(partial(self._land, key, flight))
        landed: asyncio.Future[T] = loop.create_future()
        flight.waiting.add(landed)
        timer = None if timeout is None else loop.call_later(timeout, _give_up, landed)
        try:
            return await landed
        finally:
            if timer is not None:
                timer.cancel()
            self._leave(key, flight, landed)

    def _leave(self, key: Hashable, flight: _Flight[T], landed: asyncio.Future[T]) -> None:
        flight.waiting.discard(landed)
        if not flight.waiting and not flight.task.done():
            # Nobody may join a call that is being cancelled.
            self._forget(key, flight)
            flight.task.cancel()

    def _land(self, key: Hashable, flight: _Flight[T], task: asyncio.Task[T]) -> None:
        self._forget(key, flight)
        # Seen, though everybody who waited for it may have gone.
        error = None if task.cancelled() else task.exception()
        for landed in [each for each in flight.waiting if not each.done()]:
            if task.cancelled():
                landed.cancel()
            elif error is not None:
                landed.set_exception(error)
                # Seen, though the caller may be cancelled in this very turn.
                landed.exception()
            else:
                landed.set_result(task.result())

    def _forget(self, key: Hashable, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]


def _give_up(landed: asyncio.Future[Any]) -> None:
    with suppress(asyncio.InvalidStateError):
        landed.set_exception(TimeoutError())
