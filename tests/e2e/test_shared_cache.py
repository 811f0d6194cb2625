"""What replicas make of one Redis: one search for all who ask at once, and nothing wrong when it forgets or hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.e2e.service import service
from tests.servers.process import ChildProcess
from tests.servers.proxy import Direction, FaultProxy
from tests.servers.qdrant_rest import QdrantRest, serve_qdrant_rest
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.redis

CALLERS = 32


class Place:
    """A service on a store that runs in this process, and a client of it."""

    def __init__(self, store: QdrantRest, client: httpx.AsyncClient, process: ChildProcess) -> None:
        self.store = store
        self.client = client
        self.process = process

    @property
    def searches(self) -> int:
        """How many searches reached the store."""
        return self.store.count("POST", "/collections/.*/points/query(/batch)?")

    async def make(self, collection: str) -> None:
        """A collection with a point that scores 1."""
        made = await self.client.put(f"/v1/collections/{collection}", json={"vector": {"size": 2, "distance": "dot"}})
        assert made.status_code == 201
        await self.write(collection, 1)

    async def write(self, collection: str, value: float) -> None:
        """Let the only point score `value`."""
        body = {"points": [{"id": 1, "vector": [value, 0]}]}
        assert (await self.client.put(f"/v1/collections/{collection}/points", json=body)).status_code == 200

    async def search(self, collection: str, second: float = 0.0, **extensions: object) -> tuple[float, str]:
        """The score, and what the answer says of the cache; `second` makes it another search of the same score."""
        answer = await self.client.post(
            f"/v1/collections/{collection}/search", json={"vector": [1, second]}, extensions=extensions
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["stale"] is False
        return answer.json()["hits"][0]["score"], answer.headers["Cache-Status"]


@asynccontextmanager
async def place(**settings: object) -> AsyncIterator[Place]:
    """A service with these settings, and a store."""
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(serve_qdrant_rest())
        url, process = service(QDRANT__URL=store.url, **settings)
        stack.callback(process.close)
        # The store has to answer meanwhile.
        await asyncio.to_thread(process.start)
        # Killed, it would leave its workers behind.
        stack.push_async_callback(asyncio.to_thread, process.stop)
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        client = httpx.AsyncClient(base_url=url, timeout=20, limits=limits)
        yield Place(store, await stack.enter_async_context(client), process)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A server of its own."""
    with RedisServer() as server:
        yield server


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again. Fails after some time."""
    async with asyncio.timeout(20):
        while not await condition():
            pass


async def test_many_who_ask_at_once_make_one_search(redis: RedisServer) -> None:
    """32 callers with one question that nobody asked before get the answer of one search in the store."""
    asked, sent, go_on = asyncio.Event(), asyncio.Semaphore(0), asyncio.Event()

    async def hold(request: Request) -> Response | None:
        if "/points/query" in request.url.path:
            asked.set()
            await go_on.wait()
        return None

    async def note(event: str, info: object) -> None:
        if event == "http11.send_request_body.complete":
            sent.release()

    async with place(REDIS__URL=redis.url) as here:
        await here.make("things")
        here.store.intercept = hold
        callers = [asyncio.create_task(here.search("things", trace=note)) for _ in range(CALLERS)]
        async with asyncio.timeout(20):
            await asked.wait()
            for _ in range(CALLERS):
                await sent.acquire()
        # What was sent before is read by the time that this is answered.
        assert (await here.client.get("/health/live")).status_code == 200
        go_on.set()
        answers = await asyncio.gather(*callers)
        assert here.searches == 1
        assert {score for score, _ in answers} == {1}


async def test_writes_to_one_collection_cost_the_others_no_hit(redis: RedisServer) -> None:
    """While one collection is written to all the time, every search of another is a hit."""
    async with place(REDIS__URL=redis.url, REDIS__TIMEOUT=1) as here:
        await here.make("busy")
        await here.make("quiet")
        for second in range(5):
            await here.search("quiet", second)
        before, done = here.searches, asyncio.Event()
        statuses: list[str] = []

        async def read() -> None:
            while not done.is_set():
                statuses.extend([(await here.search("quiet", second))[1] for second in range(5)])

        readers = [asyncio.create_task(read()) for _ in range(4)]
        for value in range(100):
            await here.write("busy", value)
        done.set()
        await asyncio.gather(*readers)
        assert here.searches == before
        assert len(statuses) >= 100
        assert all(status.startswith("holdfast; hit") for status in statuses)


@pytest.mark.parametrize("keys", ["*:generation", "*:epoch", "*"])
async def test_redis_may_evict(redis: RedisServer, keys: str) -> None:
    """Entries that outlive their generation come back no more, though the write that outdated them came before it."""
    async with place(REDIS__URL=redis.url, REDIS__TIMEOUT=1) as here:
        await here.make("things")
        for value in range(2, 6):
            await here.search("things")
            await here.write("things", value)
            assert (await here.search("things"))[0] == value
            with redis.client() as admin:
                assert admin.delete(*admin.keys(keys)) > 0
            score, status = await here.search("things")
            assert (score, status) == (value, "holdfast; fwd=miss; stored")
            score, status = await here.search("things")
            assert (score, status) == (value, "holdfast; hit")


async def test_redis_may_restart_empty(redis: RedisServer) -> None:
    """No search fails or is wrong, and results are remembered again."""
    async with place(REDIS__URL=redis.url) as here:
        await here.make("things")
        await here.search("things")
        assert (await here.search("things"))[1] == "holdfast; hit"
        redis.kill()
        assert (await here.search("things"))[0] == 1
        redis.start()

        async def hit() -> bool:
            score, status = await here.search("things")
            assert score == 1
            return status == "holdfast; hit"

        await until(hit)
        await here.write("things", 7)
        assert (await here.search("things"))[0] == 7


async def test_redis_that_hangs_is_soon_left_alone(redis: RedisServer) -> None:
    """Under load every search is answered; once the breaker is open, nothing is sent to Redis."""
    async with FaultProxy("127.0.0.1", redis.port) as proxy:
        # So long that no probe comes within the test.
        times = {"RESILIENCE__BREAKER_MIN_OPEN": 60, "RESILIENCE__BREAKER_MAX_OPEN": 60}
        async with place(REDIS__URL=f"redis://127.0.0.1:{proxy.port}/0", **times) as here:
            await here.make("things")
            await here.search("things")
            redis.pause()

            async def breakers() -> bool:
                await asyncio.gather(*(here.search("things", second) for second in range(8)))
                cache = (await here.client.get("/health/infra")).json()["cache"]
                return bool(cache["breakers"]["read"] == "open")

            await until(breakers)
            sent, accepted = proxy.bytes_passed(Direction.TO_SERVER), proxy.accepted
            answers = await asyncio.gather(*(here.search("things", second) for second in range(40)))
            assert {status for _, status in answers} == {"holdfast; fwd=miss"}
            assert (proxy.bytes_passed(Direction.TO_SERVER), proxy.accepted) == (sent, accepted)
            redis.resume()


async def test_two_workers_without_redis_remember_nothing() -> None:
    """They could not tell each other of writes, so each search asks the store; the start says so."""
    async with place(HTTP__WORKERS=2) as here:
        await here.make("things")
        for value in range(1, 21):
            await here.write("things", value)
            before = here.searches
            answers = await asyncio.gather(*(fresh_search(here) for _ in range(4)))
            assert set(answers) == {(value, "holdfast; fwd=miss")}
            assert here.searches > before
        here.store.intercept = unavailable
        assert (await here.client.post("/v1/collections/things/search", json={"vector": [1, 0]})).status_code == 503
        assert here.process.output().count('"event":"nothing_remembered"') == 2


async def fresh_search(here: Place) -> tuple[float, str]:
    """A search over a connection of its own, which either worker may take."""
    async with httpx.AsyncClient(base_url=here.client.base_url, timeout=20) as client:
        return await Place(here.store, client, here.process).search("things")


async def unavailable(request: Request) -> Response:
    return Response(status_code=503)
