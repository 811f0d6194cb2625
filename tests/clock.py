"""A clock that a test moves."""

from __future__ import annotations


class Clock:
    """Counts seconds, from a number that is none of note."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Let the seconds pass at once."""
        self.slept.append(seconds)
        self.now += seconds
