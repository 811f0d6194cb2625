"""Writes take turns: each in steps, in order within its collection, and searches go between the steps."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

SYNC_AFTER = 0.05
"""Seconds for which acknowledgements may wait for each other, so that they share one sync."""


_OVER = object()


@dataclass(frozen=True, slots=True)
class Write:
    """A write: `begin` checks it and does it, or gives its steps; `done` is told how it ended (None: it is done)."""

    begin: Callable[[], Iterator[None] | None]
    done: Callable[[BaseException | None], None]


class Writes:
    """The writes that wait, by their collection.

    `sync` is called once some writes are done, before they are acknowledged; None acknowledges at once.
    """

    def __init__(self, sync: Callable[[], None] | None) -> None:
        self._waiting: dict[str, deque[Write]] = {}
        self._turns: deque[str] = deque()
        self._under_way: dict[str, Iterator[None]] = {}
        self._held: set[str] = set()
        self._ended: dict[str, asyncio.Event] = {}
        self._holding = asyncio.Lock()
        self._sync = sync
        self._unsynced: list[Write] = []
        self._oldest = 0.0
        self._scheduled = False

    def busy(self, collection: str) -> bool:
        """Whether a write of the collection is half done, or somebody holds it."""
        return collection in self._under_way or collection in self._held

    def put(self, collection: str, write: Write) -> None:
        """Let a write wait for its turn."""
        if collection not in self._waiting:
            self._waiting[collection] = deque()
            self._turns.append(collection)
        self._waiting[collection].append(write)
        self._schedule()

    @asynccontextmanager
    async def held(self, collection: str) -> AsyncIterator[None]:
        """In the block no write of the collection is begun, or half done. Blocks take turns."""
        async with self._holding:
            self._held.add(collection)
            try:
                if collection in self._under_way:
                    ended = self._ended[collection] = asyncio.Event()
                    await ended.wait()
                yield
            finally:
                self._ended.pop(collection, None)
                self._held.discard(collection)
                self._schedule()

    def finish(self) -> None:
        """Do all that can be done now, and acknowledge it."""
        while self._step():
            pass
        self._acknowledge()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            # By way of the loop, which then looks for searches first.
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        if self._step():
            if self._unsynced and time.monotonic() - self._oldest > SYNC_AFTER:
                self._acknowledge()
            self._schedule()
        else:
            self._acknowledge()

    def _step(self) -> bool:
        """Make one step of the collection whose turn it is; False where there is none to make."""
        for _ in range(len(self._turns)):
            collection = self._turns[0]
            self._turns.rotate(-1)
            if collection in self._under_way or collection not in self._held:
                self._step_of(collection)
                return True
        return False

    def _step_of(self, collection: str) -> None:
        write = self._waiting[collection][0]
        failure: BaseException | None = None
        try:
            steps = self._under_way.get(collection) or write.begin()
            if steps is not None and next(steps, _OVER) is not _OVER:
                self._under_way[collection] = steps
                return
        except BaseException as error:  # noqa: BLE001 - a panic of the engine is one
            failure = error
        self._end(collection, write, failure)

    def _end(self, collection: str, write: Write, error: BaseException | None) -> None:
        self._under_way.pop(collection, None)
        if collection in self._ended:
            self._ended[collection].set()
        waiting = self._waiting[collection]
        waiting.popleft()
        if not waiting:
            del self._waiting[collection]
            self._turns.remove(collection)
        if error is None and self._sync is not None:
            if not self._unsynced:
                self._oldest = time.monotonic()
            self._unsynced.append(write)
        else:
            write.done(error)

    def _acknowledge(self) -> None:
        if not self._unsynced or self._sync is None:
            return
        done, self._unsynced = self._unsynced, []
        failure: BaseException | None = None
        try:
            self._sync()
        except BaseException as error:  # noqa: BLE001 - what is not synced is not acknowledged
            failure = error
        for write in done:
            write.done(failure)
