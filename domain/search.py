"""The use case that everything else is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.models import Hit, check_collection_name
from domain.ports import VectorStore
from domain.queries import SearchQuery

MAX_SEARCHES = 100
"""The most searches in one batch."""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The hits of one search, nearest first. `stale` marks a remembered answer that a write outdated."""

    hits: tuple[Hit, ...]
    stale: bool = False


class Search:
    """Find the nearest neighbours."""

    def __init__(self, store: VectorStore) -> None:
        self._store = store

    async def search(self, collection: str, query: SearchQuery) -> SearchResult:
        """The nearest neighbours that the query asks for.

        Raises `CollectionNotFound`, `PointNotFound`, `InvalidInput`, and `BackendUnavailable`.
        """
        check_collection_name(collection)
        return SearchResult(await self._store.search(collection, query))

    async def search_batch(self, collection: str, queries: Sequence[SearchQuery]) -> tuple[SearchResult, ...]:
        """The results of 1 to 100 queries, in order. One query's error is the error of all."""
        check_collection_name(collection)
        if not 1 <= len(queries) <= MAX_SEARCHES:
            raise InvalidInput("searches", f"1 to {MAX_SEARCHES} items, got {len(queries)}")
        return tuple(SearchResult(hits) for hits in await self._store.search_batch(collection, queries))
