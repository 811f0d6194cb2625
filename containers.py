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
from typing import ParamSpec, TypeVar

from dependency_injector import containers, providers

from adapters.memory import InMemoryCache
from adapters.qdrant import LocalQdrantVectorStore, QdrantVectorStore, build_qdrant_client
from adapters.redis import RedisCache, build_redis_client
from adapters.settings import ConfigurationError, QdrantSettings, RedisSettings, Settings, load_settings
from domain.collections import Collections
from domain.health import Health
from domain.points import Points
from domain.search import Search

P = ParamSpec("P")
T = TypeVar("T")


def _closed_by(
    closing: AsyncExitStack[None], close: str, build: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """What `build` gives, to be closed with everything else by its method of the name `close`."""
    built = build(*args, **kwargs)
    closing.push_async_callback(getattr(built, close))
    return built


def _engine(settings: QdrantSettings) -> str:
    return "local" if settings.in_memory else "server"


def _memory(settings: RedisSettings) -> str:
    return "process" if settings.url is None else "redis"


def _identity(settings: QdrantSettings) -> str:
    """Which vector store results are from, for the keys of a shared cache. A `:memory:` is like no other."""
    name = secrets.token_hex(8) if settings.in_memory else settings.url
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()


class Container(containers.DeclarativeContainer):
    """Settings, clients, adapters and use cases of one process."""

    settings = providers.Dependency(instance_of=Settings)
    closing: providers.Singleton[AsyncExitStack[None]] = providers.Singleton(AsyncExitStack)

    qdrant_client = providers.Singleton(
        _closed_by, closing, "close", build_qdrant_client, settings=settings.provided.qdrant
    )
    redis_client = providers.Singleton(
        _closed_by, closing, "aclose", build_redis_client, settings=settings.provided.redis
    )

    vector_store = providers.Selector(
        providers.Callable(_engine, settings.provided.qdrant),
        local=providers.Singleton(
            _closed_by,
            closing,
            "aclose",
            LocalQdrantVectorStore,
            client=qdrant_client,
            read_timeout=settings.provided.qdrant.read_timeout,
            write_timeout=settings.provided.qdrant.write_timeout,
        ),
        server=providers.Singleton(
            _closed_by,
            closing,
            "aclose",
            QdrantVectorStore,
            client=qdrant_client,
            read_timeout=settings.provided.qdrant.read_timeout,
            write_timeout=settings.provided.qdrant.write_timeout,
        ),
    )
    cache = providers.Selector(
        providers.Callable(_memory, settings.provided.redis),
        process=providers.Singleton(_closed_by, closing, "aclose", InMemoryCache),
        redis=providers.Singleton(
            _closed_by,
            closing,
            "aclose",
            RedisCache,
            client=redis_client,
            store=providers.Callable(_identity, settings.provided.qdrant),
            prefix=settings.provided.redis.prefix,
            timeout=settings.provided.redis.timeout,
            connect_timeout=settings.provided.redis.connect_timeout,
        ),
    )

    collections = providers.Singleton(Collections, store=vector_store, cache=cache)
    points = providers.Singleton(Points, store=vector_store)
    search = providers.Singleton(Search, store=vector_store)
    health = providers.Singleton(Health, store=vector_store, cache=cache)


__all__ = ["ConfigurationError", "Container", "load_settings"]
