"""What the cache is worth while Redis hangs, is full, is gone, and when it comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from redis._parsers import _AsyncRESP3Parser

from adapters.redis import RedisCache
from domain.errors import BackendUnavailable, Failure
from domain.ports import Cache, Entry
from tests.contract.cache_contract import HITS, remember
from tests.integration.operations import CACHE_CALLS, error_of
from tests.integration.redis_caches import open_cache, settings_of
from tests.servers.proxy import FaultProxy
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.redis


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis that a test may stop."""
    with RedisServer(password="secret") as server:
        yield server


@pytest.fixture
async def cache(server: RedisServer) -> AsyncIterator[RedisCache]:
    """A cache on it."""
    async with open_cache(settings_of(server)) as cache:
        yield cache


async def fill_pool(cache: Cache) -> None:
    """Have several connections idle in the pool."""
    await asyncio.gather(*(cache.recall("things", str(index)) for index in range(8)))


async def test_entries_of_an_earlier_run_do_not_come(server: RedisServer, cache: Cache) -> None:
    """After a crash the server has its snapshot, with tokens that were renewed since: its entries are not used."""
    entry = await remember(cache)
    with server.client() as admin:
        admin.save()
    await cache.invalidate("things")
    await cache.forget("things")
    await asyncio.to_thread(server.kill)
    server.start()
    with server.client() as admin:
        assert admin.keys("*:entry:*")
    found = await cache.recall("things", "k")
    assert found.entry is None
    assert found.generation not in (None, entry.generation)
    await cache.remember("things", "k", entry, 60)
    assert (await cache.recall("things", "k")).entry is None
    fresh = await remember(cache)
    assert (await cache.recall("things", "k")).entry == fresh


async def test_comes_back_empty(server: RedisServer, cache: Cache) -> None:
    """After a restart without a snapshot there are new generations, and no idle connection gives an error."""
    entry = await remember(cache)
    await fill_pool(cache)
    await asyncio.to_thread(server.restart)
    found = await asyncio.gather(*(cache.recall("things", "k") for _ in range(8)))
    assert {item.entry for item in found} == {None}
    assert len({item.generation for item in found}) == 1
    assert found[0].generation != entry.generation
    await cache.ping()


async def test_a_write_meets_no_stale_connection(server: RedisServer, cache: Cache) -> None:
    """After a restart the first call of each kind works on the connections that were idle."""
    for call in CACHE_CALLS.values():
        await fill_pool(cache)
        await asyncio.to_thread(server.restart)
        await call(cache)


@pytest.mark.parametrize("parser", [_AsyncRESP3Parser, None])
@pytest.mark.parametrize("call", CACHE_CALLS)
async def test_meets_no_connection_that_was_reset(server: RedisServer, call: str, parser: type | None) -> None:
    """A firewall, say, ended the idle connections with RST: each call works, over a new one."""
    async with FaultProxy("127.0.0.1", server.port) as proxy:
        url = SecretStr(f"redis://:secret@127.0.0.1:{proxy.port}/0")
        options: dict[str, Any] = {"parser_class": parser} if parser else {}
        async with open_cache(settings_of(server).model_copy(update={"url": url}), **options) as cache:
            await fill_pool(cache)
            before = proxy.accepted
            proxy.reset_connections()
            # The next turns of the loop tell the process of it.
            for _ in range(10):
                await asyncio.sleep(0)
            assert proxy.open_connections == 0
            await CACHE_CALLS[call](cache)
            assert proxy.accepted > before


async def test_is_gone_and_comes_back(server: RedisServer, cache: Cache) -> None:
    """While the server is gone every call fails at once, and works as soon as it is back."""
    await fill_pool(cache)
    await asyncio.to_thread(server.kill)
    for call in CACHE_CALLS.values():
        error = await error_of(call(cache), within=1)
        assert isinstance(error, BackendUnavailable)
        assert error.failure is Failure.REFUSED
    server.start()
    for call in CACHE_CALLS.values():
        await call(cache)
    status = await cache.ping()
    assert status.last_failure is not None
    assert status.last_failure.failure is Failure.REFUSED


