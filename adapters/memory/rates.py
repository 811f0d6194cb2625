"""Requests counted in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from domain.ports import Rate, RateLimiter

MOST_CALLERS = 100_000
"""Past that, callers who are new in a window are counted as one: nobody fills the memory with addresses."""

OTHERS = ""


class Window:
    """The requests of one span of time, by caller: those that were counted here, and those that others tell of."""

    __slots__ = ("elsewhere", "here", "number")

    def __init__(self, number: int) -> None:
        self.number = number
        self.here: dict[str, int] = {}
        self.elsewhere: dict[str, int] = {}

    def total(self, caller: str) -> int:
        """All that is known."""
        return self.here.get(caller, 0) + self.elsewhere.get(caller, 0)


class InMemoryRateLimiter(RateLimiter):
    """Counts in a window that slides: the requests of this span of time, and the part of those before that it covers.

    Each span counts as one number, so that a caller takes no more memory the more he asks. `clock` gives seconds
    since 1970, so that processes mean the same spans.
    """

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.time) -> None:
        self.rate = rate
        self._clock = clock
        self._requests, self._seconds = rate.requests, rate.seconds
        self.now, self.before = Window(0), Window(-1)

    def take(self, caller: str) -> float | None:
        spans = self._clock() / self._seconds
        number = int(spans)
        if number != self.now.number:
            self._turn(number)
        here, part = self.now.here, 1.0 - (spans - number)
        if caller not in here and len(here) >= MOST_CALLERS:
            caller = OTHERS
        known, past = self.now.total(caller), self.before.total(caller)
        if known + past * part >= self._requests:
            return self._wait(known, past, part)
        here[caller] = here.get(caller, 0) + 1
        return None

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    def learn(self, number: int, elsewhere: Mapping[str, int]) -> None:
        """Others have counted so many requests in a window."""
        for window in (self.now, self.before):
            if window.number == number:
                window.elsewhere.update(elsewhere)

    def _turn(self, number: int) -> None:
        self.before = self.now if self.now.number == number - 1 else Window(number - 1)
        self.now = Window(number)

    def _wait(self, known: int, past: int, part: float) -> float:
        """Seconds until one more request is within the rate, if none comes meanwhile."""
        room = self._requests - known
        if room > 0:
            return max(part - room / past, 0.0) * self._seconds
        return (part + 1.0 - self._requests / max(known, 1)) * self._seconds
