"""Sentinels and a Cluster over TLS, with passwords."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from domain.errors import Failure
from tests.contract.cache_contract import remember
from tests.integration.operations import error_of
from tests.integration.redis_caches import open_group_cache
from tests.servers.certificates import issue_certificates
from tests.servers.redis_clusters import ClusterGroup
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
