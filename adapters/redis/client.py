"""The asynchronous client of Redis, built once for a process from the settings."""

from __future__ import annotations

from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse
from redis.maint_notifications import MaintNotificationsConfig

from adapters.settings import RedisSettings

__all__ = ["Redis", "build_redis_client"]


def build_redis_client(settings: RedisSettings) -> Redis:
    """A client that opens no connection yet, for a URL that is set. The caller closes it with `aclose()`.

    Each read and write of its own is bounded by `settings.timeout`; wrap calls in `asyncio.timeout`
    for a total. A command is sent once more where its connection turns out to be
    gone, so send what must happen at most once through a connection of its own.
    """
    if settings.url is None:
        raise ValueError("SOCIAL_REDIS__URL is not set")
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
        "username": settings.username,
        "password": settings.password.get_secret_value() if settings.password else None,
    }
    url = settings.url.get_secret_value()
    if url.startswith("unix://"):
        del options["socket_keepalive"]
    if url.startswith("rediss://"):
        options |= {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
        if settings.ca_file is not None:
            options["ssl_ca_certs"] = str(settings.ca_file)
    return Redis.from_pool(BlockingConnectionPool.from_url(url, **options))


async def greet(connection: Any) -> None:
    """Log in on a new connection, and learn which run of the server it leads to (`connection.run_id`)."""
    try:
        await connection.on_connect()
        await connection.send_command("INFO", "server", check_health=False)
        connection.run_id = parse_info(await connection.read_response())["run_id"]
    except (AttributeError, LookupError, TypeError, ValueError):
        # The client drops a connection that was not greeted for errors of its own alone.
        raise InvalidResponse("a greeting that is not Redis's") from None


def parse_info(reply: bytes | str) -> dict[str, str]:
    """The fields of an answer to INFO."""
    text = reply.decode() if isinstance(reply, bytes) else reply
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
