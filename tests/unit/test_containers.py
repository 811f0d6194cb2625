"""The container builds every part, once, and closes what it built."""

from __future__ import annotations

import asyncio

import pytest
from dependency_injector import providers
from dependency_injector.errors import Error
from pydantic import SecretStr

from adapters.backends import QdrantSettings, RedisSettings
from adapters.holdfast import HoldfastVectorStore
from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.qdrant import LocalQdrantVectorStore, QdrantVectorStore
from adapters.redis import RedisCache
from adapters.settings import Settings
from containers import Container
from domain.errors import BackendUnavailable
from domain.ports import Cache, VectorStore

REMOTE = Settings(
    qdrant=QdrantSettings(url="http://127.0.0.1:1", api_key=SecretStr("key")),
    redis=RedisSettings(url=SecretStr("redis://127.0.0.1:1")),
)


@pytest.mark.parametrize("settings", [Settings(), REMOTE], ids=["memory", "remote"])
async def test_builds_every_part_once(settings: Settings) -> None:
    """Every provider can be built, without a connection, and gives the same thing each time."""
    container = Container(settings=settings)
    # Neither has points in a directory, of which snapshots are.
    skipped = {"snapshot_store", "snapshots"} | ({"redis_client"} if settings.redis.url is None else set())
    for name, provider in container.providers.items():
        if name not in skipped:
            assert provider() is provider(), name
    assert isinstance(container.vector_store(), VectorStore)
    assert isinstance(container.cache(), Cache)
    await container.closing().aclose()


async def test_chooses_the_adapters_by_the_settings() -> None:
    """The URLs say which adapters there are."""
    memory, remote = Container(settings=Settings()), Container(settings=REMOTE)
    assert type(memory.vector_store().inner) is LocalQdrantVectorStore
    assert type(memory.cache()) is InMemoryCache
    assert type(remote.vector_store().inner) is QdrantVectorStore
    assert type(remote.cache().inner) is RedisCache
    await asyncio.gather(memory.closing().aclose(), remote.closing().aclose())


async def test_a_service_is_a_store_too() -> None:
    """A URL of a Holdfast service builds that adapter, without the client of Qdrant."""
    container = Container(settings=Settings(qdrant=QdrantSettings(url="holdfast+http://127.0.0.1:1")))
    assert type(container.vector_store().inner) is HoldfastVectorStore
    await container.closing().aclose()
    with pytest.raises(BackendUnavailable):
        await container.vector_store().list_collections()


async def test_any_part_can_be_swapped() -> None:
    """A fake takes the place of an adapter everywhere, the driver's client is not built, and the fake is not closed."""
    fake = InMemoryVectorStore()
    container = Container(settings=Settings(), vector_store=providers.Object(fake))
    assert container.vector_store() is fake
    assert await container.collections().list() == ()
    await container.closing().aclose()
    assert await fake.list_collections() == ()


async def test_closes_what_it_built() -> None:
    """After closing, adapters say that they are closed."""
    container = Container(settings=Settings())
    store, cache = container.vector_store(), container.cache()
    await container.closing().aclose()
    with pytest.raises(BackendUnavailable, match=r"\(closed\)"):
        await store.list_collections()
    with pytest.raises(BackendUnavailable, match=r"\(closed\)"):
        await cache.ping()


async def test_parts_of_two_containers_are_apart() -> None:
    """Two containers in one process share nothing."""
    one, two = Container(settings=Settings()), Container(settings=Settings())
    assert one.cache() is not two.cache()
    await asyncio.gather(one.closing().aclose(), two.closing().aclose())


def test_needs_settings() -> None:
    """A container without settings, or with something else, says so."""
    with pytest.raises(Error, match="settings"):
        Container().vector_store()
    with pytest.raises(Error, match="Settings"):
        Container(settings="settings").settings()
