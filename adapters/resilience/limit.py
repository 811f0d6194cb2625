"""How long one operation may take: its own cap, or what its request has left, whichever is less."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from adapters.monitor import BackendMonitor
from adapters.resilience.breaker import CircuitBreaker
from adapters.timeout import Timeout
from domain.deadline import remaining
from domain.errors import BackendUnavailable, Failure


def at_most(cap: float) -> float:
    """`cap`, or what the request has left if that is less, in seconds."""
    left = remaining()
    return cap if left is None or left > cap else left


class TimeLimit(Timeout):
    """Runs out `seconds` after it was made. `with limit:` makes an attempt, through the breaker if there is one.

    It bounds each attempt inside the circuit breaker instead of the whole operation outside of it:
    there a timeout would look like a caller who has gone, and never open the breaker.
    """

    __slots__ = ("_breaker", "_ends", "_era", "_monitor", "_operation")

    def __init__(
        self, monitor: BackendMonitor, operation: str, seconds: float, breaker: CircuitBreaker | None = None
    ) -> None:
        super().__init__(seconds)
        self._monitor = monitor
        self._operation = operation
        self._breaker = breaker
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds that are left, at least 0."""
        return max(self._ends - time.monotonic(), 0.0)

    def check(self) -> None:
        """Raise `BackendUnavailable` (timeout) where no time is left. Says nothing about the backend."""
        self.seconds = self.left()
        if not self.seconds:
            raise BackendUnavailable(self._monitor.backend, self._operation, Failure.TIMEOUT)

    def __enter__(self) -> Self:
        """Raise `BackendUnavailable` (open) where the breaker refuses."""
        if self._breaker is not None:
            self._era = self._breaker.begin(self._operation)
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        except TimeoutError as timeout:
            error = self._monitor.failed(self._operation, Failure.TIMEOUT, timeout)
            raise error from None
        else:
            if error is None:
                self._monitor.answered()
        finally:
            if self._breaker is not None:
                self._breaker.end(self._era, self._breaker.judge(error))
