"""How long one operation may take: its own cap, or what its request has left, whichever is less."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.monitor import BackendMonitor
from domain.deadline import remaining
from domain.errors import BackendUnavailable, Failure

T = TypeVar("T")


def at_most(cap: float) -> float:
    """`cap`, or what the request has left if that is less, in seconds."""
    left = remaining()
    return cap if left is None else min(cap, left)


class TimeLimit:
    """Runs out `seconds` after it was made.

    It bounds each attempt inside the circuit breaker instead of the whole operation outside of it:
    there a timeout would look like a caller who has gone, and never open the breaker.
    """

    def __init__(self, monitor: BackendMonitor, operation: str, seconds: float) -> None:
        self._monitor = monitor
        self._operation = operation
        self._ends = asyncio.get_running_loop().time() + seconds

    def left(self) -> float:
        """The seconds that are left, at least 0."""
        return max(self._ends - asyncio.get_running_loop().time(), 0.0)

    def check(self) -> None:
        """Raise `BackendUnavailable` (timeout) where no time is left. Says nothing about the backend."""
        if not self.left():
            raise BackendUnavailable(self._monitor.backend, self._operation, Failure.TIMEOUT)

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """What the call gives. Raises `BackendUnavailable` (timeout) where the time runs out, and what it raises."""
        try:
            async with asyncio.timeout_at(self._ends) as bound:
                result = await call()
        except TimeoutError as error:
            if not bound.expired():
                raise
            raise self._monitor.failed(self._operation, Failure.TIMEOUT, error) from None
        self._monitor.answered()
        return result
