"""Trying again for as long as it may help: for long work that nobody waits for at a screen."""

from __future__ import annotations

import asyncio
import random as chance
from collections.abc import Awaitable, Callable
from typing import TypeVar

from domain.errors import BackendUnavailable, Failure, HoldfastError, Overloaded

T = TypeVar("T")

HOPELESS = frozenset({Failure.UNAUTHORIZED, Failure.CLOSED})
"""Failures that trying again does not mend."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 10.0
"""Seconds before the second attempt, and at most; the pause doubles in between."""


class Patience:
    """Makes a call up to `attempts` times while the backend is away, with pauses that grow; some 45 s in all.

    `waiting` is told of each failure and of the seconds until the next attempt. `random` gives numbers
    from 0 to 1; `sleep` waits for seconds.
    """

    def __init__(
        self,
        attempts: int = 10,
        *,
        waiting: Callable[[HoldfastError, float], None] = lambda _, __: None,
        random: Callable[[], float] = chance.random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._attempts = attempts
        self._waiting = waiting
        self._random = random
        self._sleep = sleep

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """What `call` gives. Raises what its last attempt raised. It must do no harm to make the call twice."""
        for attempt in range(1, self._attempts):
            try:
                return await call()
            except (BackendUnavailable, Overloaded) as error:
                if isinstance(error, BackendUnavailable) and error.failure in HOPELESS:
                    raise
                pause = self._pause(attempt, error)
                self._waiting(error, pause)
            await self._sleep(pause)
        return await call()

    def _pause(self, attempt: int, error: BackendUnavailable | Overloaded) -> float:
        longest: float = min(FIRST_PAUSE * 2.0 ** (attempt - 1), LONGEST_PAUSE)
        asked = error.retry_after if isinstance(error, BackendUnavailable) else None
        return (asked or 0.0) + longest * (0.5 + self._random() / 2)
