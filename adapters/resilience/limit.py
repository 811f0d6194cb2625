"""How long one operation may take: its own cap, or what its request has left, whichever is less."""

from __future__ import annotations

import time
from types import TracebackType

from adapters.monitor import BackendMonitor
from adapters.timeout import Timeout
from domain.deadline import remaining
from domain.errors import BackendUnavailable, Failure


def at_most(cap: float) -> float:
    """`cap`, or what the request has left if that is less, in seconds."""
    left = remaining()
    return cap if left is None or left > cap else left


class TimeLimit(Timeout):
    """Runs out `seconds` after it was made. `with limit:` bounds an attempt by what is left.

    It bounds each attempt inside the circuit breaker instead of the whole operation outside of it:
    there a timeout would look like a caller who has gone, and never open the breaker.
    """

    __slots__ = ("_ends", "_monitor", "_operation")

    def __init__(self, monitor: BackendMonitor, operation: str, seconds: float) -> None:
        super().__init__(seconds)
        self._monitor = monitor
        self._operation = operation
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left, at least 0."""
        return max(self._ends - time.monotonic(), 0.0)

    def check(self) -> None:
        """Raise `BackendUnavailable` (timeout) where no time is left. Says nothing about the backend."""
        self.seconds = self.left()
        if not self.seconds:
            raise BackendUnavailable(self._monitor.backend, self._operation, Failure.TIMEOUT)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._monitor.answered()
        try:
            super().__exit__(kind, error, trace)
        except TimeoutError as timeout:
            raise self._monitor.failed(self._operation, Failure.TIMEOUT, timeout) from None
