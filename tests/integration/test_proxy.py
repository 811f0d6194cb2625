"""The fault proxy misbehaves as it says, and the adapters behind it fail as documented, in time, and recover."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing

import pytest
import redis
from pydantic import SecretStr
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.backends import QdrantSettings, RedisSettings
from domain.errors import BackendUnavailable, Failure
from domain.ports import Cache, VectorStore
from tests.contract.cache_contract import remember
from tests.integration.operations import COLLECTION, error_of
from tests.integration.qdrant_stores import open_store
from tests.integration.redis_caches import open_cache
from tests.servers.process import HOST
from tests.servers.proxy import Direction, FaultProxy, ThreadedFaultProxy
from tests.servers.qdrant_rest import QdrantRest, serve_qdrant_rest
from tests.servers.redis import RedisServer
from tests.servers.tcp import Reader, Writer, serve_tcp

LIMIT = 0.2
"""Seconds that an operation may take in the tests that wait for it to run out."""

AMPLE = 10.0
"""Seconds that are enough for what has to work."""

Fault = Callable[[FaultProxy], None]

FAULTS: dict[str, tuple[Fault, Failure]] = {
    "stop": (lambda proxy: proxy.stop(), Failure.REFUSED),
    "hang": (lambda proxy: proxy.hang(), Failure.TIMEOUT),
    "hang_to_server": (lambda proxy: proxy.hang(Direction.TO_SERVER), Failure.TIMEOUT),
    "hang_to_client": (lambda proxy: proxy.hang(Direction.TO_CLIENT), Failure.TIMEOUT),
    "black_hole": (lambda proxy: proxy.black_hole(), Failure.TIMEOUT),
    "black_hole_to_server": (lambda proxy: proxy.black_hole(Direction.TO_SERVER), Failure.TIMEOUT),
    "black_hole_to_client": (lambda proxy: proxy.black_hole(Direction.TO_CLIENT), Failure.TIMEOUT),
    "latency": (lambda proxy: proxy.latency(AMPLE, jitter=1), Failure.TIMEOUT),
    "drip": (lambda proxy: proxy.drip(0.1), Failure.TIMEOUT),
    "cut_at_once": (lambda proxy: proxy.cut(), Failure.RESET),
    "cut": (lambda proxy: proxy.cut(3), Failure.RESET),
    "cut_with_rst": (lambda proxy: proxy.cut(3, rst=True), Failure.RESET),
    "cut_requests": (lambda proxy: proxy.cut(3, direction=Direction.TO_SERVER), Failure.RESET),
    "garbage": (lambda proxy: proxy.garbage(8), Failure.GARBAGE),
}
"""What is told while a connection is open, and how the next call fails."""

HARMLESS: dict[str, Fault] = {
    "refuse": lambda proxy: proxy.refuse(),
    "latency": lambda proxy: proxy.latency(0.005, jitter=0.005, seed=1),
    "drip": lambda proxy: proxy.drip(0.0001, size=50),
    "cut_late": lambda proxy: proxy.cut(1_000_000),
}
"""What a client with an open connection does not notice."""


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """A real Redis, behind the proxies."""
    with RedisServer() as server:
        yield server


@pytest.fixture
async def qdrant_server() -> AsyncIterator[QdrantRest]:
    """A stand-in for Qdrant with one collection."""
    async with serve_qdrant_rest() as server:
        async with open_store(QdrantSettings(url=server.url)) as store:
            await store.create_collection(COLLECTION)
        yield server


@asynccontextmanager
async def cache_behind(proxy: FaultProxy, timeout: float) -> AsyncIterator[Cache]:
    """A cache on the other side of the proxy, with an open connection."""
    settings = RedisSettings(url=SecretStr(f"redis://{HOST}:{proxy.port}"), timeout=timeout, connect_timeout=timeout)
    async with open_cache(settings) as cache:
        await until_it_works(cache)
        yield cache


@asynccontextmanager
async def store_behind(proxy: FaultProxy, timeout: float) -> AsyncIterator[VectorStore]:
    """A store on the other side of the proxy, with an open connection."""
    settings = QdrantSettings(url=proxy.address.url, read_timeout=timeout, write_timeout=timeout)
    async with open_store(settings) as store:
        await until_it_works(store)
        yield store


async def until_it_works(adapter: Cache | VectorStore) -> None:
    """Call until an answer comes. One call may still be slow, or meet a connection that was cut late."""
    async with asyncio.timeout(AMPLE):
        while True:
            try:
                await adapter.ping()
            except BackendUnavailable:
                await asyncio.sleep(0.01)
            else:
                return


async def check_fails(call: Callable[[], Awaitable[object]], proxy: FaultProxy, tell: Fault, failure: Failure) -> None:
    """The call fails as expected, in time. The first one may still find a connection that is being ended."""
    within = LIMIT if failure is Failure.TIMEOUT else AMPLE
    tell(proxy)
    seen = []
    for _ in range(2):
        error = await error_of(call(), within=within, address=proxy.address)
        assert isinstance(error, BackendUnavailable)
        seen.append(error.failure)
    first = {failure, Failure.RESET} if failure is Failure.REFUSED else {failure}
    assert seen[0] in first
    assert seen[1] is failure


@pytest.mark.redis
@pytest.mark.parametrize("name", FAULTS)
async def test_redis_fails_in_time_and_recovers(redis_server: RedisServer, name: str) -> None:
    """A cache whose network fails says so in time, and the same one works once the network does."""
    tell, failure = FAULTS[name]
    timeout = LIMIT if failure is Failure.TIMEOUT else AMPLE
    async with FaultProxy(HOST, redis_server.port) as proxy, cache_behind(proxy, timeout) as cache:
        await check_fails(lambda: cache.recall("things", "k"), proxy, tell, failure)
        proxy.pass_through()
        await until_it_works(cache)


@pytest.mark.parametrize("name", FAULTS)
async def test_qdrant_fails_in_time_and_recovers(qdrant_server: QdrantRest, name: str) -> None:
    """A store whose network fails says so in time, and the same one works once the network does."""
    tell, failure = FAULTS[name]
    timeout = LIMIT if failure is Failure.TIMEOUT else AMPLE
    async with FaultProxy(HOST, qdrant_server.port) as proxy, store_behind(proxy, timeout) as store:
        await check_fails(store.list_collections, proxy, tell, failure)
        proxy.pass_through()
        await until_it_works(store)
        assert await store.list_collections() == ("x",)


@pytest.mark.redis
@pytest.mark.parametrize("name", HARMLESS)
async def test_redis_gets_over_it(redis_server: RedisServer, name: str) -> None:
    """What the time limit and the pool of connections are there to bear fails no call."""
    async with FaultProxy(HOST, redis_server.port) as proxy, cache_behind(proxy, AMPLE) as cache:
        HARMLESS[name](proxy)
        entry = await remember(cache)
        assert (await cache.recall("things", "k")).entry == entry


@pytest.mark.parametrize("name", HARMLESS)
async def test_qdrant_gets_over_it(qdrant_server: QdrantRest, name: str) -> None:
    """What the time limit and the pool of connections are there to bear fails no call."""
    async with FaultProxy(HOST, qdrant_server.port) as proxy, store_behind(proxy, AMPLE) as store:
        HARMLESS[name](proxy)
        assert await store.list_collections() == ("x",)


@pytest.mark.redis
async def test_redis_gets_over_a_reset(redis_server: RedisServer) -> None:
    """After all its connections were reset a cache makes a new one."""
    async with FaultProxy(HOST, redis_server.port) as proxy, cache_behind(proxy, AMPLE) as cache:
        proxy.reset_connections()
        await until_it_works(cache)
        assert (proxy.accepted, proxy.open_connections) == (2, 1)


async def test_qdrant_gets_over_a_reset(qdrant_server: QdrantRest) -> None:
    """After all its connections were reset a store makes a new one."""
    async with FaultProxy(HOST, qdrant_server.port) as proxy, store_behind(proxy, AMPLE) as store:
        proxy.reset_connections()
        await until_it_works(store)
        assert (proxy.accepted, proxy.open_connections) == (2, 1)


async def test_a_call_in_flight_goes_on(qdrant_server: QdrantRest) -> None:
    """A call that hangs is answered when the proxy passes on what it held, over the same connection."""
    async with FaultProxy(HOST, qdrant_server.port) as proxy, store_behind(proxy, AMPLE) as store:
        proxy.hang()
        task = asyncio.create_task(store.list_collections())
        await asyncio.sleep(0.02)
        assert not task.done()
        proxy.pass_through()
        assert await task == ("x",)
        assert (proxy.accepted, proxy.open_connections) == (1, 1)


async def echo(reader: Reader, writer: Writer) -> None:
    """Send back what comes."""
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    """A proxy before a server that sends back what comes."""
    async with serve_tcp(echo) as server, FaultProxy(*server) as proxy:
        yield proxy


@asynccontextmanager
async def connected(proxy: FaultProxy) -> AsyncIterator[tuple[Reader, Writer]]:
    """A connection through the proxy, on which bytes have been both ways."""
    reader, writer = await asyncio.open_connection(*proxy.address)
    try:
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        yield reader, writer
    finally:
        writer.close()


async def test_counts(proxy: FaultProxy) -> None:
    """Connections are counted, and bytes in either direction."""
    async with connected(proxy), connected(proxy):
        assert (proxy.accepted, proxy.open_connections) == (2, 2)
    proxy.black_hole(Direction.TO_CLIENT)
    _, writer = await asyncio.open_connection(*proxy.address)
    with closing(writer):
        writer.write(b"abc")
        async with asyncio.timeout(AMPLE):
            while proxy.bytes_passed(Direction.TO_SERVER) < 13:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    assert proxy.bytes_passed(Direction.TO_CLIENT) == 10
    assert proxy.accepted == 3


@pytest.mark.parametrize("rst", [False, True])
async def test_cuts_where_it_was_told(proxy: FaultProxy, *, rst: bool) -> None:
    """A connection ends after so many bytes since the cut was told, in order or with a reset."""
    async with connected(proxy) as (reader, writer):
        proxy.cut(4, rst=rst)
        writer.write(b"abc")
        assert await reader.readexactly(3) == b"abc"
        writer.write(b"def")
        if rst:
            with pytest.raises(ConnectionResetError):
                await reader.read()
        else:
            assert await reader.read() == b"d"


async def test_a_cut_in_the_midst_of_bytes_that_are_held(proxy: FaultProxy) -> None:
    """Bytes that were held meet the way that is told next."""
    async with connected(proxy) as (reader, writer):
        proxy.hang(Direction.TO_SERVER)
        writer.write(b"abcdef")
        await asyncio.sleep(0.01)
        proxy.cut(2, direction=Direction.TO_SERVER)
        assert await reader.read() in (b"", b"ab")


async def test_garbles_alike_for_one_seed(proxy: FaultProxy) -> None:
    """The next bytes are random, those after them are not, and one seed gives the same each time."""
    seen = []
    for seed in (1, 1, 2):
        async with connected(proxy) as (reader, writer):
            proxy.garbage(4, seed=seed)
            writer.write(b"abcdefgh")
            seen.append(await reader.readexactly(8))
        proxy.pass_through()
    assert seen[0] == seen[1] != seen[2]
    assert [data[:4] == b"abcd" for data in seen] == [False] * 3
    assert [data[4:] for data in seen] == [b"efgh"] * 3


async def test_drips(proxy: FaultProxy) -> None:
    """Bytes come a few at a time, in order, and the rest at once when the proxy passes all through."""
    async with connected(proxy) as (reader, writer):
        proxy.drip(0.001, size=2, direction=Direction.TO_CLIENT)
        writer.write(b"abcdef")
        assert await reader.read(100) == b"ab"
        assert await reader.readexactly(4) == b"cdef"
        proxy.drip(60, direction=Direction.TO_CLIENT)
        writer.write(b"abcdef")
        assert await reader.read(100) == b"a"
        proxy.pass_through()
        assert await reader.readexactly(5) == b"bcdef"


async def test_a_connection_that_lost_bytes_is_reset(proxy: FaultProxy) -> None:
    """After a black hole a connection that lost bytes ends, and one that lost none goes on."""
    async with connected(proxy) as (reader, writer), connected(proxy) as (other_reader, other):
        proxy.black_hole()
        writer.write(b"lost")
        await asyncio.sleep(0.01)
        proxy.pass_through()
        with pytest.raises(ConnectionResetError):
            await reader.read()
        other.write(b"kept")
        assert await other_reader.readexactly(4) == b"kept"


async def test_an_end_is_held_too(proxy: FaultProxy) -> None:
    """While the proxy hangs, one side does not learn that the other is gone; afterwards it does."""
    async with connected(proxy) as (reader, writer):
        proxy.hang()
        writer.write(b"abc")
        writer.write_eof()
        await asyncio.sleep(0.01)
        assert not reader.at_eof()
        proxy.pass_through()
        assert await reader.read() == b"abc"


async def test_refuses_on_a_port_that_it_keeps(proxy: FaultProxy) -> None:
    """Who connects is refused, open connections go on, and it listens again on the same port."""
    port = proxy.port
    async with connected(proxy) as (reader, writer):
        proxy.refuse()
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*proxy.address)
        writer.write(b"abc")
        assert await reader.readexactly(3) == b"abc"
        proxy.stop()
        with pytest.raises(ConnectionResetError):
            await reader.read()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*proxy.address)
    proxy.start()
    async with connected(proxy):
        assert proxy.port == port


async def test_a_server_that_is_away_is_a_reset() -> None:
    """A client whose server cannot be reached is cut off."""
    async with serve_tcp(echo) as server:
        pass
    async with FaultProxy(*server) as proxy:
        reader, writer = await asyncio.open_connection(*proxy.address)
        with closing(writer), pytest.raises(ConnectionResetError):
            await reader.read()


async def test_leaves_nothing_behind() -> None:
    """When it is closed while connections of every age are open, its tasks have ended."""
    before = asyncio.all_tasks()
    async with serve_tcp(echo) as server, FaultProxy(*server) as proxy:
        async with connected(proxy) as (_, held):
            proxy.hang()
            held.write(b"abc")
            for _ in range(3):
                _, young = await asyncio.open_connection(*proxy.address)
                young.close()
            await proxy.__aexit__(None, None, None)
        assert proxy.open_connections == 0
    assert asyncio.all_tasks() == before


@pytest.mark.redis
def test_a_thread_of_its_own(redis_server: RedisServer) -> None:
    """Before a test that is not asynchronous it works alike, and its thread ends with it."""
    threads = threading.enumerate()
    with ThreadedFaultProxy(HOST, redis_server.port) as proxy:
        with redis.Redis(host=HOST, port=proxy.port, socket_timeout=LIMIT, retry=Retry(NoBackoff(), 0)) as client:
            assert client.ping()
            proxy.hang()
            with pytest.raises(redis.TimeoutError):
                client.ping()
            proxy.stop()
            with pytest.raises(redis.ConnectionError):
                client.ping()
            proxy.pass_through()
            assert client.ping()
        proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(proxy.address)
        assert proxy.accepted == 2
    assert threading.enumerate() == threads
