"""Long work outlasts an outage of seconds: a call that a backend did not do is made again for a while."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from domain.errors import BackendUnavailable, Failure, Overloaded

T = TypeVar("T")

HOPELESS = (Failure.UNAUTHORIZED, Failure.CLOSED)
"""Failures that waiting does not mend."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How many `seconds` to go on trying, from the first failure of a call on.

    `sleep` waits for seconds, `clock` counts them.
    """

    seconds: float = 60.0
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic

    async def insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """What the call gives, which may be made twice without harm. Raises its last error when patience is at its end.

        Pauses double from 0.1 to 2 s, with jitter, and are as long as the backend asked for at least.
        """
        pause = FIRST_PAUSE
        until: float | None = None
        while True:
            try:
                return await call()
            except (BackendUnavailable, Overloaded) as error:
                now = self.clock()
                until = now + self.seconds if until is None else until
                if now >= until or getattr(error, "failure", None) in HOPELESS:
                    raise
                wait = max(pause * random.uniform(0.5, 1.0), getattr(error, "retry_after", None) or 0.0)  # noqa: S311
            await self.sleep(min(wait, until - now))
            pause = min(pause * 2, LONGEST_PAUSE)
