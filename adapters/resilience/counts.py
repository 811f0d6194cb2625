"""How many calls failed lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

SLICES = 10


class RollingCounts:
    """Calls and failures of the last `window` seconds, in tenths of the window: its memory does not grow with load.

    `calls` are all of them, `failures` those that failed, as of the last call of `add` or `forget`.
    """

    def __init__(self, window: float, clock: Callable[[], float]) -> None:
        self._slice = window / SLICES
        self._clock = clock
        self._counted: deque[tuple[int, list[int]]] = deque()
        self._present = [0, 0]
        self._ends = 0.0
        self.calls = 0
        self.failures = 0

    def add(self, *, failed: bool) -> None:
        """Count a call that ended now."""
        if self._clock() >= self._ends:
            self.forget()
        self._present[0] += 1
        self._present[1] += failed
        self.calls += 1
        self.failures += failed

    def clear(self) -> None:
        """Begin anew."""
        self._counted.clear()
        self.calls = self.failures = 0
        self._ends = 0.0

    def forget(self) -> None:
        """Let go of what is past the window."""
        now = int(self._clock() / self._slice)
        while self._counted and self._counted[0][0] <= now - SLICES:
            _, (calls, failures) = self._counted.popleft()
            self.calls -= calls
            self.failures -= failures
        if not self._counted or self._counted[-1][0] != now:
            self._counted.append((now, [0, 0]))
        self._present = self._counted[-1][1]
        self._ends = (now + 1) * self._slice
