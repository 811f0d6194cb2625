"""Two replicas whose Redis fails over or is resharded in mid-load: no search fails, and none is outdated after."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.service import service
from tests.servers.qdrant_rest import qdrant_rest_process
from tests.servers.redis_clusters import ClusterGroup
from tests.servers.redis_groups import RedisGroup, until
from tests.servers.redis_sentinels import SentinelGroup

pytestmark = pytest.mark.redis

SEARCHERS = 8
THINGS = "/v1/collections/things"


class Replicas:
    """Clients of two replicas, and what became of the searches that run all the time."""

    def __init__(self, clients: list[httpx.AsyncClient]) -> None:
        self.clients = clients
        self.statuses: Counter[int] = Counter()
        self.hits = 0
        self._value = 0

    async def load(self, number: int) -> None:
        """Search without end, each number for something else."""
        while True:
            answer = await self.search(number % 2, second=number / 100)
            self.statuses[answer.status_code] += 1
            self.hits += _is_hit(answer)
            # Steady, and not so fast that the servers have no time to fail over.
            await asyncio.sleep(0.02)

    async def search(self, replica: int, *, second: float = 0.0) -> httpx.Response:
        """One search, which the only point scores with its value."""
        return await self.clients[replica].post(f"{THINGS}/search", json={"vector": [1, second]})

    async def check_writes(self, count: int = 6) -> None:
        """Each write that is acknowledged, and known to all, is seen by the next search on either replica."""
        for _ in range(count):
            self._value += 1
            writer = self._value % 2
            written = await self.clients[writer].put(
                f"{THINGS}/points", json={"points": [{"id": 1, "vector": [self._value, 0]}]}
            )
            assert written.status_code == 200
            assert "Cache-Status" not in written.headers, written.headers
            for replica in (1 - writer, writer):
                answer = await self.search(replica)
                assert (answer.status_code, answer.json()["hits"][0]["score"]) == (200, self._value)

    async def await_hits(self) -> None:
        """Wait until both replicas answer from the cache again, for a search that both were asked."""
        deadline = time.monotonic() + 15
        for replica in (0, 1):
            while not _is_hit(await self.search(replica, second=0.5)):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)


def _is_hit(answer: httpx.Response) -> bool:
    return str(answer.headers.get("Cache-Status")).startswith("holdfast; hit")


@asynccontextmanager
async def replicas(group: RedisGroup, url: str, directory: Path) -> AsyncIterator[Replicas]:
    """Two replicas on these servers, all of them started at once, under load. No search may fail."""
    qdrant_url, qdrant = qdrant_rest_process(directory=directory)
    settings = {"QDRANT__URL": qdrant_url, "REDIS__URL": url, "RESILIENCE__BREAKER_MAX_OPEN": 1}
    services = [service(**settings) for _ in range(2)]
    processes = [qdrant, *(process for _, process in services)]
    async with AsyncExitStack() as stack:
        for process in processes:
            stack.callback(process.close)
            process.start(wait=False)
        stack.enter_context(group)
        for process in processes:
            process.wait_ready()
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=base_url, timeout=20))
            for base_url, _ in services
        ]
        await clients[0].put(THINGS, json={"vector": {"size": 2, "distance": "dot"}})
        both = Replicas(clients)
        await both.check_writes(2)
        await both.await_hits()
        tasks = [asyncio.create_task(both.load(number)) for number in range(SEARCHERS)]
        try:
            yield both
            await asyncio.sleep(0.2)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert set(both.statuses) == {200}
        assert both.hits > 0
        for client in clients:
            infra = (await client.get("/health/infra")).json()
            assert (infra["cache"]["status"], infra["cache"]["technology"]) == ("up", "redis")


async def in_mid_load(work: Callable[[], object]) -> None:
    """Do what is blocking beside the load."""
    await asyncio.to_thread(work)


async def test_a_master_behind_sentinels_dies(tmp_path: Path) -> None:
    """With the master killed, searches go on, and once there is another it is used, and told of writes."""
    group = SentinelGroup()
    async with replicas(group, group.url, tmp_path) as both:
        await both.check_writes()
        await in_mid_load(group.master.kill)
        await in_mid_load(lambda: group.await_master(group.replicas[0]))
        await both.await_hits()
        await both.check_writes()


async def test_a_cluster_is_resharded_and_loses_a_node(tmp_path: Path) -> None:
    """While a collection moves away and back, and its node dies, searches go on, and each write is seen in between."""
    cluster = ClusterGroup(replica_of="things")
    async with replicas(cluster, cluster.url, tmp_path) as both:
        home = cluster.master_of("things")
        for target in (next(each for each in cluster.masters if each is not home), home):
            await both.check_writes()
            await in_mid_load(lambda target=target: cluster.move("things", target))  # type: ignore[misc]
            await both.check_writes()
            await both.await_hits()
        await in_mid_load(home.kill)
        alive = next(server for server in cluster.masters if server is not home)
        await in_mid_load(lambda: until(lambda: cluster.master_of("things", alive) is not home))
        await both.await_hits()
        await both.check_writes()
