"""All wiring, and nothing else.

`Container(settings=load_settings())` offers every part; each is built once, when it is first asked
for. Any part can be swapped: `Container(settings=..., vector_store=providers.Object(fake))`. What the
container built itself is closed by `await container.closing().aclose()`; what was swapped in is not.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, TypeVar

from dependency_injector import containers, providers

from adapters.memory import InMemoryCache
from adapters.monitor import BackendMonitor
from adapters.resilience import ResilientCache, ResilientVectorStore
from adapters.settings import ConfigurationError, QdrantSettings, Settings, load_settings
from domain.collections import Collections
from domain.errors import Backend
from domain.freshness import Windows
from domain.health import Health
from domain.invalidation import Invalidation
from domain.points import Points
from domain.ports import Cache, VectorStore
from domain.search import Search

if TYPE_CHECKING:
    from adapters.qdrant import AsyncQdrantClient
    from adapters.redis import Redis, RedisCluster

T = TypeVar("T")

# The drivers take most of a second to load, and a command that needs none of them, such as the health
# check of a container, must not wait for them: so they are imported where they are built.


def _build_qdrant_client(settings: Settings) -> AsyncQdrantClient:
    from adapters.qdrant import build_qdrant_client  # noqa: PLC0415

    return build_qdrant_client(settings.qdrant)


def _build_redis_client(settings: Settings) -> Redis | RedisCluster:
    from adapters.redis import build_redis_client  # noqa: PLC0415

    return build_redis_client(settings.redis)


def _build_vector_store(settings: Settings, client: AsyncQdrantClient) -> VectorStore:
    """The adapter that the URL names, behind the failure policy; one monitor tells of an outage once."""
    from adapters.qdrant import LocalQdrantVectorStore, QdrantVectorStore  # noqa: PLC0415

    adapter = LocalQdrantVectorStore if settings.qdrant.in_memory else QdrantVectorStore
    read, write = settings.qdrant.read_timeout, settings.qdrant.write_timeout
    monitor = BackendMonitor(Backend.VECTOR_STORE)
    inner = adapter(client, read_timeout=read, write_timeout=write, monitor=monitor)
    return ResilientVectorStore(inner, settings.resilience, read_timeout=read, write_timeout=write, monitor=monitor)


def _build_cache(settings: Settings, client: Callable[[], Redis | RedisCluster]) -> Cache:
    """Redis behind the failure policy where it is set, else this process; only then is a client of Redis built."""
    if settings.redis.url is None:
        return InMemoryCache()
    from adapters.redis import RedisCache  # noqa: PLC0415

    usual, invalidation = settings.redis.timeout, settings.redis.invalidation_timeout
    monitor = BackendMonitor(Backend.CACHE)
    inner = RedisCache(
        client(),
        store=_identity(settings.qdrant),
        prefix=settings.redis.prefix,
        connect_timeout=settings.redis.connect_timeout,
        hot_bytes=settings.cache.process_bytes,
        timeout=usual,
        invalidation_timeout=invalidation,
        monitor=monitor,
    )
    return ResilientCache(inner, settings.resilience, timeout=usual, invalidation_timeout=invalidation, monitor=monitor)


def _windows(settings: Settings) -> Windows:
    """How long results are remembered; not at all where processes could not tell each other of writes."""
    if not settings.remembers:
        return Windows(0, 0)
    return Windows(settings.cache.fresh_seconds, settings.cache.stale_seconds)


def _identity(settings: QdrantSettings) -> str:
    """Which vector store results are from, for the keys of a shared cache. A `:memory:` is like no other."""
    name = secrets.token_hex(8) if settings.in_memory else settings.url
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()


def _closed_by(closing: AsyncExitStack[None], close: str, built: T) -> T:
    """`built`, which is closed with everything else by its method of the name `close`."""
    closing.push_async_callback(getattr(built, close))
    return built


class Container(containers.DeclarativeContainer):
    """Settings, clients, adapters and use cases of one process."""

    settings = providers.Dependency(instance_of=Settings)
    closing: providers.Singleton[AsyncExitStack[None]] = providers.Singleton(AsyncExitStack)

    qdrant_client = providers.Singleton(
        _closed_by, closing, "close", providers.Factory(_build_qdrant_client, settings=settings)
    )
    redis_client = providers.Singleton(
        _closed_by, closing, "aclose", providers.Factory(_build_redis_client, settings=settings)
    )
    vector_store = providers.Singleton(
        _closed_by, closing, "aclose", providers.Factory(_build_vector_store, settings=settings, client=qdrant_client)
    )
    cache = providers.Singleton(
        _closed_by, closing, "aclose", providers.Factory(_build_cache, settings=settings, client=redis_client.provider)
    )

    invalidation = providers.Singleton(_closed_by, closing, "aclose", providers.Factory(Invalidation, cache=cache))

    collections = providers.Singleton(Collections, store=vector_store, cache=cache, invalidation=invalidation)
    points = providers.Singleton(Points, store=vector_store, invalidation=invalidation)
    search = providers.Singleton(
        Search,
        store=vector_store,
        cache=cache,
        invalidation=invalidation,
        windows=providers.Callable(_windows, settings),
    )
    health = providers.Singleton(Health, store=vector_store, cache=cache)


__all__ = ["ConfigurationError", "Container", "load_settings"]
