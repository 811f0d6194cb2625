"""What a backend says of itself when it is asked whether it is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.errors import Failure


@dataclass(frozen=True, slots=True)
class LastFailure:
    """The last time that an adapter raised `BackendUnavailable`: when (UTC), in which operation, and how."""

    at: datetime
    operation: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """A backend that answers.

    `technology` is its name in lower case (`qdrant`, `redis`, `memory`); `version` is None where it
    has none; `last_failure` is None where this process has seen none.
    """

    technology: str
    version: str | None = None
    last_failure: LastFailure | None = None
