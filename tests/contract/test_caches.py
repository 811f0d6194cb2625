"""The contract of `Cache`, kept by the adapter that needs no server."""

from __future__ import annotations

import pytest

from adapters.memory import InMemoryCache
from domain.ports import Cache, Entry
from tests.contract.cache_contract import HITS, CacheContract


class TestInMemoryCache(CacheContract):
    """The default."""

    @pytest.fixture
    def cache(self) -> Cache:
        """An empty cache."""
        return InMemoryCache()

    async def test_keeps_the_most_recently_used(self) -> None:
        """A full cache lets go of the entry that was not used for the longest time."""
        cache = InMemoryCache(max_entries=2)
        generation = (await cache.recall("things", "a")).generation or ""
        for key in ("a", "b"):
            await cache.remember("things", key, Entry(generation, 0.0, HITS), 60)
        await cache.recall("things", "a")
        await cache.remember("things", "c", Entry(generation, 0.0, HITS), 60)
        kept = [key for key in "abc" if (await cache.recall("things", key)).entry is not None]
        assert kept == ["a", "c"]

    async def test_keeps_no_more_generations_than_entries(self) -> None:
        """However many names are recalled or forgotten, memory is bounded, and a generation let go is not missed."""
        cache = InMemoryCache(max_entries=2)
        entry = Entry((await cache.recall("first", "k")).generation or "", 0.0, HITS)
        for index in range(5):
            await cache.forget(f"forgotten-{index}")
            await cache.recall(f"recalled-{index}", "k")
        await cache.remember("first", "k", entry, 60)
        assert (await cache.recall("first", "k")).entry is None
