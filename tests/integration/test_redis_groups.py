"""What Sentinels and a Cluster have in common: TLS, passwords, and what is left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Failure
from tests.contract.cache_contract import remember
from tests.integration.operations import CACHE_CALLS, error_of
from tests.integration.redis_caches import open_group_cache
from tests.servers.certificates import issue_certificates
from tests.servers.redis import RedisServer
from tests.servers.redis_clusters import ClusterGroup
from tests.servers.redis_groups import until
from tests.servers.redis_sentinels import SentinelGroup

pytestmark = pytest.mark.redis


@pytest.mark.parametrize("kind", ["sentinel", "cluster"])
async def test_over_tls(kind: str, tmp_path: Path) -> None:
    """Servers and Sentinels are reached over TLS with their passwords; without the authority, or a password, not.

    A Cluster of one node does not know its own address.
    """
    tls = issue_certificates(tmp_path)
    group: SentinelGroup | ClusterGroup
    if kind == "sentinel":
        group = SentinelGroup(replicas=0, sentinels=1, password="server", sentinel_password="sentinel", tls=tls)
        options: dict[str, Any] = {"password": "server", "sentinel_password": "sentinel"}
        wrong = {**options, "sentinel_password": "wrong"}
        unknown, refused = Failure.UNREADY, Failure.UNREADY
    else:
        group, options = ClusterGroup(masters=1, password="server", tls=tls), {"password": "server"}
        wrong, unknown, refused = {"password": "wrong"}, Failure.REFUSED, Failure.UNAUTHORIZED
    with group:
        async with open_group_cache(group, **options) as cache:
            entry = await remember(cache)
            assert (await cache.recall("things", "k")).entry == entry
            assert (await cache.ping()).version is not None
        for changed, failure in (({**options, "ca_file": None}, unknown), (wrong, refused)):
            async with open_group_cache(group, **changed) as cache:
                assert (await error_of(cache.recall("things", "k"), within=10)).args[2] is failure


@pytest.mark.parametrize("kind", ["sentinel", "cluster"])
async def test_leaves_nothing_behind(kind: str) -> None:
    """Closed while calls are under way and a server hangs, the cache leaves no task and no connection."""
    group = SentinelGroup(replicas=0, sentinels=1) if kind == "sentinel" else ClusterGroup(masters=1)
    servers = [*group.servers, *(group.sentinels if isinstance(group, SentinelGroup) else ())]
    with group:
        before = [connections(server) for server in servers]
        tasks = asyncio.all_tasks()
        async with open_group_cache(group, timeout=0.3, connect_timeout=0.3) as cache:
            await asyncio.gather(*(remember(cache, f"c{index}") for index in range(20)))
            servers[-1].pause()
            calls = [asyncio.ensure_future(call(cache)) for call in list(CACHE_CALLS.values()) * 5]
            await asyncio.sleep(0.05)
            for call in calls[::2]:
                call.cancel()
        servers[-1].resume()
        await asyncio.gather(*calls, return_exceptions=True)
        assert asyncio.all_tasks() == tasks
        for server, count in zip(servers, before, strict=True):
            until(lambda server=server, count=count: connections(server) == count)  # type: ignore[misc]


def connections(server: RedisServer) -> int:
    """How many clients the server has, of which one asks."""
    with server.client() as admin:
        return len([client for client in admin.client_list() if client["flags"] == "N"])
