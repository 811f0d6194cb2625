"""What a backend says of itself when it is asked whether it is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.errors import Failure


@dataclass(frozen=True, slots=True)
class LastFailure:
    """The last time that an adapter raised `BackendUnavailable`: when (UTC), in which operation, and how."""

    at: datetime
    operation: str
    failure: Failure


class Change(StrEnum):
    """What can happen to a backend, as one process sees it."""

    FAILED = "failed"
    RECOVERED = "recovered"
    BREAKER_OPENED = "breaker_opened"
    BREAKER_HALF_OPEN = "breaker_half_open"
    BREAKER_CLOSED = "breaker_closed"


@dataclass(frozen=True, slots=True)
class Event:
    """A change at a moment (UTC).

    A backend that began to fail has the `operation` and the `failure` of the first call; one that
    recovered, for how many `seconds` it had failed. A breaker has what it is for (`read`, `write`),
    and one that opened, for how many `seconds`.
    """

    at: datetime
    change: Change
    operation: str | None = None
    failure: Failure | None = None
    breaker: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """A backend that answers.

    `technology` is its name in lower case (`qdrant`, `redis`, `memory`); `version` is None where it
    has none; `last_failure` is None where this process has seen none.
    """

    technology: str
    version: str | None = None
    last_failure: LastFailure | None = None
