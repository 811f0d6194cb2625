"""Long work outlasts an outage of seconds: a call that a backend did not do is made again for a while."""

from __future__ import annotations

import asyncio
import random as chance
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from domain.errors import BackendUnavailable, Failure, HoldfastError, Overloaded

T = TypeVar("T")

HOPELESS = frozenset({Failure.UNAUTHORIZED, Failure.CLOSED})
"""Failures that waiting does not mend."""

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
"""Seconds before the second attempt, and at most; the pause doubles in between."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many `seconds` to go on trying, from the first failure of a call on.

    `waiting` is told of each failure and of the seconds until the next attempt. `sleep` waits for seconds,
    `clock` counts them, and `random` gives numbers from 0 to 1.
    """

    seconds: float = 60.0
    waiting: Callable[[HoldfastError, float], None] = lambda _, __: None
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = chance.random

    async def insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """What the call gives, which may be made twice without harm. Raises its last error when patience is at its end.

        Pauses grow, with jitter, on top of what the backend asked for; the last one is as long as patience lasts.
        """
        longest, until = FIRST_PAUSE, None
        while True:
            try:
                return await call()
            except (BackendUnavailable, Overloaded) as error:
                now = self.clock()
                until = now + self.seconds if until is None else until
                if now >= until or _is_hopeless(error):
                    raise
                pause = min(_asked(error) + longest * (0.5 + self.random() / 2), until - now)
                self.waiting(error, pause)
            await self.sleep(pause)
            longest = min(longest * 2, LONGEST_PAUSE)


def _is_hopeless(error: BackendUnavailable | Overloaded) -> bool:
    return isinstance(error, BackendUnavailable) and error.failure in HOPELESS


def _asked(error: BackendUnavailable | Overloaded) -> float:
    """The seconds for which the backend wants to be left alone."""
    return (error.retry_after or 0.0) if isinstance(error, BackendUnavailable) else 0.0
