"""Two replicas with one Redis: what one acknowledged, the other shows; and neither needs Redis to answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from tests.e2e.service import STORE_DOWN, service
from tests.servers.process import ChildProcess
from tests.servers.qdrant_rest import qdrant_rest_process
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.redis

THINGS = "/v1/collections/things"


class Pair:
    """Two replicas as processes, their backends, and a client of each."""

    def __init__(self, redis: RedisServer, qdrant: ChildProcess, clients: list[httpx.AsyncClient]) -> None:
        self.redis = redis
        self.qdrant = qdrant
        self.one, self.other = clients

    async def write(self, client: httpx.AsyncClient, value: int) -> httpx.Response:
        """Make the only point score `value` in the only search."""
        return await client.put(f"{THINGS}/points", json={"points": [{"id": 1, "vector": [value, 0]}]})


async def search(client: httpx.AsyncClient, second: float = 0.0) -> httpx.Response:
    """The search that scores the first component; `second` makes it another one of the same score."""
    return await client.post(f"{THINGS}/search", json={"vector": [1, second]})


def score(answer: httpx.Response) -> float:
    return float(answer.json()["hits"][0]["score"])


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[tuple[RedisServer, ChildProcess, list[str]]]:
    """Redis, the vector database, and the URLs of two replicas."""
    qdrant_url, qdrant = qdrant_rest_process(directory=tmp_path)
    with qdrant, RedisServer() as redis:
        (one_url, one), (other_url, other) = (
            service(QDRANT__URL=qdrant_url, REDIS__URL=redis.url, REDIS__TIMEOUT=0.5) for _ in range(2)
        )
        with one, other:
            yield redis, qdrant, [one_url, other_url]


@pytest.fixture
async def pair(processes: tuple[RedisServer, ChildProcess, list[str]]) -> AsyncIterator[Pair]:
    """The pair, with the collection `things` and one point."""
    redis, qdrant, urls = processes
    async with AsyncExitStack() as stack:
        limits = httpx.Limits(max_connections=100)
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20, limits=limits)) for url in urls
        ]
        pair = Pair(redis, qdrant, clients)
        await pair.one.put(THINGS, json={"vector": {"size": 2, "distance": "dot"}})
        await pair.write(pair.one, 1)
        yield pair


async def test_a_write_is_seen_by_the_next_search_on_the_other_replica(pair: Pair, pytestconfig: pytest.Config) -> None:
    """Whichever replica acknowledges a write, the next search on the other shows it, with readers hammering both."""
    writes = pytestconfig.getoption("--replica-writes")
    hammering = [asyncio.create_task(_hammer(client)) for client in (pair.one, pair.other) for _ in range(3)]
    hits = 0
    try:
        for value in range(2, writes + 2):
            writer, reader = (pair.one, pair.other) if value % 2 else (pair.other, pair.one)
            assert (await pair.write(writer, value)).status_code == 200
            for client in (reader, writer):
                answer = await search(client)
                assert (answer.status_code, score(answer)) == (200, value), answer.headers
                hits += answer.headers["Cache-Status"].startswith("holdfast; hit")
    finally:
        for task in hammering:
            task.cancel()
        await asyncio.gather(*hammering, return_exceptions=True)
    assert hits > 0


async def _hammer(client: httpx.AsyncClient) -> None:
    while True:
        assert (await search(client)).status_code == 200


async def test_redis_may_die_in_mid_load(pair: Pair) -> None:
    """With 64 requests at a time not one fails while Redis is killed, stays away, and comes back empty."""
    statuses: Counter[int] = Counter()
    done = asyncio.Event()

    async def load(number: int) -> None:
        client = (pair.one, pair.other)[number % 2]
        while not done.is_set():
            statuses[(await search(client, number / 100)).status_code] += 1

    tasks = [asyncio.create_task(load(number)) for number in range(64)]
    await asyncio.sleep(0.5)
    pair.redis.kill()
    await asyncio.sleep(1)
    pair.redis.start()
    await asyncio.sleep(1)
    done.set()
    await asyncio.gather(*tasks)
    assert set(statuses) == {200}


async def test_remembered_searches_go_on_while_the_store_is_away(pair: Pair) -> None:
    """With the store dead what was searched is answered, and anything else is the 503 that says when to come back."""
    await search(pair.one)
    pair.qdrant.kill()
    for _ in range(20):
        known, unknown = await asyncio.gather(search(pair.other), search(pair.other, 0.5))
        assert (known.status_code, score(known)) == (200, 1)
        assert (unknown.status_code, unknown.json()) == (503, STORE_DOWN)
    infra = (await pair.other.get("/health/infra")).json()
    assert infra["vector_store"]["status"] == "down"
    await pair.write(pair.one, 5)
    pair.qdrant.start()
    for _ in range(100):
        if (await search(pair.other, 0.5)).status_code == 200:
            break
        await asyncio.sleep(0.1)
    assert (await search(pair.other, 0.5)).status_code == 200


async def test_nothing_old_comes_back_with_an_older_redis(pair: Pair) -> None:
    """After Redis was restored from a snapshot older than the last write, the write is still seen."""
    await search(pair.one)
    with pair.redis.client() as admin:
        admin.save()
    assert (await pair.write(pair.one, 9)).status_code == 200
    pair.redis.kill()
    pair.redis.start()
    async with asyncio.timeout(10):
        for client in (pair.one, pair.other) * 10:
            answer = await search(client)
            assert (answer.status_code, score(answer)) == (200, 9)
