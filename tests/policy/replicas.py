"""Replicas of the service without HTTP, over backends that fail for each of them alone, on one clock."""

from __future__ import annotations

import asyncio

from adapters.memory import FaultyCache, FaultyVectorStore, Script
from adapters.memory.script import Step
from domain.collections import Collections
from domain.errors import BackendUnavailable
from domain.freshness import Windows
from domain.invalidation import Invalidation
from domain.points import Points
from domain.ports import Entry, Recollection
from domain.search import Search
from tests.clock import Clock
from tests.policy.truth import NotedVectorStore, ServerCache, Truth

WINDOWS = Windows(60, 600)


class Gates(Script):
    """Calls that hang are let go, or fail, one by one; and the calls that failed are counted."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.held: list[tuple[float, asyncio.Future[None]]] = []
        self.failed = 0

    def take(self, operation: str) -> Step:
        step = super().take(operation)
        self.failed += step.failure is not None
        return step

    async def wait(self, step: Step) -> None:
        """Wait until the gate is opened, where the step hangs."""
        if not step.hangs:
            return
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.held.append((self._clock.now, gate))
        try:
            await gate
        except BackendUnavailable:
            self.failed += 1
            raise

    def waiting(self) -> list[tuple[float, asyncio.Future[None]]]:
        """Since when which calls wait."""
        self.held = [(since, gate) for since, gate in self.held if not gate.done()]
        return self.held


class NotedCache(FaultyCache):
    """Sees to it that no result is sent that was searched before a write of the replica's own: `ended` is the last."""

    def __init__(self, server: ServerCache, script: Script, truth: Truth) -> None:
        super().__init__(server, script)
        self.ended = 0
        self._truth = truth
        self._recalled: dict[str | None, int] = {}

    async def recall(self, collection: str, key: str) -> Recollection:
        known = await super().recall(collection, key)
        self._recalled[known.generation] = self._truth.last
        return known

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        assert self._recalled[entry.generation] >= self.ended, "a result from before a write was remembered"
        await super().remember(collection, key, entry, ttl)


class Replica:
    """The use cases of one process, over backends that fail for it alone."""

    def __init__(self, number: int, store: NotedVectorStore, server: ServerCache, truth: Truth) -> None:
        clock = truth.clock
        self.number = number
        self.store = FaultyVectorStore(store, Gates(clock))
        self.cache = NotedCache(server, Gates(clock), truth)
        self.cache_away = False
        self.pauses: list[asyncio.Future[None]] = []
        self.invalidation = Invalidation(self.cache, self._pause)
        self.points = Points(self.store, self.invalidation)
        self.collections = Collections(self.store, self.cache, self.invalidation)
        self.search = Search(self.store, self.cache, self.invalidation, WINDOWS, clock)

    @property
    def gates(self) -> tuple[Gates, Gates]:
        """The scripts of the store and of the cache."""
        store, cache = self.store.script, self.cache.script
        assert isinstance(store, Gates)
        assert isinstance(cache, Gates)
        return store, cache

    def recover(self) -> None:
        """Take faults back, but not an outage."""
        for script in self.gates:
            script.recover()
        if self.cache_away:
            self.cache.script.down()

    async def _pause(self, seconds: float) -> None:
        pause: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pauses.append(pause)
        await pause
