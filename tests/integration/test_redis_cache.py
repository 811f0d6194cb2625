"""`RedisCache` on a real Redis keeps the contract, over every way to connect and with either parser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from redis._parsers import _AsyncRESP3Parser

from domain.errors import BackendUnavailable, Failure
from domain.ports import Cache, Entry, Recollection
from tests.contract.cache_contract import HITS, CacheContract, remember
from tests.integration.operations import CACHE_CALLS, error_of
from tests.integration.redis_caches import open_cache, settings_of
from tests.servers.certificates import issue_certificates
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.redis

PASSWORD = "p/#@ %x"
"""One that has to be escaped in a URL."""


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A Redis with a password, for the whole module."""
    with RedisServer(password=PASSWORD) as server:
        yield server


@pytest.fixture(scope="module")
def unix_server() -> Iterator[RedisServer]:
    """A Redis on a unix socket."""
    with RedisServer(unix=True) as server:
        yield server


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis over TLS, with a password."""
    with RedisServer(tls=issue_certificates(tmp_path_factory.mktemp("tls")), password=PASSWORD) as server:
        yield server


class RedisContract(CacheContract):
    """The contract, on an empty database of the server that a subclass names."""

    connection: Mapping[str, Any] = MappingProxyType({})

    @pytest.fixture
    async def cache(self, server: RedisServer) -> AsyncIterator[Cache]:
        """An empty cache."""
        with server.client() as admin:
            admin.flushall()
        async with open_cache(settings_of(server), **self.connection) as cache:
            yield cache


class TestRedisCache(RedisContract):
    """Over TCP, with a password, read by hiredis."""


class TestRedisCacheReadByPython(RedisContract):
    """Without hiredis."""

    connection = MappingProxyType({"parser_class": _AsyncRESP3Parser})


class TestRedisCacheOnUnixSocket(RedisContract):
    """On a unix socket, without a password."""

    @pytest.fixture
    def server(self, unix_server: RedisServer) -> RedisServer:
        """One on a unix socket."""
        return unix_server


class TestRedisCacheOverTls(RedisContract):
    """Over TLS, by the authority that `ca_file` names."""

    @pytest.fixture
    def server(self, tls_server: RedisServer) -> RedisServer:
        """One over TLS."""
        return tls_server

    async def test_trusts_no_other_authority(self, server: RedisServer, tmp_path: Path) -> None:
        """Without the authority there is no connection."""
        other = issue_certificates(tmp_path)
        for ca_file in (None, other.ca_file):
            async with open_cache(settings_of(server, ca_file=ca_file)) as cache:
                assert await failure_of(cache) is Failure.REFUSED


async def failure_of(cache: Cache) -> Failure:
    """How a recall fails."""
    error = await error_of(cache.recall("things", "k"), within=5)
    assert isinstance(error, BackendUnavailable)
    return error.failure


async def test_says_that_the_password_is_wrong(server: RedisServer) -> None:
    """A wrong password is told apart from an outage."""
    settings = settings_of(server)
    url = f"redis://127.0.0.1:{server.port}"
    for update in ({"url": None}, {"url": None, "password": "wrong"}):
        wrong = type(settings)(**{**settings.model_dump(exclude={"ca_file"}), **update, "url": url})
        async with open_cache(wrong) as cache:
            assert await failure_of(cache) is Failure.UNAUTHORIZED


async def test_takes_the_password_from_its_own_setting(server: RedisServer) -> None:
    """A password beside the URL needs no escaping."""
    settings = type(settings_of(server)).model_validate(
        {"url": f"redis://127.0.0.1:{server.port}", "password": PASSWORD}
    )
    async with open_cache(settings) as cache:
        assert (await cache.ping()).version is not None


async def test_caches_share_a_server(server: RedisServer) -> None:
    """What one client remembers another recalls, and what one invalidates or forgets is at once so for the other."""
    async with open_cache(settings_of(server)) as one, open_cache(settings_of(server)) as two:
        entry = await remember(one, "shared")
        assert await two.recall("shared", "k") == Recollection(entry.generation, entry)
        await two.invalidate("shared")
        stale = await one.recall("shared", "k")
        assert stale.entry == entry
        assert stale.generation != entry.generation
        await one.forget("shared")
        assert (await two.recall("shared", "k")).entry is None


@pytest.mark.parametrize("other", [{"store": "t"}, {"prefix": "holdfast2"}])
async def test_stores_and_prefixes_share_nothing(server: RedisServer, other: dict[str, str]) -> None:
    """Caches of another vector store, or of another prefix, neither see each other's entries nor end them."""
    store = other.get("store", "s")
    settings = settings_of(server, **{key: value for key, value in other.items() if key == "prefix"})
    async with open_cache(settings_of(server)) as one, open_cache(settings, store=store) as two:
        entry = await remember(one, "apart")
        found = await two.recall("apart", "k")
        assert found.entry is None
        assert found.generation != entry.generation
        await two.forget("apart")
        assert await one.recall("apart", "k") == Recollection(entry.generation, entry)


