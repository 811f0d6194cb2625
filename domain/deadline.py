"""How much time a request has left, handed down to whatever works for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar, Token

_ends: ContextVar[float | None] = ContextVar("holdfast_deadline", default=None)


class deadline:  # noqa: N801
    """`with deadline(10):` all work inside has at most so many seconds; of nested deadlines the nearest counts."""

    __slots__ = ("_end", "_token")

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._end = clock() + seconds
        self._token: Token[float | None]

    def __enter__(self) -> None:
        outer = _ends.get()
        self._token = _ends.set(self._end if outer is None else min(self._end, outer))

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        _ends.reset(self._token)


def remaining(clock: Callable[[], float] = time.monotonic) -> float | None:
    """The seconds that are left, at least 0; None without a deadline."""
    end = _ends.get()
    return None if end is None else max(end - clock(), 0.0)
