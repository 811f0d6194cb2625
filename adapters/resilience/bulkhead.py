"""A bulkhead: one backend that hangs cannot take every place in the process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.timeout import take_place
from domain.errors import Backend, Overloaded


class Bulkhead:
    """At most `limit` calls at a time. Those that wait go in the order in which they came, or away after `wait` s."""

    def __init__(self, backend: Backend, limit: int, wait: float) -> None:
        self._backend = backend
        self._wait = wait
        self._places = asyncio.Semaphore(limit)

    @asynccontextmanager
    async def place(self, operation: str, left: float) -> AsyncIterator[None]:
        """Hold a place meanwhile; `left` is the seconds that the caller has.

        Raises `Overloaded` where no place became free in time.
        """
        try:
            await take_place(self._places, min(self._wait, left))
        except TimeoutError:
            raise Overloaded(self._backend, operation) from None
        try:
            yield
        finally:
            self._places.release()
