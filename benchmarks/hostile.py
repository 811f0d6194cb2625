"""What others feel of requests that mean harm: `python -m benchmarks.hostile`.

In turn, a burst of them goes to `holdfast serve`, the same burst to a bare handler beside it, which refuses them
unread, and nothing is sent: four connections ask again as soon as they are answered. All the while a client who means
no harm searches Holdfast a hundred times a second. What harm does that is done beside is the machine's, whose cores
all share; since the scenes take turns within seconds, others on the machine touch them alike.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from dataclasses import dataclass

from benchmarks.processes import bare
from tests.e2e.hostile.sender import Sender
from tests.e2e.hostile.world import Search, World, percentile
from tests.servers.process import free_port

SHARES = (0.5, 0.9, 0.99)

PEACE = 1.0
"""Seconds in a round in which nothing is sent."""

SETTLING = 0.3
"""Seconds after a burst until what it left to do is done."""

SCENES = ("peace", "harm beside", "harm to Holdfast")


@dataclass(frozen=True, slots=True)
class Scene:
    """From when to when it was."""

    name: str
    begun: float
    ended: float

    def holds(self, search: Search) -> bool:
        """Whether the search is one of this scene."""
        return self.begun < search.begun < self.ended


async def measure(rounds: int, burst: int) -> tuple[list[Search], list[Scene]]:
    """The searches, and the scenes that they were in."""
    beside = free_port()
    quiet = os.environ | {"UVICORN_LOG_LEVEL": "critical"}
    with bare("benchmarks.bare_hostile:app", beside, quiet):
        async with World() as world:
            ports = {"harm beside": beside, "harm to Holdfast": world.port}
            await asyncio.sleep(PEACE)
            scenes = []
            for number in range(rounds):
                for name in SCENES:
                    begun = time.monotonic()
                    if port := ports.get(name):
                        await Sender(port, number, range(burst)).run()
                    else:
                        await asyncio.sleep(PEACE)
                    scenes.append(Scene(name, begun, time.monotonic()))
                    await asyncio.sleep(SETTLING)
            return await world.searches(), scenes


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--burst", type=int, default=1000, help="hostile requests at a time (default: 1000)")
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    searches, scenes = asyncio.run(measure(arguments.rounds, arguments.burst))
    found = {
        name: [search for search in searches if any(scene.name == name and scene.holds(search) for scene in scenes)]
        for name in SCENES
    }
    print(f"searches: { ({name: len(those) for name, those in found.items()}) }")
    for share in SHARES:
        times = {name: percentile(those, share) * 1000 for name, those in found.items()}
        peace, elsewhere, here = times.values()
        told = ", ".join(f"{took:.2f} ms ({name})" for name, took in times.items())
        print(f"{share:.0%} took at most {told}: {here / peace:.2f} of peace, {here / elsewhere:.2f} of harm beside")


if __name__ == "__main__":
    main()
