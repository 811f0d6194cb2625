"""`RedisCache` on a real Redis Cluster: the contract, while slots move and after they did."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters.redis import RedisCache
from domain.errors import BackendUnavailable, Failure
from domain.ports import Cache, Entry
from tests.contract.cache_contract import HITS, CacheContract, remember
from tests.integration.operations import CACHE_CALLS, error_of
from tests.integration.redis_caches import open_group_cache
from tests.servers.redis import RedisServer
from tests.servers.redis_clusters import ClusterGroup
from tests.servers.redis_groups import until

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterGroup]:
    """Three masters for all tests here."""
    with ClusterGroup() as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def empty(cluster: ClusterGroup) -> None:
    """Begin with nothing in Redis."""
    for server in cluster.masters:
        with server.client() as admin:
            admin.flushall()


@pytest.fixture
async def cache(cluster: ClusterGroup) -> AsyncIterator[RedisCache]:
    """A cache that keeps nothing in this process."""
    async with open_group_cache(cluster) as cache:
        yield cache


class TestCluster(CacheContract):
    """The whole contract."""


class TestClusterWithTiers(CacheContract):
    """The whole contract with entries in the process."""

    @pytest.fixture
    async def cache(self, cluster: ClusterGroup) -> AsyncIterator[RedisCache]:
        """A cache that keeps entries in this process too."""
        async with open_group_cache(cluster, hot_bytes=1_000_000) as cache:
            yield cache


def another(cluster: ClusterGroup, server: RedisServer) -> RedisServer:
    """A master that is not this one."""
    return next(each for each in cluster.masters if each is not server)


async def test_serves_collections_of_all_nodes_at_once(cluster: ClusterGroup, cache: RedisCache) -> None:
    """Recalls of many collections at one moment are joined by slot, and each gets its own."""
    names = [f"c{index}" for index in range(60)]
    entries = dict(zip(names, await asyncio.gather(*(remember(cache, name) for name in names)), strict=True))
    found = await asyncio.gather(*(cache.recall(name, "k") for name in names * 3))
    assert [recollection.entry for recollection in found] == [entries[name] for name in names * 3]
    for server in cluster.masters:
        with server.client() as admin:
            assert admin.dbsize() > 0


async def test_keeps_a_bounded_number_of_lanes(cache: RedisCache) -> None:
    """However many collections there are, and in whatever slots, all are served."""
    found = await asyncio.gather(*(cache.recall(f"c{index}", "k") for index in range(600)))
    assert len({recollection.generation for recollection in found}) == 600


async def test_a_collection_that_moved_begins_anew(cluster: ClusterGroup, cache: RedisCache) -> None:
    """Entries that moved to another node are misses there; whoever knows the old node is shown the way."""
    async with open_group_cache(cluster) as other:
        for _ in range(2):
            entry = await remember(cache)
            await other.recall("things", "k")
            cluster.move("things", another(cluster, cluster.master_of("things")))
            found = await cache.recall("things", "k")
            assert (found.generation == entry.generation, found.entry) == (False, None)
            fresh = await remember(cache)
            assert (await other.recall("things", "k")).entry == fresh
            await other.invalidate("things")
            assert (await cache.recall("things", "k")).generation != fresh.generation


async def test_an_invalidation_that_a_failover_loses_outdates_all_the_same(
    cluster: ClusterGroup, cache: RedisCache
) -> None:
    """Neither at a node whose replica was promoted without it, nor back at the first one, does an entry come."""
    source = cluster.master_of("things")
    target = another(cluster, source)
    entry = await remember(cache)
    with source.client() as old, target.client() as new:
        (token,) = old.keys("*:{things}:generation")
        missed: Any = old.get(token)
        cluster.move("things", target)
        await cache.invalidate("things")
        # As a replica of the target has it that lagged, and was promoted.
        new.set(token, missed)
        new.execute_command("CLUSTER", "BUMPEPOCH")
        assert (await cache.recall("things", "k")).entry is None
        epoch = cluster.info(target)["cluster_current_epoch"]
        until(lambda: cluster.info(source)["cluster_current_epoch"] == epoch)
        cluster.move("things", source)
        assert old.get(token) == missed
        found = await cache.recall("things", "k")
    assert missed.decode() in (found.generation or "")
    assert (found.generation == entry.generation, found.entry) == (False, None)


async def test_writes_reach_a_collection_that_is_on_its_way(cluster: ClusterGroup, cache: RedisCache) -> None:
    """Wherever a token is while a slot moves, invalidating and forgetting find it, and nothing outdated comes."""
    source = cluster.master_of("things")
    target = another(cluster, source)
    for moved in ("generation", "epoch", "entry:k"):
        for forget in (False, True):
            before = await remember(cache)
            cluster.begin_move("things", target)
            with source.client() as admin:
                cluster.move_key(source, target, *admin.keys(f"*:{moved}"))
            await (cache.forget if forget else cache.invalidate)("things")
            assert await recalled(cache) not in (before.generation, "a failure of another kind")
            while cluster.move_keys("things", source, target):
                pass
            cluster.end_move("things", source, target)
            after = await cache.recall("things", "k")
            assert (after.generation == before.generation, after.entry) == (False, None)
            source, target = target, source


async def recalled(cache: Cache) -> str | None:
    """The present generation; None where the cache cannot tell, as it stands at two nodes."""
    try:
        return (await cache.recall("things", "k")).generation
    except BackendUnavailable as error:
        return None if error.failure is Failure.UNREADY else "a failure of another kind"


async def test_serves_a_collection_that_is_on_its_way(cluster: ClusterGroup, cache: RedisCache) -> None:
    """Before its first and after its last key was moved, a collection is served as ever, with new entries."""
    source = cluster.master_of("things")
    target = another(cluster, source)
    entry = await remember(cache)
    cluster.begin_move("things", target)
    assert (await cache.recall("things", "k")).entry == entry
    assert cluster.move_keys("things", source, target) == 3
    assert (await cache.recall("things", "k")).entry is None
    fresh = await remember(cache)
    assert (await cache.recall("things", "k")).entry == fresh
    cluster.end_move("things", source, target)
    found = await cache.recall("things", "k")
    assert found.generation is not None


async def test_a_token_is_sent_once(cluster: ClusterGroup, cache: RedisCache) -> None:
    """A generation that is set goes to a node that refuses it, and to the one that takes it, and nowhere else."""
    await cache.recall("things", "k")
    source = cluster.master_of("things")
    target = another(cluster, source)
    cluster.move("things", target)
    for server in cluster.masters:
        with server.client() as admin:
            admin.flushall()
            admin.config_resetstat()
    assert (await cache.recall("things", "k")).generation is not None
    assert {server.port: calls(server, "set") for server in cluster.masters if calls(server, "set")} == {target.port: 2}


def calls(server: RedisServer, command: str) -> int:
    """How often the server did the command, other than refusing it."""
    with server.client() as admin:
        stats: Any = admin.info("commandstats")
    return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])


async def test_a_node_that_hangs_keeps_nobody_else_waiting(cluster: ClusterGroup) -> None:
    """Collections on other nodes are served at once, and those on the node once it answers again."""
    async with open_group_cache(cluster, timeout=0.5) as cache:
        by_node = {id(cluster.master_of(name)): name for name in (f"c{index}" for index in range(20))}
        assert len(by_node) == 3
        for name in by_node.values():
            await remember(cache, name)
        server = cluster.masters[0]
        hung = by_node.pop(id(server))
        server.pause()
        waiting = asyncio.create_task(error_of(cache.recall(hung, "k"), within=1))
        started = time.monotonic()
        for name in by_node.values():
            assert (await cache.recall(name, "k")).entry is not None
        assert time.monotonic() - started < 0.4
        assert (await waiting).args[2] is Failure.TIMEOUT
        server.resume()
        assert (await cache.recall(hung, "k")).generation is not None


async def test_keeps_to_its_own_entry_under_cancellation(cluster: ClusterGroup) -> None:
    """However calls are interleaved and cancelled, each gets the entry of its own key, and no connection is lost."""
    async with open_group_cache(cluster, pool_size=4) as cache:
        names = [f"c{index}" for index in range(30)]
        entries = {}
        for index, name in enumerate(names):
            generation = (await cache.recall(name, "k")).generation or ""
            entries[name] = Entry(generation, float(index), HITS[: index % 3])
            await cache.remember(name, "k", entries[name], 60)
        for round_ in range(20):
            tasks = [asyncio.create_task(cache.recall(name, "k")) for name in names]
            await asyncio.sleep(0.0003 * round_)
            for task in tasks[round_ % 2 :: 2]:
                task.cancel()
            for name, outcome in zip(names, await asyncio.gather(*tasks, return_exceptions=True), strict=True):
                if not isinstance(outcome, asyncio.CancelledError):
                    assert not isinstance(outcome, BaseException), outcome
                    assert outcome.entry == entries[name]


async def test_a_cluster_that_is_gone_or_none() -> None:
    """Without a node that answers for a cluster each call fails, in its time."""
    with RedisServer() as alone, ClusterGroup(masters=0) as nobody:
        for port, failure in ((1, Failure.REFUSED), (alone.port, Failure.FAULT)):
            async with open_group_cache(nobody, url=f"redis+cluster://127.0.0.1:{port}") as cache:
                for call in CACHE_CALLS.values():
                    assert (await error_of(call(cache), within=5)).args[2] is failure
