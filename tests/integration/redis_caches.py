"""The `Cache` on a Redis server, as the container builds it, for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from adapters.backends import RedisSettings
from adapters.redis import Redis, RedisCache, build_redis_client
from tests.servers.redis import RedisServer
from tests.servers.redis_clusters import ClusterGroup
from tests.servers.redis_sentinels import SentinelGroup


@asynccontextmanager
async def open_cache(
    settings: RedisSettings, *, store: str = "s", hot_bytes: int = 0, **connection: Any
) -> AsyncIterator[RedisCache]:
    """A cache whose connections are made with these options of the driver besides.

    It keeps nothing in the process unless it is told to, so that each recall reads what Redis has. At
    the end every connection must be back in its pool once the cache is closed.
    """
    client = build_redis_client(settings)
    assert isinstance(client, Redis)
    client.connection_pool.connection_kwargs.update(connection)
    cache = RedisCache(
        client,
        store=store,
        prefix=settings.prefix,
        timeout=settings.timeout,
        connect_timeout=settings.connect_timeout,
        hot_bytes=hot_bytes,
    )
    try:
        yield cache
        await cache.aclose()
        # The stubs say that it takes arguments.
        counts: list[tuple[int, dict[str, str]]] = client.connection_pool.get_connection_count()
        assert [count for count, state in counts if state["db.client.connection.state"] == "used"] == [0]
    finally:
        await cache.aclose()


def settings_of(server: RedisServer, **options: Any) -> RedisSettings:
    """The settings that lead to the server, with time for a machine of any load."""
    ca_file = server.tls.ca_file if server.tls else None
    url = SecretStr(server.url.partition("?")[0])
    return RedisSettings(url=url, **{"ca_file": ca_file, "timeout": 5.0, "connect_timeout": 5.0, **options})


@asynccontextmanager
async def open_group_cache(
    group: SentinelGroup | ClusterGroup, *, hot_bytes: int = 0, **options: Any
) -> AsyncIterator[RedisCache]:
    """A cache on a group of servers."""
    ca_file = group.servers[0].tls.ca_file if group.servers and group.servers[0].tls else None
    limits = {"ca_file": ca_file, "timeout": 5.0, "connect_timeout": 5.0, "url": group.url, **options}
    settings = RedisSettings(**limits)
    cache = RedisCache(
        build_redis_client(settings),
        store="s",
        timeout=settings.timeout,
        connect_timeout=settings.connect_timeout,
        hot_bytes=hot_bytes,
    )
    try:
        yield cache
    finally:
        await cache.aclose()
