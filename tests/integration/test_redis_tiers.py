"""Entries in the process beside those in Redis, and reads that are joined."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters.redis import RedisCache
from domain.errors import BackendUnavailable
from domain.ports import Entry
from tests.contract.cache_contract import HITS, CacheContract, remember
from tests.integration.redis_caches import open_cache, settings_of
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.redis

HOT_BYTES = 1_000_000


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A server for all tests here."""
    with RedisServer() as server:
        yield server


@pytest.fixture(autouse=True)
def empty(server: RedisServer) -> None:
    """Begin with nothing in Redis."""
    with server.client() as admin:
        admin.flushall()


@pytest.fixture
async def cache(server: RedisServer) -> AsyncIterator[RedisCache]:
    """A cache that keeps entries in this process too."""
    async with open_cache(settings_of(server), hot_bytes=HOT_BYTES) as cache:
        yield cache


@pytest.fixture
async def other(server: RedisServer) -> AsyncIterator[RedisCache]:
    """The cache of another process."""
    async with open_cache(settings_of(server), hot_bytes=HOT_BYTES) as cache:
        yield cache


def commands(server: RedisServer) -> dict[str, int]:
    """How often each command was called."""
    with server.client() as admin:
        stats = admin.info("commandstats")
    return {name.removeprefix("cmdstat_"): value["calls"] for name, value in stats.items()}


class TestTwoTiers(CacheContract):
    """The whole contract holds with entries in the process."""


async def test_an_entry_in_the_process_is_not_read_again(server: RedisServer, cache: RedisCache) -> None:
    """Once it was asked for again, Redis is asked for the generation alone: the entry may be gone there."""
    entry = await remember(cache)
    await cache.recall("things", "k")
    with server.client() as admin:
        (place,) = admin.keys("*:entry:k")
        admin.delete(place)
    assert (await cache.recall("things", "k")).entry == entry


async def test_what_nobody_asks_for_again_takes_no_room_in_the_process(server: RedisServer, cache: RedisCache) -> None:
    """A result that was only just remembered is in Redis alone."""
    await remember(cache)
    with server.client() as admin:
        admin.delete(*admin.keys("*:entry:k"))
    assert (await cache.recall("things", "k")).entry is None


async def test_what_is_remembered_anew_replaces_what_is_in_the_process(cache: RedisCache) -> None:
    """The newer entry counts, though the older one is at hand."""
    await remember(cache)
    await cache.recall("things", "k")
    entry = await remember(cache)
    assert (await cache.recall("things", "k")).entry == entry


async def test_a_write_elsewhere_outdates_what_is_in_the_process(cache: RedisCache, other: RedisCache) -> None:
    """An invalidation by another process makes the entry stale here at once, and forgetting removes it."""
    entry = await remember(cache)
    await other.invalidate("things")
    found = await cache.recall("things", "k")
    assert (found.entry, found.generation == entry.generation) == (entry, False)
    await other.forget("things")
    assert (await cache.recall("things", "k")).entry is None


async def test_takes_what_another_process_remembered_since(cache: RedisCache, other: RedisCache) -> None:
    """After a write the newer entry in Redis goes before the older one in the process."""
    await remember(cache)
    await other.invalidate("things")
    newer = await remember(other)
    assert await cache.recall("things", "k") == await other.recall("things", "k")
    assert (await cache.recall("things", "k")).entry == newer


async def test_a_restart_of_redis_empties_the_process_too(cache: RedisCache) -> None:
    """Entries of another run of the server do not come from the process either."""
    with RedisServer() as server:
        async with open_cache(settings_of(server), hot_bytes=HOT_BYTES) as here:
            await remember(here)
            server.restart()
            assert (await here.recall("things", "k")).entry is None


async def test_nothing_comes_from_the_process_without_redis() -> None:
    """While Redis is away nobody knows the generation, so nothing is recalled."""
    with RedisServer() as server:
        async with open_cache(settings_of(server, timeout=0.5), hot_bytes=HOT_BYTES) as here:
            await remember(here)
            server.kill()
            with pytest.raises(BackendUnavailable):
                await here.recall("things", "k")


async def test_bounds_what_is_in_the_process(server: RedisServer) -> None:
    """The entries used last are kept, as many as there is room for."""
    async with open_cache(settings_of(server), hot_bytes=20_000) as cache:
        generation = (await cache.recall("things", "0")).generation or ""
        for index in range(50):
            await cache.remember("things", str(index), Entry(generation, time.time(), HITS), 60)
            await cache.recall("things", str(index))
        with server.client() as admin:
            admin.delete(*admin.keys("*:entry:*"))
        kept = [index for index in range(50) if (await cache.recall("things", str(index))).entry is not None]
        assert 0 < len(kept) < 50
        assert kept == list(range(50 - len(kept), 50))


async def test_joins_reads_of_one_moment(server: RedisServer, cache: RedisCache) -> None:
    """A hundred recalls at once are a few MGETs, and each gets its own entry."""
    generation = (await cache.recall("things", "0")).generation or ""
    for index in range(100):
        await cache.remember("things", str(index), Entry(generation, float(index), ()), 60)
    before = commands(server)["mget"]
    async with open_cache(settings_of(server)) as cold:
        found = await asyncio.gather(*(cold.recall("things", str(index)) for index in range(100)))
    assert [recollection.entry.born for recollection in found if recollection.entry] == list(range(100))
    assert commands(server)["mget"] - before <= 5


async def test_one_failed_read_fails_those_that_it_was_to_serve() -> None:
    """All who wait for one MGET get its error, and the next one is asked anew."""
    with RedisServer() as server:
        async with open_cache(settings_of(server, timeout=0.5)) as here:
            await here.recall("things", "k")
            server.kill()
            results = await asyncio.gather(*(here.recall("things", "k") for _ in range(20)), return_exceptions=True)
            assert all(isinstance(result, BackendUnavailable) for result in results)
            assert len({id(result) for result in results}) <= 3
            server.start()
            assert (await here.recall("things", "k")).generation is not None


async def test_a_caller_who_leaves_takes_no_other_along(cache: RedisCache) -> None:
    """Of many who wait for one MGET some are cancelled, and the others are served."""
    await remember(cache)
    tasks = [asyncio.create_task(cache.recall("things", "k")) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
    assert all(not isinstance(result, BaseException) and result.entry for result in results[1::2])
