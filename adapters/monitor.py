"""What an adapter remembers and logs of its backend's failures."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import chain

import structlog

from domain.errors import Backend, BackendUnavailable, Failure
from domain.ports import Change, Event, LastFailure

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.backend")


KEPT = 10
"""How many outages' beginnings and ends are remembered, and how many changes of breakers: as many of either kind."""


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def in_order(*histories: Iterable[Event]) -> tuple[Event, ...]:
    """All the events, oldest first."""
    return tuple(sorted(chain(*histories), key=lambda event: event.at))


class BackendMonitor:
    """Logs one line when a backend begins to fail and one when it answers again, none in between.

    Remembers these events and the changes of breakers. Each kind has its own bounded place, since in
    a long outage breakers change every minute, and its beginning is what people look for.
    """

    def __init__(self, backend: Backend, now: Callable[[], datetime] = utc_now) -> None:
        self.backend = backend
        self.last_failure: LastFailure | None = None
        self._now = now
        self._failing_since: datetime | None = None
        self._outages: deque[Event] = deque(maxlen=KEPT)
        self._breakers: deque[Event] = deque(maxlen=KEPT)

    def failed(
        self, operation: str, failure: Failure, cause: BaseException, retry_after: float | None = None
    ) -> BackendUnavailable:
        """Note the failure; the error to raise for it. Of `cause` only the type is logged."""
        at = self._now()
        self.last_failure = LastFailure(at, operation, failure)
        if self._failing_since is None:
            self._failing_since = at
            self._outages.append(Event(at, Change.FAILED, operation, failure))
            log.error(
                "backend_failed", backend=self.backend, operation=operation, failure=failure, error=type(cause).__name__
            )
        return BackendUnavailable(self.backend, operation, failure, retry_after)

    def answered(self) -> None:
        """Note that the backend answered."""
        if self._failing_since is None:
            return
        at = self._now()
        outage = round((at - self._failing_since).total_seconds(), 3)
        self._failing_since = None
        self._outages.append(Event(at, Change.RECOVERED, seconds=outage))
        log.info("backend_recovered", backend=self.backend, after_seconds=outage)

    def breaker_changed(self, change: Change, breaker: str, seconds: float | None) -> None:
        """Remember the change of a breaker; one that opened does so for so many seconds."""
        self._breakers.append(Event(self._now(), change, breaker=breaker, seconds=seconds))

    def history(self) -> tuple[Event, ...]:
        """What is remembered, oldest first."""
        return in_order(self._outages, self._breakers)
