"""The embedded engine, its server and both are killed at random while clients write."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import pytest

from tests.e2e.kills.world import LARGE, SIZES, SMALL, World
from tests.e2e.kills.writers import Maker, Writer

pytestmark = pytest.mark.alone

LIMIT = 5.0
"""Seconds in which the service has to be back."""

VICTIMS = ("engine", "server", "both")

POINTS = 720
"""Large points; 641 of them need a graph."""


async def prepare(world: World) -> None:
    """Collections, and as many large points as a graph needs almost."""
    await asyncio.to_thread(world.server.start)
    for collection in (LARGE, SMALL):
        made = {"vector": {"size": SIZES[collection], "distance": "dot"}}
        status, answer = await world.ask("PUT", f"/{collection}", made)
        assert status == 201, answer


def writers(world: World, seed: str) -> list[Writer]:
    """Three of small points, and one of large ones."""
    large = Writer(world, seed, LARGE, 0, POINTS, 120)
    return [large, *(Writer(world, seed, SMALL, 10_000 * number, 1_000, 50) for number in (1, 2, 3))]


async def kill(world: World, chance: random.Random, number: int) -> float:
    """Kill at a moment that chance has chosen, and see how long it takes until all is back."""
    victim, moment, pause = chance.choice(VICTIMS), chance.random(), chance.uniform(0, 1.2)
    building = moment < 0.6 and await world.building(4.0)
    await asyncio.sleep(pause)
    world.note(f"KILL {number}: {victim}{', whose graph is built' if building else ''}")
    await asyncio.to_thread(world.kill, victim)
    took = max(await asyncio.gather(*(world.recovered(name, LIMIT) for name in (SMALL, LARGE))))
    world.note(f"BACK {number}: after {took:.2f} s")
    return took


async def check(world: World, writing: list[Writer], maker: Maker) -> None:
    """Compare everything with what it may be, before and after an end in order; nothing may be left behind."""
    for attempt in range(2):
        if attempt:
            await asyncio.to_thread(world.server.stop)
            world.problems += world.unknown()
            unfinished = world.unfinished()
            await asyncio.to_thread(world.server.start)
            world.problems += [f"left behind: {path}" for path in unfinished & world.unfinished()]
        for writer in writing:
            await writer.read(writer.ledger.ids)
        await maker.look()
    for collection in (LARGE, SMALL):
        expected = sum(len(each.ledger.there(each.ledger.ids)) for each in writing if each.collection == collection)
        _, info = await world.ask("GET", f"/{collection}")
        if info["points"] != expected:
            world.problems.append(f"{collection}: {info}, and should have {expected} points")


async def test_kills_lose_nothing(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Whoever is killed, and whenever: what was acknowledged is there, and the service is back in seconds."""
    kills, seed = (request.config.getoption(f"--{name}") for name in ("kills", "kills-seed"))
    world, chance, times = World(tmp_path / "data"), random.Random(seed), list[float]()  # noqa: S311
    try:
        await prepare(world)
        writing, maker = writers(world, str(seed)), Maker(world, str(seed))
        await writing[0].fill()
        tasks = [asyncio.create_task(each) for each in (maker.run(), *(writer.run() for writer in writing))]
        for number in range(kills):
            times.append(await kill(world, chance, number))
        for stopped in (maker.stopped, *(writer.stopped for writer in writing)):
            stopped.set()
        await asyncio.gather(*tasks)
        await check(world, writing, maker)
    except BaseException:
        world.problems.append("it did not come to its end")
        raise
    finally:
        (tmp_path / "history.txt").write_text("\n".join(world.history))
        sys.stdout.write(_told(world, seed, times, tmp_path))
        await world.aclose()
    assert not world.problems, "\n".join(world.problems[:10])


def _told(world: World, seed: int, times: list[float], folder: Path) -> str:
    kills = [line for line in world.history if "KILL" in line or "BACK" in line]
    if world.problems:
        kills += [world.server.output()[-4000:]]
    longest = f"longest way back {max(times, default=0):.2f} s of {len(times)}"
    return "\n".join([f"seed {seed}, {longest}, history in {folder}/history.txt", *kills, ""])
