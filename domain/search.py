"""The use case that everything else is for: the nearest neighbours, remembered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import TypeVar

from domain import neighbours
from domain.access import Tenant
from domain.deadline import remaining
from domain.errors import (
    Backend,
    BackendUnavailable,
    CollectionNotFound,
    Failure,
    HoldfastError,
    InvalidInput,
    NotCached,
    Overloaded,
)
from domain.flights import Flights
from domain.freshness import ANY, Cached, Demand, Windows
from domain.invalidation import Invalidation
from domain.models import Hit, check_collection_name
from domain.ports import Cache, Entry, Recollection, VectorStore
from domain.queries import SearchQuery

T = TypeVar("T")

MAX_SEARCHES = 100
"""The most searches in one batch."""

DEFAULT_WINDOWS = Windows()

NOTHING = Recollection(None, None)
"""What is known where the cache is not asked, or does not answer."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The hits of one search, nearest first.

    `stale` marks a remembered answer that a write outdated, or that is past its window. `age` is how
    many seconds ago it was surely right, for a result that was remembered; seen from when the cache was
    asked, which in a batch is before the store is.
    """

    hits: tuple[Hit, ...]
    stale: bool = False
    cached: Cached = Cached.MISS
    age: float | None = None


@dataclass(slots=True)
class _Question:
    """A search as it came, and what the cache knew of it at `asked` (seconds since 1970).

    It may join one under way where a generation tells whether that began before a write, or where the
    cache is away, so that nobody knows of the writes of others.
    """

    query: SearchQuery
    asked: float
    last_write: int
    known: Recollection
    joins: bool


class Search:
    """Find the nearest neighbours, in memory where it may be.

    `clock` counts seconds since 1970, as other processes do that share the cache. `apart` makes the context in
    which the store is asked for all who ask the same.
    """

    def __init__(
        self,
        store: VectorStore,
        cache: Cache,
        invalidation: Invalidation,
        windows: Windows = DEFAULT_WINDOWS,
        clock: Callable[[], float] = time.time,
        *,
        apart: Callable[[], Context] = Context,
    ) -> None:
        self._store = store
        self._cache = cache
        self._invalidation = invalidation
        self._windows = windows
        self._clock = clock
        self._flights: Flights[tuple[tuple[Hit, ...], bool]] = Flights(apart)

    async def search(
        self, collection: str, query: SearchQuery, demand: Demand = ANY, tenant: Tenant | None = None
    ) -> SearchResult:
        """The nearest neighbours that the query asks for, among the tenant's points.

        Raises `CollectionNotFound`, `PointNotFound`, `InvalidInput`, `NotCached`, and
        `BackendUnavailable` where the store is away and nothing that the demand allows is remembered.
        """
        check_collection_name(collection)
        question = await self._ask_cache(collection, query.of(tenant), demand)
        found = self._usable(question, demand)
        if found is not None:
            return found
        if demand.only_if_cached:
            raise NotCached
        try:
            hits, stored = await self._fly(collection, question, demand)
        except (BackendUnavailable, Overloaded) as error:
            return self._stale_or_raise(question, demand, error)
        return _answered(hits, demand, stored=stored)

    async def search_batch(
        self, collection: str, queries: Sequence[SearchQuery], demand: Demand = ANY, tenant: Tenant | None = None
    ) -> tuple[SearchResult, ...]:
        """The results of 1 to 100 queries, in order. One query's error is the error of all."""
        check_collection_name(collection)
        if not 1 <= len(queries) <= MAX_SEARCHES:
            raise InvalidInput("searches", f"1 to {MAX_SEARCHES} items, got {len(queries)}")
        questions = await asyncio.gather(*(self._ask_cache(collection, query.of(tenant), demand) for query in queries))
        results = [self._usable(question, demand) for question in questions]
        open_ = [index for index, result in enumerate(results) if result is None]
        if open_ and demand.only_if_cached:
            raise NotCached
        if open_:
            found = await self._ask_store(collection, [questions[index] for index in open_], demand)
            for index, result in zip(open_, found, strict=True):
                results[index] = result
        return tuple(result for result in results if result is not None)

    async def _ask_cache(self, collection: str, query: SearchQuery, demand: Demand) -> _Question:
        """What is remembered; nothing where the cache is away, left out, or not to be trusted."""
        asked, last_write = self._clock(), self._invalidation.last_write(collection)
        known, joins = NOTHING, False
        # The cache may answer from before it was told of the write, and be told of it before the answer is read here.
        fenced = self._invalidation.is_fenced(collection)
        if not demand.no_store and self._windows.stale > 0:
            try:
                known = await self._cache.recall(collection, query.fingerprint)
                joins = known.generation is not None
            except BackendUnavailable:
                known, joins = NOTHING, True
            if fenced or self._invalidation.is_fenced(collection):
                # The generation still tells a search under way from one after a write elsewhere.
                known = Recollection(known.generation, None)
        return _Question(query, asked, last_write, known, joins)

    def _usable(self, question: _Question, demand: Demand) -> SearchResult | None:
        """The remembered result, where the demand allows it with the store at hand."""
        entry = question.known.entry
        if entry is None:
            return None
        age = self._age(entry)
        present = entry.generation == question.known.generation
        if present and demand.allows_fresh(age, self._windows):
            return SearchResult(entry.hits, cached=Cached.HIT, age=age)
        if demand.allows_old(age):
            stale = not present or age >= self._windows.fresh
            return SearchResult(entry.hits, stale=stale, cached=Cached.HIT, age=age)
        return None

    def _stale_or_raise(self, question: _Question, demand: Demand, error: HoldfastError) -> SearchResult:
        entry = question.known.entry
        if entry is None:
            raise error
        age = self._age(entry)
        if not demand.allows_stale_on_error(age, self._windows):
            raise error
        return SearchResult(entry.hits, stale=True, cached=Cached.HIT, age=age)

    def _age(self, entry: Entry) -> float:
        return max(self._clock() - entry.born, 0.0)

    async def _fly(self, collection: str, question: _Question, demand: Demand) -> tuple[tuple[Hit, ...], bool]:
        """The hits of one search of the store for all who ask now, and whether they are remembered."""

        async def call() -> tuple[tuple[Hit, ...], bool]:
            hits = await self._found(collection, neighbours.search(self._store, collection, question.query))
            return hits, await self._remember(collection, question, hits, demand)

        if demand.no_cache or not question.joins:
            return await call()
        since = question.known.generation, question.last_write
        try:
            return await self._flights.join((collection, since, question.query.fingerprint), call, remaining())
        except TimeoutError:
            raise BackendUnavailable(Backend.VECTOR_STORE, "search", Failure.TIMEOUT) from None

    async def _ask_store(self, collection: str, questions: Sequence[_Question], demand: Demand) -> list[SearchResult]:
        """The results of searches that the cache could not answer, in one call of the store."""
        try:
            queries = [question.query for question in questions]
            found = await self._found(collection, neighbours.search_batch(self._store, collection, queries))
        except (BackendUnavailable, Overloaded) as error:
            return [self._stale_or_raise(question, demand, error) for question in questions]
        stored = await asyncio.gather(
            *(
                self._remember(collection, question, hits, demand)
                for question, hits in zip(questions, found, strict=True)
            )
        )
        return [_answered(hits, demand, stored=kept) for hits, kept in zip(found, stored, strict=True)]

    async def _found(self, collection: str, search: Awaitable[T]) -> T:
        """What the store finds. That the collection does not exist makes what is remembered of it unusable."""
        try:
            return await search
        except CollectionNotFound:
            await self._invalidation.forget(collection)
            raise

    async def _remember(self, collection: str, question: _Question, hits: tuple[Hit, ...], demand: Demand) -> bool:
        """Whether the result is remembered: not where a write came in between, or the cache is away."""
        generation = question.known.generation
        if demand.no_store or generation is None or self._invalidation.is_fenced(collection):
            return False
        if self._invalidation.last_write(collection) != question.last_write:
            return False
        try:
            await self._cache.remember(
                collection, question.query.fingerprint, Entry(generation, question.asked, hits), self._windows.stale
            )
        except BackendUnavailable:
            return False
        return True


def _answered(hits: tuple[Hit, ...], demand: Demand, *, stored: bool) -> SearchResult:
    if demand.no_store:
        return SearchResult(hits, cached=Cached.BYPASS)
    return SearchResult(hits, cached=Cached.STORED if stored else Cached.MISS)
