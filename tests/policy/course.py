"""The course of events at two replicas: begins searches and writes, lets calls fail or hang, and judges what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, NamedTuple

from domain.errors import Backend, BackendUnavailable, Failure
from domain.freshness import Demand
from domain.invalidation import Written
from domain.models import Vector
from domain.queries import SearchQuery
from domain.search import SearchResult
from tests.clock import Clock
from tests.policy.oracle import Asked, Oracle
from tests.policy.replicas import Replica
from tests.policy.truth import NotedVectorStore, ServerCache, Truth, Write, writing

NAME = "things"
QUERIES = [SearchQuery(vector=Vector.of([1, second])) for second in (0, 1)]
READ_SECONDS = 5.0
"""After which a call of the store that hangs fails; one of the cache fails as soon as any time passes."""

TURNS = 12
"""Of the event loop, after which everything waits that does not end."""

READS, WRITES = ("search", "search_batch"), ("upsert", "create_collection", "delete_collection")
RECALLS, REMEMBERS, TELLS = ("recall",), ("remember",), ("invalidate", "forget")


class Fault(NamedTuple):
    """What goes wrong with one call: of which backend, how, and of which operations."""

    backend: str
    way: str
    only: Sequence[str]


class Writing(NamedTuple):
    """A write under way; `missing` is as it was when it began."""

    write: Write
    replica: Replica
    task: asyncio.Task[Written[Any]]
    missing: int


class Course:
    """Two replicas, all that is under way at them, and who judges it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.told: list[Any] = []
        self.loop.set_exception_handler(lambda _, context: self.told.append(context))
        self.clock = Clock()
        self.truth = Truth(self.clock)
        self.server = ServerCache(self.truth)
        store = NotedVectorStore(self.truth)
        self.replicas = [Replica(number, store, self.server, self.truth) for number in range(2)]
        self.oracle = Oracle(self.truth)
        self.asked: list[Asked] = []
        self.writes: list[Writing] = []

    def close(self) -> None:
        """End everything."""
        self.loop.run_until_complete(cancel_all())
        self.loop.close()

    def gates(self) -> list[asyncio.Future[None]]:
        """Where calls wait."""
        return [gate for replica in self.replicas for script in replica.gates for _, gate in script.waiting()]

    def pass_time(self, seconds: int) -> None:
        """Time passes, and calls that hang run out of theirs."""
        self.clock.now += seconds
        for replica in self.replicas:
            for script, most in zip(replica.gates, (READ_SECONDS, 0), strict=True):
                for since, gate in script.waiting():
                    if self.clock.now - since > most:
                        gate.set_exception(BackendUnavailable(Backend.CACHE, "held", Failure.TIMEOUT))
        self.settle()

    def ask(
        self, number: int, demand: Demand, fault: Fault | None, *, batch: bool = False
    ) -> asyncio.Task[Sequence[SearchResult]]:
        """Begin a search, and judge it where it ends at once."""
        replica = self.replicas[number]

        async def run() -> Sequence[SearchResult]:
            if batch:
                return await replica.search.search_batch(NAME, QUERIES, demand)
            return [await replica.search.search(NAME, QUERIES[0], demand)]

        task = self.loop.create_task(run())
        self.asked.append(self.oracle.ask(replica, demand, task, self.asked))
        stored, cached = len(replica.store.calls), len(replica.cache.calls)
        self.begin(replica, fault)
        if demand.only_if_cached:
            assert not set(READS) & set(replica.store.calls[stored:])
        if demand.no_store:
            assert not {"recall", "remember"} & set(replica.cache.calls[cached:])
        return task

    def write(self, number: int, fault: Fault | None, call: Coroutine[Any, Any, Written[Any]]) -> None:
        """Begin a write."""
        replica, write = self.replicas[number], Write(number)

        async def run() -> Written[Any]:
            writing.set(write)
            return await call

        self.writes.append(Writing(write, replica, self.loop.create_task(run()), self.truth.missing))
        self.begin(replica, fault)

    def begin(self, replica: Replica, fault: Fault | None) -> None:
        """Let what was begun come as far as it gets, with one fault on its way."""
        if fault is not None and not (replica.cache_away and fault.backend == "cache"):
            script = replica.store.script if fault.backend == "store" else replica.cache.script
            if fault.way == "hang_done":
                script.hang(calls=1, only=fault.only, done=True)
            else:
                getattr(script, fault.way)(calls=1, only=fault.only)
        self.settle()
        replica.recover()

    def settle(self) -> None:
        """Let everything go on until it waits, and judge what ended."""
        self.loop.run_until_complete(turn())
        for asked in [asked for asked in self.asked if asked.task.done()]:
            self.asked.remove(asked)
            self.oracle.judge(asked, self.asked)
        for each in [each for each in self.writes if each.task.done()]:
            self.writes.remove(each)
            if not each.task.cancelled():
                self.oracle.end(*each)


async def turn() -> None:
    """Let other tasks run."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def cancel_all() -> None:
    """End all other tasks."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
