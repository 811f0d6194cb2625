"""A run: a load without faults, the same load with faults, a calm, and a look at what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path

from tests.e2e.invariants.clients import WRITTEN, Client, OutsideWriter, Prober, Reader, Writer
from tests.e2e.invariants.faults import Injector
from tests.e2e.invariants.figures import hits, misses
from tests.e2e.invariants.leaks import Held, drained
from tests.e2e.invariants.limits import CALLS_FOR_A_MISS, RECOVERY, REPLICAS, RETRY_TOKENS
from tests.e2e.invariants.logs import unexpected
from tests.e2e.invariants.schedule import draw
from tests.e2e.invariants.session import Session
from tests.e2e.invariants.world import World, open_world

READERS = 6

WARM, CALM = 3.0, 2.0
"""Seconds without faults, before them and when all has recovered from them."""


class Run:
    """Runs for so many seconds under the faults of the seed; ends at the first violation. `problems` says what was."""

    def __init__(self, seed: int, seconds: float, world: World) -> None:
        self.session = session = Session([*(replica.url for replica in world.replicas), world.store_url])
        self.problems: list[str] = []
        self.calls: dict[str, str] = {}
        self.left: list[Held] = []
        self.faults = draw(seed, seconds)
        self._world = world
        self._clients: list[Client] = [Writer(session, seed, name) for name in WRITTEN]
        self._clients.append(OutsideWriter(session, seed))
        self._clients += [Reader(session, seed, f"reader {number}") for number in range(READERS)]
        self._clients += [Prober(session, seed, f"prober {replica}", replica) for replica in REPLICAS]

    async def go(self) -> None:
        """All of it."""
        measuring = asyncio.create_task(self.session.lag.measure())
        try:
            await self._load(self._calmly("warm-up", WARM))
            before = [(await drained(replica, self._world))[0] for replica in self._world.replicas]
            if not self.session.violations:
                await self._load(self._storm())
            for number, replica in enumerate(self._world.replicas):
                after, left = await drained(replica, self._world, before[number])
                self.left.append(after)
                self.problems += [f"replica {number} did not give back {one}" for one in left]
                self.problems += [f"replica {number} logged {one}" for one in unexpected(replica.process.output())]
        finally:
            measuring.cancel()
        around = self.session.history.around
        self.problems += [f"{why}, {one.ended:.1f} s in:\n{around(one)}" for one, why in self.session.violations]

    async def _load(self, work: Coroutine[object, object, None]) -> None:
        """Let the clients act until the work is done, or something was found."""
        self.session.stopped.clear()
        clients = [asyncio.create_task(client.run()) for client in self._clients]
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self.session.stopped.wait())
        await asyncio.wait([working, stopping, *clients], return_when=asyncio.FIRST_COMPLETED)
        self.session.stopped.set()
        cut_short = working.cancel()
        await asyncio.gather(stopping, *clients)
        await asyncio.gather(working, return_exceptions=cut_short)

    async def _storm(self) -> None:
        before = await asyncio.to_thread(self._world.searches), len(self.session.history.operations)
        await Injector(self._world, self.session.history, self.session.clock).run(self.faults)
        await self._check_calls("under faults", before, more=RETRY_TOKENS * len(REPLICAS))
        await self.session.sleep(RECOVERY)
        await self._calmly("calm", CALM)

    async def _calmly(self, name: str, seconds: float) -> None:
        before = await asyncio.to_thread(self._world.searches), len(self.session.history.operations)
        await self.session.sleep(seconds)
        await self._check_calls(name, before)
        for replica in REPLICAS:
            if not hits(self.session.history.operations[before[1] :], replica) and not self.session.violations:
                self.problems.append(f"replica {replica} remembered nothing in the {name}")

    async def _check_calls(self, name: str, before: tuple[int, int], more: int = 0) -> None:
        """There were hardly more searches of the store than answers that asked it, for each client one under way."""
        searches = await asyncio.to_thread(self._world.searches) - before[0]
        missed = misses(self.session.history.operations[before[1] :])
        self.calls[name] = f"{searches} for {missed} misses"
        if searches > CALLS_FOR_A_MISS * missed + len(self._clients) + more:
            self.problems.append(f"{searches} searches of the store for {missed} misses, {name}")


async def run(seed: int, seconds: float, directory: Path) -> Run:
    """The run, when it is over."""
    async with open_world(directory) as world:
        one = Run(seed, seconds, world)
        await one.go()
        return one
