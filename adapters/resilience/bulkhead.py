"""A bulkhead: one backend that hangs cannot take every place in the process."""

from __future__ import annotations

import asyncio

from adapters.timeout import take_place
from domain.errors import Backend, Overloaded


class Bulkhead:
    """At most `limit` calls at a time. Those that wait go in the order in which they came, or away after `wait` s."""

    def __init__(self, backend: Backend, limit: int, wait: float) -> None:
        self._backend = backend
        self._wait = wait
        self._places = asyncio.Semaphore(limit)

    def place(self, operation: str, left: float) -> _Place:
        """`async with` it: hold a place meanwhile; `left` is the seconds that the caller has.

        Raises `Overloaded` where no place became free in time.
        """
        return _Place(self._places, min(self._wait, left), self._backend, operation)


class _Place:
    """One of the places. A class, since every call takes one, and a generator takes three times as long."""

    __slots__ = ("_backend", "_operation", "_places", "_seconds")

    def __init__(self, places: asyncio.Semaphore, seconds: float, backend: Backend, operation: str) -> None:
        self._places = places
        self._seconds = seconds
        self._backend = backend
        self._operation = operation

    async def __aenter__(self) -> None:
        try:
            await take_place(self._places, self._seconds)
        except TimeoutError:
            raise Overloaded(self._backend, self._operation) from None

    async def __aexit__(self, *_: object) -> None:
        self._places.release()