async def test_hangs_and_comes_back(server: RedisServer) -> None:
    """While the server hangs every call ends in its time, and works as soon as the server does."""
    async with open_cache(settings_of(server, timeout=0.3, connect_timeout=0.3)) as cache:
        entry = await remember(cache)
        await fill_pool(cache)
        server.pause()
        for name, call in CACHE_CALLS.items():
            error = await error_of(call(cache), within=0.6)
            assert isinstance(error, BackendUnavailable)
            assert (error.operation, error.failure) == (name, Failure.TIMEOUT)
        server.resume()
        deadline = time.monotonic() + 5
        while True:
            try:
                found = await cache.recall("things", "k")
                break
            except BackendUnavailable:
                assert time.monotonic() < deadline
        # The calls that timed out may have been done: an invalidation and a forgetting were among them.
        assert found.entry in (None, entry)


async def test_no_connection_is_free(server: RedisServer) -> None:
    """A call that gets no connection from the pool is turned away for load, before its own time is up."""
    async with open_cache(settings_of(server, pool_size=1, timeout=1.0)) as cache:
        await cache.ping()
        server.pause()
        first = asyncio.create_task(error_of(cache.recall("things", "k"), within=1))
        await asyncio.sleep(0.05)
        assert (await error_of(cache.invalidate("things"), within=0.6)).args[2] is Failure.OVERLOADED
        assert (await first).args[2] is Failure.TIMEOUT
        server.resume()


async def test_one_connection_serves_everybody(server: RedisServer) -> None:
    """Calls of all kinds that share one connection all get it, however many come at once."""
    async with open_cache(settings_of(server, pool_size=1)) as cache:
        await asyncio.gather(*(_awaited(cache, name) for name in [*CACHE_CALLS] * 20))


async def test_can_be_cancelled(server: RedisServer, cache: Cache) -> None:
    """Cancelling a call raises CancelledError in it, at once."""
    await fill_pool(cache)
    server.pause()
    tasks = [asyncio.create_task(_awaited(cache, name)) for name in CACHE_CALLS]
    await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    done, _ = await asyncio.wait(tasks, timeout=3)
    assert [task.cancelled() for task in done] == [True] * len(tasks)
    server.resume()
    assert (await cache.recall("things", "k")).generation is not None


async def _awaited(cache: Cache, name: str) -> object:
    return await CACHE_CALLS[name](cache)


async def test_a_full_server_takes_invalidations(server: RedisServer, cache: Cache) -> None:
    """A server out of memory gives what it has, refuses to remember, and still lets go of generations."""
    entry = await remember(cache)
    await remember(cache, "other")
    with server.client() as admin:
        admin.config_set("maxmemory", 1)
    assert (await cache.recall("things", "k")).entry == entry
    error = await error_of(cache.remember("things", "k2", entry, 60), within=5)
    assert isinstance(error, BackendUnavailable)
    assert error.failure is Failure.OVERLOADED
    await cache.invalidate("things")
    await cache.forget("other")
    for name in ("things", "other", "new"):
        found = await cache.recall(name, "k")
        assert (found.generation, found.entry) == (None, None)
    with server.client() as admin:
        admin.config_set("maxmemory", 0)
    stale = await cache.recall("things", "k")
    assert stale.entry == entry
    assert stale.generation not in (None, entry.generation)
    assert (await cache.recall("other", "k")).entry is None


@pytest.mark.parametrize("token", ["generation", "epoch"])
async def test_an_evicted_token_outdates_entries(server: RedisServer, cache: Cache, token: str) -> None:
    """A generation that was evicted is followed by a new one; without its epoch an entry does not come at all."""
    entry = await remember(cache)
    with server.client() as admin:
        (key,) = admin.keys(f"*:{{things}}:{token}")
        admin.delete(key)
    found = await cache.recall("things", "k")
    assert found.generation not in (None, entry.generation)
    assert found.entry == (entry if token == "generation" else None)


async def test_what_is_kept_ends_by_itself(server: RedisServer, cache: Cache) -> None:
    """Every key has an end, so that nothing stays behind for ever."""
    generation = (await cache.recall("things", "k")).generation or ""
    await cache.remember("things", "k", Entry(generation, time.time(), HITS), 60)
    with server.client() as admin:
        ends = {key: admin.pttl(key) for key in admin.keys("*")}
    assert len(ends) == 3
    assert all(isinstance(end, int) and end > 0 for end in ends.values())
