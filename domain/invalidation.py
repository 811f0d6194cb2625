"""Writes outdate what is remembered: before the writer is answered, whatever becomes of him or of the cache."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.errors import (
    BackendUnavailable,
    CollectionConflict,
    CollectionNotFound,
    Failure,
    HoldfastError,
    InvalidInput,
    Overloaded,
    PointNotFound,
)
from domain.ports import Cache

T = TypeVar("T")

REFUSALS = (InvalidInput, PointNotFound, CollectionConflict, Overloaded)
"""Errors of a write that changed nothing."""

MAX_COLLECTIONS = 10_000
"""How many collections are kept in mind, so that names that never were cannot fill the memory."""

RETRY_SECONDS = (0.05, 5.0)
"""The first and the longest pause between attempts to invalidate."""


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a write gave. `invalidated` is False while other processes may still show what was before it.

    They do so for at most the fresh window: the cache could not be told, and is told as soon as it
    can be. This process shows nothing that it remembers of the collection until then.
    """

    value: T
    invalidated: bool = True


class Marks:
    """The last write of each collection, as a number that never comes twice; for the `most` collections last written.

    A collection that was let go has another mark than before, as if it had been written.
    """

    def __init__(self, most: int = MAX_COLLECTIONS) -> None:
        self._most = most
        self._last = 0
        self._floor = 0
        self._marks: OrderedDict[str, int] = OrderedDict()

    def __getitem__(self, collection: str) -> int:
        return self._marks.get(collection, self._floor)

    def set(self, collection: str) -> None:
        """Give the collection a new mark."""
        self._last += 1
        self._marks[collection] = self._last
        self._marks.move_to_end(collection)
        if len(self._marks) > self._most:
            self._marks.popitem(last=False)
            self._last += 1
            self._floor = self._last


class Invalidation:
    """Invalidates after writes, and fences off collections while the cache cannot be told.

    `sleep` waits for seconds. At most `MAX_COLLECTIONS` fences are kept; past that the oldest is let
    go, and the fresh window alone bounds what is shown of its collection.
    """

    def __init__(self, cache: Cache, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._cache = cache
        self._sleep = sleep
        self._writes = Marks()
        self._fences: OrderedDict[str, bool] = OrderedDict()
        self._telling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def last_write(self, collection: str) -> int:
        """A number that changes with each write of this process, and while it does what was searched before is old."""
        return self._writes[collection]

    def is_fenced(self, collection: str) -> bool:
        """Whether nothing that is remembered of the collection may be used here."""
        return collection in self._fences

    async def after(
        self,
        collection: str,
        write: Callable[[], Coroutine[Any, Any, T]],
        *,
        forget: bool = False,
        changed: Callable[[T], bool] = lambda _: True,
    ) -> Written[T]:
        """Do the write, and then invalidate the collection, or forget it, unless its value says that nothing changed.

        A caller who is cancelled meanwhile does not stop it: nobody could say how far the write came.
        Raises what the write raises; what is remembered is outdated all the same, unless the error
        says that nothing was changed.
        """
        return await _outlast(self._keep(self._write(collection, write, changed, forget=forget)))

    async def forget(self, collection: str) -> None:
        """Forget what is remembered, after a sign that the collection is not what it was."""
        await _outlast(self._keep(self._outdate(collection, forget=True)))

    async def aclose(self) -> None:
        """Let writes under way end, and give up on a cache that cannot be told."""
        if self._telling is not None:
            self._telling.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _write(
        self,
        collection: str,
        write: Callable[[], Coroutine[Any, Any, T]],
        changed: Callable[[T], bool],
        *,
        forget: bool,
    ) -> Written[T]:
        try:
            value = await write()
        except REFUSALS:
            raise
        except CollectionNotFound:
            await self._outdate(collection, forget=True)
            raise
        except HoldfastError as error:
            if isinstance(error, BackendUnavailable) and error.failure is Failure.OPEN:
                # The breaker was open, so that nothing was sent.
                raise
            self._writes.set(collection)
            await self._outdate(collection, forget=forget)
            raise
        if not changed(value):
            return Written(value)
        self._writes.set(collection)
        return Written(value, await self._outdate(collection, forget=forget))

    async def _outdate(self, collection: str, *, forget: bool) -> bool:
        """Whether the cache was told. If not, the collection is fenced off and the cache told later."""
        try:
            await self._tell(collection, forget=forget)
        except BackendUnavailable:
            self._fences[collection] = forget or self._fences.get(collection, False)
            self._fences.move_to_end(collection)
            if len(self._fences) > MAX_COLLECTIONS:
                self._fences.popitem(last=False)
            if self._telling is None or self._telling.done():
                self._telling = self._keep(self._tell_later())
            return False
        return collection not in self._fences

    async def _tell(self, collection: str, *, forget: bool) -> None:
        await (self._cache.forget if forget else self._cache.invalidate)(collection)

    async def _tell_later(self) -> None:
        """Tell the cache of every fenced collection, and take its fence away, until there is none."""
        pause, longest = RETRY_SECONDS
        while self._fences:
            await self._sleep(pause)
            pause = min(2 * pause, longest)
            for collection, forget in list(self._fences.items()):
                before = self._writes[collection]
                try:
                    await self._tell(collection, forget=forget)
                except BackendUnavailable:
                    break
                pause = RETRY_SECONDS[0]
                if self._writes[collection] == before and self._fences.get(collection) == forget:
                    del self._fences[collection]

    def _keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that nobody's cancellation ends, kept until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _outlast(work: asyncio.Task[T]) -> T:
    """What the work gives, which goes on where the caller is cancelled; its error is then seen, and nobody's."""
    work.add_done_callback(lambda done: None if done.cancelled() else done.exception())
    return await asyncio.shield(work)
