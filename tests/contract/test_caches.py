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
