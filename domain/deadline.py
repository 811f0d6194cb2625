"""How much time a request has left, handed down to whatever works for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float | None] = ContextVar("holdfast_deadline", default=None)


@contextmanager
def deadline(seconds: float, clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """All work inside has at most so many seconds; of nested deadlines the nearest counts."""
    end, outer = clock() + seconds, _ends.get()
    token = _ends.set(end if outer is None else min(end, outer))
    try:
        yield
    finally:
        _ends.reset(token)


def remaining(clock: Callable[[], float] = time.monotonic) -> float | None:
    """The seconds that are left, at least 0; None without a deadline."""
    end = _ends.get()
    return None if end is None else max(end - clock(), 0.0)
