"""A circuit breaker: while a backend fails, callers learn it at once, and it is left alone to recover."""

from __future__ import annotations

import random as chance
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum

import structlog

from adapters.policies import ResilienceSettings
from adapters.resilience.counts import RollingCounts
from domain.errors import Backend, BackendUnavailable, Failure, HoldfastError
from domain.ports import NO_METRICS, Change, Metrics

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.backend")

FAILURES = frozenset({Failure.REFUSED, Failure.RESET, Failure.TIMEOUT, Failure.UNREADY, Failure.GARBAGE})
"""What opens the breaker. Garbage is among them: whatever sent it is not the backend, or not whole."""

UNASKED = frozenset({Failure.CLOSED, Failure.OPEN})
"""Failures of this process: the backend was not asked."""

CHANGES = {
    "open": Change.BREAKER_OPENED,
    "half_open": Change.BREAKER_HALF_OPEN,
    "closed": Change.BREAKER_CLOSED,
}
"""What is logged when the state changes."""

Told = Callable[[Change, str, float | None], None]
"""Is told of each change: which, of the breaker for what, and for how many seconds one is open."""


def tell_nobody(_change: Change, _breaker: str, _seconds: float | None) -> None:
    """For a breaker that nobody asks about its past."""


JITTER = 0.2
"""The part of its open time by which a breaker may try earlier, so that processes do not all try at once."""


class Kind(StrEnum):
    """Which calls a breaker is for: a backend may serve reads while its writes fail."""

    READ = "read"
    WRITE = "write"


class State(StrEnum):
    """Closed: calls are made. Open: they are refused. Half-open: one is made, to see how it goes."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Outcome(StrEnum):
    """What the end of a call says about the backend."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEITHER = "neither"


# Looking a member of an enumeration up takes a while in Python 3.11, and these stand in the way of every hit.
_CLOSED, _SUCCESS, _FAILURE, _NEITHER = State.CLOSED, Outcome.SUCCESS, Outcome.FAILURE, Outcome.NEITHER


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A breaker at one moment: `open_for` is the seconds until a probe may be made, `failures` those in the window."""

    state: State
    open_for: float
    failures: int


class CircuitBreaker:
    """Opens when too many calls fail or too many in a row, and closes when a single probe succeeds.

    Each change of state begins a new era. A call counts in the era in which it began alone, so that
    one that was let through before an outage cannot end it, or begin it anew.

    `clock` counts seconds; `random` gives numbers from 0 to 1, exclusively; `metrics` is told each state, and
    `told` hears of each change. For one event loop.
    """

    def __init__(
        self,
        backend: Backend,
        kind: Kind,
        settings: ResilienceSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = chance.random,
        metrics: Metrics = NO_METRICS,
        told: Told = tell_nobody,
    ) -> None:
        self._told = told
        self._backend = backend
        self._metrics = metrics
        metrics.circuit(backend.value, kind.value, _CLOSED.value)
        self.kind = kind
        self._settings = settings
        self._clock = clock
        self._random = random
        self._counts = RollingCounts(settings.breaker_window, clock)
        self._state = State.CLOSED
        self._era = 0
        self._in_row = 0
        self._probing = False
        self._until = 0.0
        self._last_error: Callable[[], HoldfastError | None] = lambda: None
        self._next_open_time = settings.breaker_min_open

    def snapshot(self) -> Snapshot:
        """How the breaker is now. An open one becomes half-open with the first call after its time."""
        self._counts.forget()
        return Snapshot(self._state, self._open_for(), self._counts.failures)

    @contextmanager
    def call(self, operation: str) -> Iterator[None]:
        """`with breaker.call("search"):` makes a call, and notes how it went. Raises what `check` does."""
        era, ended = self.begin(operation), None
        try:
            yield
        except BaseException as error:
            ended = error
            raise
        finally:
            self.end(era, self.judge(ended))

    def probe(self, operation: str) -> AbstractContextManager[None]:
        """`with breaker.probe("ping"):` makes a call in any state. It counts where a probe is due, as that probe."""
        return nullcontext() if self._state is State.CLOSED or self._refuses() else self.call(operation)

    def check(self, operation: str) -> None:
        """Raise `BackendUnavailable` (open) where a call would be refused now."""
        if self._refuses():
            raise BackendUnavailable(self._backend, operation, Failure.OPEN, self._open_for())

    def begin(self, operation: str) -> int:
        """Let a call through; its era, which `end` takes exactly once. Raises what `check` does."""
        if self._state is _CLOSED:
            return self._era
        self.check(operation)
        if self._state is State.OPEN:
            self._change(State.HALF_OPEN)
        self._probing = self._state is State.HALF_OPEN
        return self._era

    def judge(self, error: BaseException | None) -> Outcome:
        """What the end of a call says about the backend. Callers who shared a call get one error: it counts once."""
        if error is None:
            return _SUCCESS
        if not isinstance(error, HoldfastError) or self._last_error() is error:
            return _NEITHER
        self._last_error = weakref.ref(error)
        return judge(error)

    def end(self, era: int, outcome: Outcome) -> None:
        """Note how a call went that began in `era`."""
        if era != self._era:
            return
        self._probing = False
        if outcome is _NEITHER:
            return
        failed = outcome is _FAILURE
        if self._state is _CLOSED:
            self._counts.add(failed=failed)
            self._in_row = self._in_row + 1 if failed else 0
            if self._counts.failures and self._is_tripped():
                self._open()
        elif failed:
            self._open()
        else:
            self._close()

    def _refuses(self) -> bool:
        return self._probing or (self._state is State.OPEN and self._clock() < self._until)

    def _open_for(self) -> float:
        return max(self._until - self._clock(), 0.0) if self._state is State.OPEN else 0.0

    def _is_tripped(self) -> bool:
        calls, failures = self._counts.calls, self._counts.failures
        enough = calls >= self._settings.breaker_min_calls
        share = failures / calls if calls else 0.0
        return self._in_row >= self._settings.breaker_failures_in_row or (
            enough and share >= self._settings.breaker_failure_share
        )

    def _open(self) -> None:
        seconds = self._next_open_time * (1 - JITTER * self._random())
        self._until = self._clock() + seconds
        self._next_open_time = min(2 * self._next_open_time, self._settings.breaker_max_open)
        self._change(State.OPEN, round(seconds, 3))

    def _close(self) -> None:
        self._counts.clear()
        self._in_row = 0
        self._next_open_time = self._settings.breaker_min_open
        self._change(State.CLOSED)

    def _change(self, state: State, open_for: float | None = None) -> None:
        self._state = state
        self._era += 1
        self._metrics.circuit(self._backend.value, self.kind.value, state.value)
        level = log.warning if state is State.OPEN else log.info
        more = {} if open_for is None else {"open_for": open_for}
        level(CHANGES[state].value, backend=self._backend, kind=self.kind, **more)
        self._told(CHANGES[state], self.kind.value, open_for)


def states(*breakers: CircuitBreaker) -> dict[str, str]:
    """The state of each, by what it is for."""
    return {breaker.kind.value: breaker.snapshot().state.value for breaker in breakers}


def judge(error: HoldfastError) -> Outcome:
    """What an error says about the backend: one that was answered, even by a refusal, says that it works."""
    if not isinstance(error, BackendUnavailable):
        return Outcome.SUCCESS
    if error.failure in UNASKED:
        return Outcome.NEITHER
    return Outcome.FAILURE if error.failure in FAILURES else Outcome.SUCCESS