async def test_recalls_in_one_round_trip(server: RedisServer) -> None:
    """On a connection that is there, a recall is one command."""
    async with open_cache(settings_of(server)) as cache:
        await remember(cache)
        with server.client() as admin:
            admin.config_resetstat()
            for _ in range(10):
                await cache.recall("things", "k")
            stats: dict[str, dict[str, int]] = admin.info("commandstats")
        calls = {name: stat["calls"] for name, stat in stats.items()}
        assert calls == {"cmdstat_mget": 10, "cmdstat_config|resetstat": 1}


async def test_makes_a_generation_in_one_more(server: RedisServer) -> None:
    """A recall that finds no generation sets one, and reads back which one holds, in one exchange more."""
    async with open_cache(settings_of(server)) as cache:
        await cache.ping()
        with server.client() as admin:
            admin.config_resetstat()
            first = await cache.recall("untouched", "k")
            stats: dict[str, dict[str, int]] = admin.info("commandstats")
        assert {name: stat["calls"] for name, stat in stats.items() if "config" not in name} == {
            "cmdstat_mget": 2,
            "cmdstat_set": 2,
        }
        assert await cache.recall("untouched", "k") == first


async def test_foreign_values_are_misses(server: RedisServer) -> None:
    """Garbage under a key, or a value of another type, is a miss and never an error; an invalidation puts it right."""
    async with open_cache(settings_of(server)) as cache:
        with server.client() as admin:
            for spoil in (_as_text, _as_list, _as_hash):
                admin.flushall()
                await remember(cache)
                for key in admin.keys("*"):
                    kept = admin.dump(key)
                    admin.delete(key)
                    spoil(admin, key)
                    assert (await cache.recall("things", "k")).entry is None or b":entry:" not in key
                    await cache.invalidate("things")
                    await cache.forget("things")
                    await remember(cache)
                    admin.restore(key, 0, kept, replace=True)


def _as_text(admin: Any, key: bytes) -> None:
    admin.set(key, b"\xff\x00 what is this")


def _as_list(admin: Any, key: bytes) -> None:
    admin.rpush(key, "a", "b")


def _as_hash(admin: Any, key: bytes) -> None:
    admin.hset(key, "a", "b")


async def test_entries_of_every_shape_that_is_none(server: RedisServer) -> None:
    """Bytes that decode, and are no entry, are a miss."""
    async with open_cache(settings_of(server)) as cache:
        entry = await remember(cache)
        with server.client() as admin:
            (key,) = admin.keys("*:{things}:entry:k")
            whole: bytes = admin.get(key)
            assert (await cache.recall("things", "k")).entry == entry
            for data in (b"", b"\xc0", b"\x90", b"\x93\xa1a\x01\x90", whole[:-1], whole + b"\x00", b"\x91" * 5000):
                admin.set(key, data)
                found = await cache.recall("things", "k")
                assert found.generation == entry.generation
                assert found.entry is None or found.entry.hits == ()


async def test_keeps_to_its_own_entry_under_cancellation(server: RedisServer) -> None:
    """However calls are interleaved and cancelled, each gets the entry of its own key, and no connection is lost."""
    async with open_cache(settings_of(server, pool_size=4)) as cache:
        generation = (await cache.recall("many", "")).generation or ""
        entries = [Entry(generation, float(index), HITS[: index % 3]) for index in range(50)]
        await asyncio.gather(*(cache.remember("many", str(i), entry, 60) for i, entry in enumerate(entries)))
        for round_ in range(40):
            tasks = [asyncio.create_task(cache.recall("many", str(i))) for i in range(50)]
            await asyncio.sleep(0.0002 * round_)
            for task in tasks[round_ % 2 :: 2]:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            for index, outcome in enumerate(outcomes):
                if not isinstance(outcome, asyncio.CancelledError):
                    assert outcome == Recollection(generation, entries[index])
        started = time.monotonic()
        await asyncio.gather(*(call(cache) for call in CACHE_CALLS.values()))
        assert time.monotonic() - started < 5
