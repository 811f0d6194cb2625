"""What every `Cache` must do. A test module subclasses `CacheContract` and gives it a `cache`."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

import pytest

from domain.errors import BackendUnavailable, Failure
from domain.models import Hit, Vector
from domain.ports import Cache, Entry, Recollection

HITS = (
    Hit(1, 0.5, {"a": [1, {"b": None}], "text": "schön", "big": 2**63 - 1, "float": 1.0}, Vector.of([1, 2])),
    Hit(UUID(int=7), -1.0),
    Hit(2**64 - 1, 0.25, {}),
)


async def remember(cache: Cache, collection: str = "things", key: str = "k", ttl: float = 60) -> Entry:
    """Remember `HITS` under the present generation."""
    generation = (await cache.recall(collection, key)).generation
    assert generation is not None
    entry = Entry(generation, time.time(), HITS)
    await cache.remember(collection, key, entry, ttl)
    return entry


class CacheContract:
    """The whole contract."""

    async def test_recalls_what_was_remembered(self, cache: Cache) -> None:
        """An entry comes back equal, with the generation that makes it fresh."""
        entry = await remember(cache)
        found = await cache.recall("things", "k")
        assert found.entry == entry
        assert found.generation == entry.generation
        assert found.entry is not None
        assert type(found.entry.hits[0].payload["float"]) is float  # type: ignore[index]

    async def test_gives_a_collection_one_generation(self, cache: Cache) -> None:
        """Until it is invalidated a collection keeps its generation, for all keys and callers."""
        found = await asyncio.gather(*(cache.recall("things", str(i)) for i in range(20)))
        assert len({recollection.generation for recollection in found}) == 1
        assert {recollection.entry for recollection in found} == {None}

    async def test_keeps_collections_and_keys_apart(self, cache: Cache) -> None:
        """An entry comes for its own key and collection alone, and other collections keep theirs."""
        await remember(cache, "things", "k")
        other = await remember(cache, "things.2", "k")
        assert (await cache.recall("things", "other")).entry is None
        await cache.invalidate("things")
        await cache.forget("things")
        assert await cache.recall("things.2", "k") == Recollection(other.generation, other)

    async def test_invalidating_makes_entries_stale(self, cache: Cache) -> None:
        """After an invalidation the entry still comes, and its generation is no longer the present one."""
        entry = await remember(cache)
        await cache.invalidate("things")
        found = await cache.recall("things", "k")
        assert found.entry == entry
        assert found.generation not in (None, entry.generation)

    async def test_an_entry_from_before_an_invalidation_is_never_fresh(self, cache: Cache) -> None:
        """A result that was searched before a write and remembered after it is stale from the start."""
        before = (await cache.recall("things", "k")).generation
        assert before is not None
        await cache.invalidate("things")
        await cache.remember("things", "k", Entry(before, time.time(), HITS), 60)
        assert (await cache.recall("things", "k")).generation != before

    async def test_forgetting_makes_entries_unusable(self, cache: Cache) -> None:
        """After a collection was forgotten its entries do not come, not even those remembered afterwards."""
        entry = await remember(cache)
        await cache.forget("things")
        assert (await cache.recall("things", "k")).entry is None
        await cache.remember("things", "k", entry, 60)
        assert (await cache.recall("things", "k")).entry is None
        fresh = await remember(cache)
        assert (await cache.recall("things", "k")).entry == fresh

    async def test_generations_never_come_twice(self, cache: Cache) -> None:
        """However often a collection is invalidated or forgotten, each generation is new."""
        seen = []
        for index in range(20):
            seen.append((await cache.recall("things", "k")).generation)
            await (cache.invalidate if index % 2 else cache.forget)("things")
        assert len(set(seen)) == 20

    async def test_invalidates_what_was_never_recalled(self, cache: Cache) -> None:
        """Invalidating or forgetting an unknown collection is no error."""
        await cache.invalidate("unknown")
        await cache.forget("unknown.2")
        assert (await cache.recall("unknown", "k")).generation is not None

    async def test_entries_end_after_their_time(self, cache: Cache) -> None:
        """An entry is gone once its time has passed."""
        await remember(cache, ttl=0.02)
        await asyncio.sleep(0.04)
        assert (await cache.recall("things", "k")).entry is None

    async def test_the_last_entry_counts(self, cache: Cache) -> None:
        """An entry takes the place of the one under its key."""
        first = await remember(cache)
        second = Entry(first.generation, first.born + 1, ())
        await cache.remember("things", "k", second, 60)
        assert (await cache.recall("things", "k")).entry == second

    async def test_answers_a_ping(self, cache: Cache) -> None:
        """A cache that is there says what it is, and that nothing has failed."""
        status = await cache.ping()
        assert status.technology in ("memory", "redis")
        assert status.last_failure is None

    async def test_is_unavailable_once_closed(self, cache: Cache) -> None:
        """A closed cache raises the one error that callers know, and can be closed again."""
        await cache.aclose()
        await cache.aclose()
        for call in (cache.ping(), cache.recall("a", "b"), cache.invalidate("a"), cache.forget("a")):
            with pytest.raises(BackendUnavailable) as caught:
                await call
            assert caught.value.failure is Failure.CLOSED
