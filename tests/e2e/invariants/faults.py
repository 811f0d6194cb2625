"""Makes the faults of a schedule in a world, and takes them back."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from tests.e2e.invariants.history import History, Trouble
from tests.e2e.invariants.schedule import BOTH, Fault
from tests.e2e.invariants.world import World
from tests.servers.process import HOST
from tests.servers.proxy import Direction, FaultProxy
from tests.servers.redis import RedisServer

GENERATIONS, EPOCHS, ENTRIES = "*:generation", "*:epoch", "*:entry:*"
FULL = 1_000_000
"""Bytes: less than Redis has in use when it is empty."""


class Injector:
    """Makes one fault after the other of each backend, and notes them in the history. `clock` counts seconds."""

    def __init__(self, world: World, history: History, clock: Callable[[], float]) -> None:
        self._world = world
        self._history = history
        self._clock = clock

    async def run(self, faults: list[Fault]) -> None:
        """Make the faults at their times; a fault that came late is as long as any, and moves those after it."""
        async with asyncio.TaskGroup() as group:
            for backend in ("store", "cache"):
                group.create_task(self._run([fault for fault in faults if fault.backend == backend]))

    async def _run(self, faults: list[Fault]) -> None:
        late, begun = 0.0, self._clock()
        for fault in faults:
            await asyncio.sleep(max(0.0, begun + fault.at + late - self._clock()))
            trouble = Trouble(fault.what, fault.backend, fault.replicas, self._clock())
            self._history.troubles.append(trouble)
            await self._make(fault)
            trouble.end = self._clock()
            late = max(late, trouble.end - begun - fault.at - fault.seconds)

    async def _make(self, fault: Fault) -> None:
        special: dict[str, Callable[[Fault], Awaitable[None]]] = {
            "store kill": self._kill_store,
            "store pause": self._pause,
            "cache pause": self._pause,
            "cache empty": self._empty,
            "cache snapshot": self._snapshot,
            "cache failover": self._fail_over,
            "cache full": self._fill,
            "cache read_only": self._make_read_only,
            "cache write_pause": self._pause_writes,
            "cache evict_generations": lambda fault: self._evict(fault, GENERATIONS),
            "cache evict_epochs": lambda fault: self._evict(fault, EPOCHS),
            "cache evict_entries": lambda fault: self._evict(fault, ENTRIES),
        }
        make = special.get(f"{fault.backend} {fault.what}", self._break_network)
        await make(fault)

    async def _break_network(self, fault: Fault) -> None:
        proxies = [self._world.proxies[fault.backend][replica] for replica in fault.replicas]
        door = self._world.door if fault.backend == "store" and fault.what == "refuse" else None
        async with AsyncExitStack() as undone:
            if door is not None and fault.replicas == BOTH:
                door.shut()
                undone.callback(door.open)
            for proxy in proxies:
                undone.callback(proxy.pass_through)
                break_proxy(proxy, fault)
            await asyncio.sleep(fault.seconds)

    async def _kill_store(self, fault: Fault) -> None:
        store = self._world.store
        self._world.searches_before = await asyncio.to_thread(self._world.searches)
        await asyncio.to_thread(store.kill)
        await asyncio.sleep(fault.seconds)
        await asyncio.to_thread(store.start)

    async def _pause(self, fault: Fault) -> None:
        process = self._world.store if fault.backend == "store" else self._world.redis.process
        process.pause()
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            process.resume()

    async def _empty(self, fault: Fault) -> None:
        redis = self._world.redis
        await asyncio.to_thread(redis.kill)
        await asyncio.sleep(fault.seconds)
        (redis.directory / "dump.rdb").unlink(missing_ok=True)
        await asyncio.to_thread(redis.start)

    async def _snapshot(self, fault: Fault) -> None:
        redis = self._world.redis
        await self._tell(redis, "SAVE")
        await asyncio.sleep(fault.seconds)
        await asyncio.to_thread(redis.kill)
        await asyncio.to_thread(redis.start)

    async def _fail_over(self, fault: Fault) -> None:
        """The replica has what the primary had when the fault began, and nothing of what was told to it since."""
        world, primary, lagging = self._world, self._world.redis, self._world.standby
        await self._tell(lagging, "REPLICAOF", HOST, primary.port)
        await asyncio.to_thread(_wait_linked, lagging)
        await self._tell(lagging, "REPLICAOF", "NO", "ONE")
        await asyncio.sleep(fault.seconds)
        await asyncio.to_thread(primary.kill)
        world.redis, world.standby = lagging, primary
        for proxy in world.proxies["cache"]:
            proxy.lead_to(HOST, lagging.port)
        await asyncio.to_thread(primary.start)

    async def _fill(self, fault: Fault) -> None:
        redis = self._world.redis
        await self._tell(redis, "CONFIG", "SET", "maxmemory", FULL)
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            await self._tell(redis, "CONFIG", "SET", "maxmemory", 0)

    async def _make_read_only(self, fault: Fault) -> None:
        """As a replica that nobody promoted yet, with a primary that is gone."""
        redis = self._world.redis
        await self._tell(redis, "REPLICAOF", HOST, 1)
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            await self._tell(redis, "REPLICAOF", "NO", "ONE")

    async def _pause_writes(self, fault: Fault) -> None:
        """As a primary that hands over to another one."""
        await self._tell(self._world.redis, "CLIENT", "PAUSE", int(fault.seconds * 1000), "WRITE")
        await asyncio.sleep(fault.seconds)

    async def _evict(self, fault: Fault, pattern: str) -> None:
        """Delete each key of the pattern or not, again and again."""
        chance, until = random.Random(fault.seed), self._clock() + fault.seconds  # noqa: S311
        while self._clock() < until:
            keys = sorted(await self._tell(self._world.redis, "KEYS", pattern))
            for key in keys:
                if chance.random() < 0.5:
                    await self._tell(self._world.redis, "UNLINK", key)
            await asyncio.sleep(0.05)

    async def _tell(self, redis: RedisServer, *command: str | bytes | int) -> Any:
        def tell() -> Any:
            with redis.client() as client:
                return client.execute_command(*command)

        return await asyncio.to_thread(tell)


def _wait_linked(redis: RedisServer) -> None:
    """Wait until the server has all that its primary has."""
    with redis.client() as client:
        while client.info("replication")["master_link_status"] != "up":
            time.sleep(0.02)


def break_proxy(proxy: FaultProxy, fault: Fault) -> None:
    """Let the proxy misbehave as the fault says."""
    direction = None if fault.direction is None else Direction(fault.direction)
    chance = random.Random(fault.seed)  # noqa: S311
    match fault.what:
        case "stop":
            proxy.stop()
        case "refuse":
            # Whoever has a connection already could not be refused.
            proxy.refuse()
            proxy.reset_connections()
        case "hang":
            proxy.hang(direction)
        case "black_hole":
            proxy.black_hole(direction)
        case "latency":
            proxy.latency(chance.uniform(0.02, 1.0), jitter=0.2, seed=fault.seed, direction=direction)
        case "drip":
            proxy.drip(chance.uniform(0.005, 0.1), size=chance.choice([1, 10, 100]), direction=direction)
        case "cut":
            proxy.cut(chance.choice([0, 3, 200]), rst=chance.random() < 0.5, direction=direction)
        case "garbage":
            proxy.garbage(chance.choice([None, 8, 300]), seed=fault.seed, direction=direction)
        case "reset":
            proxy.reset_connections()
