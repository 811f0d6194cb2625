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
from contextvars import Context
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dependency_injector import containers, providers

from adapters.backends import Durability, QdrantSettings, RedisSettings
from adapters.keys import KeyFile, written
from adapters.keys.build import build_key_ring, check_exposure, make_key
from adapters.limits import LimitSettings
from adapters.memory import InMemoryCache, InMemoryRateLimiter
from adapters.monitor import BackendMonitor
from adapters.resilience import ResilientCache, ResilientVectorStore
from adapters.resilience.breaker import CircuitBreaker, Kind
from adapters.settings import ConfigurationError, Settings, load_settings
from domain.collections import Collections
from domain.errors import Backend
from domain.exporting import Export
from domain.freshness import Windows
from domain.health import Health
from domain.importing import Import
from domain.invalidation import Invalidation
from domain.points import Points
from domain.ports import (
    Cache,
    Columns,
    Metrics,
    PointSink,
    PointSource,
    RateLimiter,
    SnapshotStore,
    Tracing,
    VectorStore,
)
from domain.search import Search
from domain.snapshots import Snapshots

if TYPE_CHECKING:
    from adapters.edge import EngineSupervisor
    from adapters.qdrant import AsyncQdrantClient
    from adapters.redis import Redis, RedisCluster

T = TypeVar("T")

# The drivers take most of a second to load, and a command that needs none of them, such as the health
# check of a container, must not wait for them: so they are imported where they are built.


class DirectoryTaken(ConfigurationError):
    """Another process has the directory. Its engine can be used by `SOCIAL_QDRANT__ATTACH`."""


def _build_qdrant_client(settings: Settings) -> AsyncQdrantClient:
    from adapters.qdrant import build_qdrant_client  # noqa: PLC0415

    return build_qdrant_client(settings.qdrant)


def _build_redis_client(settings: Settings) -> Redis | RedisCluster:
    from adapters.redis import build_redis_client  # noqa: PLC0415

    return build_redis_client(settings.redis)


def _build_metrics(settings: Settings) -> Metrics:
    from adapters.prometheus import PrometheusMetrics  # noqa: PLC0415

    return PrometheusMetrics(settings.telemetry.metrics_directory)


def _build_tracing(settings: Settings, closing: AsyncExitStack[None]) -> Tracing | None:
    """None where traces are off. The sdk is loaded where they are on alone."""
    if not settings.telemetry.traces:
        return None
    from adapters.otel import OtelTracing  # noqa: PLC0415

    return _closed_by(closing, "aclose", OtelTracing())


def _apart(tracing: Tracing | None) -> Callable[[], Context]:
    """What makes the contexts of calls that are made for several requests: they belong to the first one's trace."""
    return Context if tracing is None else tracing.apart


def _traced_store(settings: QdrantSettings, tracing: Tracing | None, store: VectorStore) -> VectorStore:
    if tracing is None:
        return store
    from adapters.otel import TracedVectorStore  # noqa: PLC0415

    system = "holdfast" if settings.is_service else "qdrant-edge" if settings.directory is not None else "qdrant"
    return TracedVectorStore(store, tracing, system)


def _traced_cache(settings: RedisSettings, tracing: Tracing | None, cache: Cache) -> Cache:
    if tracing is None or settings.url is None:
        return cache
    from adapters.otel import TracedCache  # noqa: PLC0415

    return TracedCache(cache, tracing, "redis")


def _build_vector_store(
    settings: Settings, client: Callable[[], AsyncQdrantClient], metrics: Callable[[], Metrics]
) -> VectorStore:
    """The adapter that the URL names, behind the failure policy; one monitor tells of an outage once."""
    monitor = BackendMonitor(Backend.VECTOR_STORE)
    read, write = settings.qdrant.read_timeout, settings.qdrant.write_timeout
    build: Callable[..., VectorStore] = partial(_build_qdrant_store, client=client)
    if settings.qdrant.is_service:
        build = _build_service_store
    elif settings.qdrant.directory is not None:
        build = _build_edge_store
    inner = build(settings.qdrant, read_timeout=read, write_timeout=write, monitor=monitor)
    return ResilientVectorStore(
        inner, settings.resilience, read_timeout=read, write_timeout=write, monitor=monitor, metrics=metrics()
    )


def _build_qdrant_store(
    settings: QdrantSettings, client: Callable[[], AsyncQdrantClient], **limits: Any
) -> VectorStore:
    from adapters.qdrant import Catalog, LocalQdrantVectorStore, Placement, QdrantVectorStore  # noqa: PLC0415

    driver = client()
    if settings.in_memory:
        return LocalQdrantVectorStore(driver, **limits)
    return QdrantVectorStore(driver, catalog=Catalog(driver, Placement.of(settings)), **limits)


def _build_service_store(settings: QdrantSettings, **limits: Any) -> VectorStore:
    from adapters.holdfast import HoldfastVectorStore, build_holdfast_client  # noqa: PLC0415

    return HoldfastVectorStore(build_holdfast_client(settings), **limits)


def _build_edge_store(settings: QdrantSettings, **limits: Any) -> VectorStore:
    from adapters.edge import EdgeVectorStore  # noqa: PLC0415

    assert settings.directory is not None  # noqa: S101 - who calls this has looked # nosec B101
    supervisor = None if settings.attach else start_engine(settings)
    return EdgeVectorStore(settings.directory, supervisor, **limits)


