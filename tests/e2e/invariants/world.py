"""The processes and the proxies: two replicas, each with its own proxies before one vector database and one Redis."""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from tests.e2e.invariants.limits import REPLICAS, SETTINGS
from tests.e2e.service import ROOT, holdfast
from tests.servers.process import HOST, ChildProcess, free_port
from tests.servers.proxy import FaultProxy
from tests.servers.proxy_door import ProxyDoor
from tests.servers.qdrant_rest import COUNT_PATH, qdrant_rest_process
from tests.servers.redis import RedisServer

SEARCHES = "/collections/[^/]+/points/query(/batch)?"


class Replica:
    """`holdfast serve`, with a port that tells its tasks."""

    def __init__(self, store_url: str, cache_url: str) -> None:
        port, self._count_port = free_port(), free_port()
        arguments, env = holdfast(
            "serve", "--port", str(port), QDRANT__URL=store_url, REDIS__URL=cache_url, LOG__LEVEL="warning", **SETTINGS
        )
        command = [sys.executable, "-m", "tests.e2e.invariants.replica", str(self._count_port), *arguments[3:]]
        self.url = f"http://{HOST}:{port}"
        self.process = ChildProcess.on_url(command, f"{self.url}/health/live", env=env, cwd=ROOT)

    def tasks(self) -> list[str]:
        """What runs in its event loop."""
        names: list[str] = fetch(f"http://{HOST}:{self._count_port}/")
        return names


class World:
    """What a run has. `searches_before` counts what a vector database that was killed had been asked."""

    def __init__(self, directory: Path) -> None:
        self.store_url, self.store = qdrant_rest_process(directory=directory)
        self.redis, self.standby = RedisServer(), RedisServer()
        self.door = ProxyDoor()
        self.proxies: dict[str, list[FaultProxy]] = {"store": [], "cache": []}
        self.replicas: list[Replica] = []
        self.searches_before = 0

    def searches(self) -> int:
        """How many searches the vector database was asked for, apart from the last moment before each kill."""
        query = urllib.parse.urlencode({"method": "POST", "path": SEARCHES})
        return self.searches_before + int(fetch(f"{self.store_url}{COUNT_PATH}?{query}"))


def fetch(url: str) -> Any:
    """The JSON that a URL is answered with."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as answer:
        return json.load(answer)


@asynccontextmanager
async def open_world(directory: Path) -> AsyncIterator[World]:
    """Everything started; the proxies run in this event loop."""
    world = World(directory)
    async with AsyncExitStack() as stack:
        for process in (world.store, world.redis, world.standby):
            stack.callback(process.close)
        await asyncio.gather(*map(asyncio.to_thread, (world.store.start, world.redis.start, world.standby.start)))
        stack.enter_context(world.door)
        store_port = urllib.parse.urlsplit(world.store_url).port or 0
        for _ in REPLICAS:
            store, cache = FaultProxy(HOST, store_port), FaultProxy(HOST, world.redis.port)
            world.proxies["store"].append(await stack.enter_async_context(store))
            world.proxies["cache"].append(await stack.enter_async_context(cache))
            replica = Replica(f"http://{HOST}:{world.door.port}", f"redis://{HOST}:{cache.port}/0")
            stack.callback(replica.process.close)
            replica.process.start(wait=False)
            world.door.admit(replica.process.pid, store)
            world.replicas.append(replica)
        await asyncio.gather(*(asyncio.to_thread(replica.process.wait_ready) for replica in world.replicas))
        yield world
