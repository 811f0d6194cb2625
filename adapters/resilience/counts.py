"""How many calls failed lately."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

SLICES = 10


class RollingCounts:
    """Calls and failures of the last `window` seconds, in tenths of the window: its memory does not grow with load."""

    def __init__(self, window: float, clock: Callable[[], float]) -> None:
        self._slice = window / SLICES
        self._clock = clock
        self._counted: deque[tuple[int, list[int]]] = deque()

    def add(self, *, failed: bool) -> None:
        """Count a call that ended now."""
        now = self._forget()
        if not self._counted or self._counted[-1][0] != now:
            self._counted.append((now, [0, 0]))
        counts = self._counted[-1][1]
        counts[0] += 1
        counts[1] += failed

    def totals(self) -> tuple[int, int]:
        """All calls, and those that failed."""
        self._forget()
        return sum(counts[0] for _, counts in self._counted), sum(counts[1] for _, counts in self._counted)

    def clear(self) -> None:
        """Begin anew."""
        self._counted.clear()

    def _forget(self) -> int:
        now = int(self._clock() / self._slice)
        while self._counted and self._counted[0][0] <= now - SLICES:
            self._counted.popleft()
        return now
