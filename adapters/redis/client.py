"""Redis's client, built from the settings."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.maint_notifications import MaintNotificationsConfig

from adapters.addresses import Addresses, names_several, parse_addresses
from adapters.backends import RedisSettings
from adapters.redis.cluster import ClusterClient
from adapters.redis.info import greet
from adapters.redis.sentinel import MasterPool, Sentinels

__all__ = ["Redis", "RedisCluster", "build_redis_client"]


def build_redis_client(settings: RedisSettings) -> Redis | RedisCluster:
    """A client that opens no connection yet, for a URL that is set. The caller closes it with `aclose()`.

    It is a `RedisCluster` where the URL names a Redis Cluster, and leads to the master where it names
    Sentinels. Each read and write of its own is bounded by `settings.timeout`; wrap calls in
    `asyncio.timeout` for a total. A command is sent once more where its connection turns out to be
    gone, so send what must happen at most once through a connection of its own.
    """
    if settings.url is None:
        raise ValueError("SOCIAL_REDIS__URL is not set")
    url = settings.url.get_secret_value()
    if not names_several(url):
        return _build_plain(settings, url)
    named = parse_addresses(url)
    return _build_cluster(settings, named) if named.kind == "cluster" else _build_master(settings, named)


def _build_plain(settings: RedisSettings, url: str) -> Redis:
    options = _options(settings, tls=url.startswith("rediss://")) | _login(settings)
    if url.startswith("unix://"):
        del options["socket_keepalive"]
    return Redis.from_pool(BlockingConnectionPool.from_url(url, **options))


def _build_master(settings: RedisSettings, named: Addresses) -> Redis:
    options = _options(settings, tls=named.tls) | _login(settings, named)
    asking = {name: value for name, value in options.items() if name.startswith(("socket_", "ssl_", "retry", "maint"))}
    clients = [
        Redis(
            host=host,
            port=port,
            ssl=named.tls,
            username=settings.sentinel_username,
            password=_secret(settings.sentinel_password),
            **asking,
        )
        for host, port in named.addresses
    ]
    pool = MasterPool(
        Sentinels(clients, named.service),
        limit=settings.connect_timeout,
        patience=settings.timeout / 4,
        tls=named.tls,
        db=named.database,
        **options,
    )
    return Redis.from_pool(pool)


def _build_cluster(settings: RedisSettings, named: Addresses) -> ClusterClient:
    options = _options(settings, tls=named.tls) | _login(settings, named)
    return ClusterClient(named.addresses, limit=settings.connect_timeout, tls=named.tls, options=options)


def _options(settings: RedisSettings, *, tls: bool) -> dict[str, Any]:
    """What holds for every pool of connections."""
    options: dict[str, Any] = {
        "max_connections": settings.pool_size,
        # Less than an operation has in total, so that the lack of a connection shows as what it is.
        "timeout": settings.timeout / 2,
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": settings.connect_timeout,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        # They would turn the check off that finds idle connections which the server has closed.
        "maint_notifications_config": MaintNotificationsConfig(enabled=False),
        "redis_connect_func": greet,
    }
    if tls:
        options |= {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
        if settings.ca_file is not None:
            options["ssl_ca_certs"] = str(settings.ca_file)
    return options


def _login(settings: RedisSettings, named: Addresses | None = None) -> dict[str, str | None]:
    """The user and the password for the servers; what the URL says goes first."""
    username, password = (named.username, named.password) if named else (None, None)
    return {"username": username or settings.username, "password": password or _secret(settings.password)}


def _secret(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
