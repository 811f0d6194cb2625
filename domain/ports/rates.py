"""The port behind which it is counted how often callers ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    requests: int
    seconds: int


class RateLimiter(ABC):
    """Counts the requests of each caller. It answers at once, from what is known in this process."""

    rate: Rate
    """What each caller may ask."""

    @abstractmethod
    def take(self, caller: str) -> float | None:
        """Count a request of the caller: None where it may be served, else in how many seconds one may be again."""

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of what was begun. Later requests are counted in this process alone."""
