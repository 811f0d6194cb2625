"""What a replica holds: tasks, connections and memory, seen from outside. Needs Linux's /proc."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.invariants.limits import QDRANT_POOL, REDIS_POOL
from tests.e2e.invariants.world import Replica, World
from tests.servers.proxy_door import CONNECTIONS, socket_inodes

GROWTH = 32 * 2**20
"""Bytes by which the memory of a replica may grow over a run, after the first load."""

DRAINED = 10.0
"""Seconds after the last request within which everything is given back."""

PAGE = 4096

LISTENING = "0A"
"""The state of a listening socket in /proc/net/tcp."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a replica holds.

    `connections` counts those to each port, `files` what is no socket, and `others` sockets that are
    no connection: listeners, pairs, and what is left of a connection that was reset.
    """

    tasks: Counter[str]
    files: int
    connections: Counter[int]
    others: int
    memory: int


def look(replica: Replica) -> Held:
    """What the replica holds now."""
    pid = replica.process.pid
    tasks = Counter(replica.tasks())
    inodes, connections = socket_inodes(pid), Counter[int]()
    for line in CONNECTIONS.read_text().splitlines()[1:]:
        fields = line.split()
        if fields[9] in inodes and fields[3] != LISTENING:
            connections[int(fields[2].rpartition(":")[2], 16)] += 1
    files = len(list(Path(f"/proc/{pid}/fd").iterdir())) - len(inodes)
    memory = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return Held(tasks, files, connections, len(inodes) - connections.total(), memory)


def problems(before: Held, after: Held, store_port: int, cache_port: int) -> list[str]:
    """What was not given back. Pools may keep connections, as many as they are set to, reset ones among them."""
    found = []
    if after.tasks.total() > before.tasks.total():
        found.append(f"tasks: {after.tasks - before.tasks}")
    if after.files > before.files:
        found.append(f"files: {before.files} before, {after.files} after")
    to_store, to_cache = after.connections[store_port], after.connections[cache_port] + after.others - before.others
    if to_store > QDRANT_POOL or to_cache > REDIS_POOL:
        found.append(f"connections: {to_store} of at most {QDRANT_POOL}, {to_cache} of at most {REDIS_POOL}")
    strange = {port: n for port, n in after.connections.items() if port not in {store_port, cache_port}}
    if strange:
        found.append(f"connections of clients who have gone: {strange}")
    if after.memory > before.memory + GROWTH:
        found.append(f"memory: {before.memory >> 20} MB before, {after.memory >> 20} MB after")
    return found


async def drained(replica: Replica, world: World, before: Held | None = None) -> tuple[Held, list[str]]:
    """What the replica holds once it has given everything back, and what it did not within `DRAINED` seconds."""
    ends, left = time.monotonic() + DRAINED, ["nothing"]
    cache_port = world.proxies["cache"][world.replicas.index(replica)].port
    while left and time.monotonic() < ends:
        held = await asyncio.to_thread(look, replica)
        left = problems(before or held, held, world.door.port, cache_port)
        await asyncio.sleep(0.2)
    return held, left
