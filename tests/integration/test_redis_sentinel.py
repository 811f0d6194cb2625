"""`RedisCache` behind real Sentinels: the contract, and what a failover leaves of entries and invalidations."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters.redis import RedisCache
from domain.errors import BackendUnavailable, Failure
from domain.ports import Cache, Recollection
from tests.contract.cache_contract import CacheContract, remember
from tests.integration.operations import CACHE_CALLS, error_of
from tests.integration.redis_caches import open_group_cache
from tests.servers.redis_groups import until
from tests.servers.redis_sentinels import SentinelGroup

pytestmark = pytest.mark.redis

PASSWORDS: dict[str, Any] = {"password": "server", "sentinel_password": "sentinel"}


@pytest.fixture(scope="module")
def shared() -> Iterator[SentinelGroup]:
    """A group whose tests leave it as it was."""
    with SentinelGroup(replicas=1, sentinels=1, **PASSWORDS) as group:
        yield group


class TestSentinel(CacheContract):
    """The whole contract, with the passwords of servers and Sentinels."""

    @pytest.fixture
    async def cache(self, shared: SentinelGroup) -> AsyncIterator[RedisCache]:
        """An empty cache."""
        with shared.master.client() as admin:
            admin.flushall()
        async with open_group_cache(shared, **PASSWORDS) as cache:
            yield cache


async def recalled(cache: Cache, collection: str = "things") -> Recollection:
    """What is recalled, once the cache answers."""
    deadline = time.monotonic() + 15
    while True:
        try:
            return await cache.recall(collection, "k")
        except BackendUnavailable:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)


async def test_an_invalidation_that_a_failover_loses_outdates_all_the_same(shared: SentinelGroup) -> None:
    """Neither with a replica that missed it as the master, nor back with the very same process, does an entry come."""
    old, new = shared.servers
    async with open_group_cache(shared, **PASSWORDS) as cache:
        entry = await remember(cache)
        with old.client() as master, new.client() as replica:
            run = master.info("server")["run_id"]
            (token,) = master.keys("*:generation")
            missed: Any = master.get(token)
            await cache.invalidate("things")
            until(lambda: not replica.exists(token))
            for server, admin in ((new, replica), (old, master)):
                await asyncio.to_thread(shared.promote, server)
                admin.set(token, missed)
                found = await recalled(cache)
                assert missed.decode() in (found.generation or "")
                assert (found.generation == entry.generation, found.entry) == (False, None)
            assert master.info("server")["run_id"] == run
        fresh = await remember(cache)
        assert (await cache.recall("things", "k")).entry == fresh


async def test_a_demoted_master_is_not_read(shared: SentinelGroup) -> None:
    """A server that somebody made a replica is not asked again, whatever the Sentinel says."""
    async with open_group_cache(shared, **PASSWORDS) as cache:
        await remember(cache)
        with shared.master.client() as admin:
            admin.execute_command("REPLICAOF", "127.0.0.1", shared.replicas[0].port)
            try:
                assert (await error_of(cache.recall("things", "k"), within=5)).args[2] is Failure.UNREADY
                for name, call in CACHE_CALLS.items():
                    if name != "ping":
                        assert (await error_of(call(cache), within=5)).args[2] is Failure.UNREADY
            finally:
                admin.execute_command("REPLICAOF", "NO", "ONE")
        assert (await recalled(cache)).generation is not None


async def test_goes_on_without_sentinels(shared: SentinelGroup) -> None:
    """Sentinels are asked for new connections, and once a second; without them the connections that are there serve."""
    async with open_group_cache(shared, timeout=1.0, **PASSWORDS) as cache:
        entry = await remember(cache)
        shared.sentinels[0].pause()
        try:
            await asyncio.sleep(1.1)
            assert (await cache.recall("things", "k")).entry == entry
        finally:
            shared.sentinels[0].resume()


async def test_sentinels_that_are_gone_or_know_no_master(shared: SentinelGroup) -> None:
    """Without anybody who names a master each call fails in its time, and as what it is."""
    url = shared.url.replace("/mymaster/", "/other/")
    for options in ({"url": url}, {"url": "redis+sentinel://127.0.0.1:1,127.0.0.1:2/mymaster"}):
        async with open_group_cache(shared, **PASSWORDS | options) as cache:
            for call in CACHE_CALLS.values():
                assert (await error_of(call(cache), within=5)).args[2] is Failure.UNREADY


async def test_leaves_a_master_that_was_replaced() -> None:
    """Once a master hangs and is replaced, its entries do not come, nor is it asked when it wakes up.

    Its idle connections are still there. That a Sentinel hangs does not matter.
    """
    limits: dict[str, Any] = {"timeout": 0.3, "connect_timeout": 0.3}
    with SentinelGroup() as group:
        async with open_group_cache(group, **limits) as cache, open_group_cache(group) as other:
            entry = await remember(cache)
            with group.replicas[0].client() as replica:
                until(lambda: len(replica.keys("*")) == 3)
                group.master.pause()
                await asyncio.to_thread(group.await_master, group.replicas[0])
                assert len(replica.keys("*")) == 3
            group.sentinels[0].pause()
            found = await recalled(other)
            assert found.entry is None
            assert found.generation not in (None, entry.generation)
            await other.invalidate("things")
            generation = (await other.recall("things", "k")).generation
            group.master.resume()
            found = await cache.recall("things", "k")
            assert (found.generation, found.entry) == (generation, None)
            fresh = await remember(cache)
            assert (await other.recall("things", "k")).entry == fresh
            group.sentinels[0].resume()
