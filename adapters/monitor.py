"""What an adapter remembers and logs of its backend's failures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from domain.errors import Backend, BackendUnavailable, Failure
from domain.ports import LastFailure

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.backend")


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class BackendMonitor:
    """Logs one line when a backend begins to fail and one when it answers again, none in between."""

    def __init__(self, backend: Backend, now: Callable[[], datetime] = utc_now) -> None:
        self.backend = backend
        self.last_failure: LastFailure | None = None
        self._now = now
        self._failing_since: datetime | None = None

    def failed(
        self, operation: str, failure: Failure, cause: BaseException, retry_after: float | None = None
    ) -> BackendUnavailable:
        """Note the failure; the error to raise for it. Of `cause` only the type is logged."""
        at = self._now()
        self.last_failure = LastFailure(at, operation, failure)
        if self._failing_since is None:
            self._failing_since = at
            log.error(
                "backend_failed", backend=self.backend, operation=operation, failure=failure, error=type(cause).__name__
            )
        return BackendUnavailable(self.backend, operation, failure, retry_after)

    def answered(self) -> None:
        """Note that the backend answered."""
        if self._failing_since is None:
            return
        outage = (self._now() - self._failing_since).total_seconds()
        self._failing_since = None
        log.info("backend_recovered", backend=self.backend, after_seconds=round(outage, 3))
