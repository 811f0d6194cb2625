"""Counts a call of a backend, by how it ended and how long it took."""

from __future__ import annotations

import time
from types import TracebackType

from domain.errors import BackendUnavailable, Failure, HoldfastError, Overloaded
from domain.ports import Metrics

_now = time.perf_counter


class Observed:
    """`with Observed(metrics, "cache", "recall"):` is one call. One that its caller leaves counts nowhere."""

    __slots__ = ("_backend", "_begun", "_metrics", "_operation")

    def __init__(self, metrics: Metrics, backend: str, operation: str) -> None:
        self._metrics = metrics
        self._backend = backend
        self._operation = operation

    def __enter__(self) -> None:
        self._begun = _now()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outcome = "ok" if error is None else outcome_of(error)
        if outcome is not None:
            self._metrics.called(self._backend, self._operation, outcome, _now() - self._begun)


def outcome_of(error: BaseException) -> str | None:
    """How a call ended that raised: a refusal of what was asked is an answer; None where it was not let end."""
    if isinstance(error, BackendUnavailable):
        return "refused_by_breaker" if error.failure is Failure.OPEN else error.failure.value
    if isinstance(error, Overloaded):
        return "overloaded"
    return "ok" if isinstance(error, HoldfastError) else None
