"""What a search may show, worked out from what really happened to the store and to the cache."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.errors import BackendUnavailable, CollectionNotFound, HoldfastError, NotCached
from domain.freshness import Cached, Demand
from domain.invalidation import Written
from domain.search import SearchResult
from tests.policy.replicas import WINDOWS, Replica
from tests.policy.truth import Truth, Write


@dataclass(eq=False)
class Asked:
    """A search under way, and what held when it began.

    `fresh`, `joined` and `stale` are the oldest changes of the store that it may show: as it is, in a
    search that it may have joined, and marked as stale.
    """

    replica: Replica
    demand: Demand
    begun: float
    task: asyncio.Task[Sequence[SearchResult]]
    fresh: int
    joined: int
    stale: int
    failed: tuple[int, int]
    missed: int

    def has_failed(self, backend: int) -> bool:
        """Whether a call of its replica failed since: of the store (0), or of the cache (1)."""
        return self.replica.gates[backend].failed > self.failed[backend]


@dataclass
class Oracle:
    """Knows which writes have ended, and judges what searches gave."""

    truth: Truth
    sources: set[float] = field(default_factory=set)
    """When searches began that asked the store."""
    ended: list[Write] = field(default_factory=list)
    missed: dict[int, int] = field(default_factory=dict)

    def ask(
        self, replica: Replica, demand: Demand, task: asyncio.Task[Sequence[SearchResult]], asked: Sequence[Asked]
    ) -> Asked:
        """A search that begins now, while others are under way."""
        now = self.truth.clock.now
        mine = [write.seq for write in self.ended if write.replica == replica.number]
        own = max(*mine, self.missed.get(replica.number, 0), 0)
        late = [write.seq for write in self.ended if write.finished + WINDOWS.fresh <= now]
        fresh = max(self.truth.told, own, *late)
        # Without a generation nobody knows whether a search under way is from before a write elsewhere.
        joined = max(own, min([fresh, *(each.joined for each in asked if each.replica is replica)]))
        forgets = [seq for seq in mine if self.truth.kinds[seq] != "upsert"]
        stale = max(self.truth.forgotten, self.missed.get(replica.number, 0), *forgets, 0)
        store, cache = replica.gates
        failed = (store.failed, cache.failed)
        return Asked(replica, demand, now, task, fresh, joined, stale, failed, self.truth.missing)

    def judge(self, asked: Asked, others: Sequence[Asked]) -> None:
        """Fail where the search, which has ended while others are under way, gave what it must not."""
        if asked.task.cancelled():
            self.sources.add(asked.begun)
            return
        error = asked.task.exception()
        if error is None:
            sources = self.sources | {each.begun for each in others}
            for result in asked.task.result():
                self._judge(asked, result, sources)
        elif isinstance(error, CollectionNotFound):
            self._judge_new(asked, self.truth.latest("delete"))
            self.miss(asked.replica, asked.missed)
        elif isinstance(error, NotCached):
            assert asked.demand.only_if_cached
        else:
            assert isinstance(error, BackendUnavailable), error
            assert asked.has_failed(0), "a search failed, and the store did not"

    def end(self, write: Write, replica: Replica, task: asyncio.Task[Written[object]], missing: int) -> None:
        """Note how a write ended; `missing` is as it was when the write began."""
        write.finished = self.truth.clock.now
        error = task.exception()
        if error is None:
            assert not task.result().invalidated or self.truth.told >= write.seq, "the cache was not told"
        elif isinstance(error, CollectionNotFound):
            self.miss(replica, missing)
        else:
            assert isinstance(error, HoldfastError), error
        if write.seq:
            self.ended.append(write)
            replica.cache.ended = max(replica.cache.ended, write.seq)

    def miss(self, replica: Replica, missing: int) -> None:
        """The replica learnt that the collection was deleted by this change, or it was not (0)."""
        self.missed[replica.number] = max(self.missed.get(replica.number, 0), missing)

    def _judge(self, asked: Asked, result: SearchResult, sources: set[float]) -> None:
        seq = self.truth.values[int(result.hits[0].score)] if result.hits else self.truth.latest("create")
        if result.cached is Cached.HIT:
            self._judge_remembered(asked, result, seq, sources)
            return
        self.sources.add(asked.begun)
        assert (result.stale, result.age) == (False, None)
        assert (result.cached is Cached.BYPASS) == asked.demand.no_store
        self._judge_new(asked, seq)

    def _judge_new(self, asked: Asked, seq: int) -> None:
        """Judge what the store was asked for."""
        assert not asked.demand.only_if_cached
        alone = asked.demand.no_cache or asked.demand.no_store
        least = asked.joined if asked.has_failed(1) and not alone else asked.fresh
        assert seq >= least, "a write was not seen"

    def _judge_remembered(self, asked: Asked, result: SearchResult, seq: int, sources: set[float]) -> None:
        demand, age = asked.demand, result.age
        assert age is not None
        assert not demand.no_store
        # In a batch the age is that of the moment when the cache was asked, before the store was.
        born = next((now - age for now in (self.truth.clock.now, asked.begun) if now - age in sources), None)
        assert born is not None, "an age that is not the time since a search"
        assert seq >= self.truth.before(born), "it was outdated already when it was born"
        allowed = not demand.no_cache and demand.max_stale is not None and age <= demand.max_stale
        if not result.stale:
            assert seq >= asked.fresh, "a write was not seen"
            assert age < WINDOWS.fresh, "too old to be fresh"
            assert allowed or not (demand.no_cache or (demand.max_age is not None and age > demand.max_age))
            return
        assert seq >= asked.stale, "it was to be forgotten"
        if not allowed:
            assert asked.has_failed(0), "stale, and the store was not away"
            assert age <= WINDOWS.stale, "too old to be shown"
            if demand.stale_if_error is None:
                assert not demand.no_cache
                assert demand.max_age is None or age <= demand.max_age
            else:
                assert age <= demand.stale_if_error