def start_engine(settings: QdrantSettings) -> EngineSupervisor | None:
    """The embedded engine's process, for the caller to close; None where the settings name no directory.

    Raises `DirectoryTaken` where another process has the directory, and `ConfigurationError` where it cannot
    be made, or the engine is not installed.
    """
    if settings.directory is None:
        return None
    from adapters.edge import DirectoryInUse, EngineMissing, EngineSupervisor  # noqa: PLC0415

    try:
        return EngineSupervisor(settings.directory, synced=settings.durability is Durability.DISK)
    except DirectoryInUse as error:
        raise DirectoryTaken(f"SOCIAL_QDRANT__URL: {error}") from None
    except EngineMissing as error:
        raise ConfigurationError(f"SOCIAL_QDRANT__URL: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"SOCIAL_QDRANT__URL: the directory cannot be used: {error.strerror}") from None


def _build_cache(
    settings: Settings, client: Callable[[], Redis | RedisCluster], metrics: Callable[[], Metrics]
) -> Cache:
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
    return ResilientCache(
        inner,
        settings.resilience,
        timeout=usual,
        invalidation_timeout=invalidation,
        monitor=monitor,
        metrics=metrics(),
    )


def _build_rates(
    settings: Settings, closing: AsyncExitStack[None], client: Callable[[], Redis | RedisCluster]
) -> RateLimiter | None:
    """Counts requests, where there is a limit to them: with other processes where there is a Redis."""
    rate = settings.limits.parsed_rate
    if rate is None:
        return None
    limiter: RateLimiter = InMemoryRateLimiter(rate)
    if settings.redis.url is not None:
        from adapters.redis import RedisRateLimiter  # noqa: PLC0415

        limiter = RedisRateLimiter(
            InMemoryRateLimiter(rate),
            client(),
            prefix=settings.redis.prefix,
            timeout=settings.redis.timeout,
            monitor=BackendMonitor(Backend.CACHE),
            breaker=CircuitBreaker(Backend.CACHE, Kind.WRITE, settings.resilience),
        )
    return _closed_by(closing, "aclose", limiter)


def _open_source(path: Path, *, columns: Columns, format: str | None = None) -> PointSource:  # noqa: A002
    from adapters.files import open_source  # noqa: PLC0415

    return open_source(path, columns=columns, format=format)


def _open_sink(path: Path, *, format: str | None = None) -> PointSink:  # noqa: A002
    from adapters.files import open_sink  # noqa: PLC0415

    return open_sink(path, format=format)


def _build_snapshot_store(settings: Settings, _: VectorStore) -> SnapshotStore:
    """The snapshots of a directory, whose engine is there with the store.

    Raises `ConfigurationError` for stores of other kinds.
    """
    if settings.qdrant.directory is None:
        raise ConfigurationError(
            "SOCIAL_QDRANT__URL: snapshots are of points in a directory (file:PATH); those of a server are its own"
            " affair, and `holdfast export` and `holdfast copy` work with every store"
        )
    from adapters.edge.snapshots import EdgeSnapshots  # noqa: PLC0415

    return EdgeSnapshots(settings.qdrant.directory, timeout=settings.qdrant.write_timeout)


def _windows(settings: Settings) -> Windows:
    """How long results are remembered; not at all where processes could not tell each other of writes."""
    if not settings.remembers:
        return Windows(0, 0)
    return Windows(settings.cache.fresh_seconds, settings.cache.stale_seconds)


def _identity(settings: QdrantSettings) -> str:
    """Which vector store results are from, for the keys of a shared cache. A `:memory:` is like no other."""
    if settings.directory is not None:
        from adapters.edge import identity  # noqa: PLC0415

        return identity(settings.directory)
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

    metrics = providers.Singleton(_closed_by, closing, "aclose", providers.Factory(_build_metrics, settings))
    tracing = providers.Singleton(_build_tracing, settings, closing)

    qdrant_client = providers.Singleton(
        _closed_by, closing, "close", providers.Factory(_build_qdrant_client, settings=settings)
    )
    redis_client = providers.Singleton(
        _closed_by, closing, "aclose", providers.Factory(_build_redis_client, settings=settings)
    )
    vector_store = providers.Singleton(
        _closed_by,
        closing,
        "aclose",
        providers.Factory(
            _traced_store,
            settings.provided.qdrant,
            tracing,
            providers.Factory(
                _build_vector_store, settings=settings, client=qdrant_client.provider, metrics=metrics.provider
            ),
        ),
    )
    cache = providers.Singleton(
        _closed_by,
        closing,
        "aclose",
        providers.Factory(
            _traced_cache,
            settings.provided.redis,
            tracing,
            providers.Factory(_build_cache, settings=settings, client=redis_client.provider, metrics=metrics.provider),
        ),
    )

    rates: providers.Singleton[RateLimiter | None] = providers.Singleton(
        _build_rates, settings, closing, client=redis_client.provider
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
        apart=providers.Callable(_apart, tracing),
    )
    importing = providers.Singleton(Import, points=points, collections=collections)
    exporting = providers.Singleton(Export, points=points, collections=collections)
    open_source = providers.Object(_open_source)
    open_sink = providers.Object(_open_sink)
    snapshot_store = providers.Singleton(
        _closed_by,
        closing,
        "aclose",
        providers.Factory(_build_snapshot_store, settings, vector_store),
    )
    snapshots = providers.Singleton(Snapshots, store=snapshot_store, invalidation=invalidation)
    key_ring = providers.Singleton(build_key_ring, settings=settings)
    make_key = providers.Object(make_key)
    write_key = providers.Object(written)
    open_key_store = providers.Object(KeyFile)
    health = providers.Singleton(Health, store=vector_store, cache=cache)


__all__ = [
    "ConfigurationError",
    "Container",
    "DirectoryTaken",
    "LimitSettings",
    "Settings",
    "check_exposure",
    "load_settings",
    "start_engine",
]
