"""What a backend says of itself when it is asked whether it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    has none; `last_failure` is None where this process has seen none. `breakers` has the states of the
    circuit breakers by what they are for (`read`, `write`): `closed`, `open` or `half_open`.
    """

    technology: str
    version: str | None = None
    last_failure: LastFailure | None = None
    breakers: Mapping[str, str] = field(default_factory=dict)
