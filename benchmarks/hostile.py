"""What others feel of requests that mean harm: `python -m benchmarks.hostile`.

The same requests, from four connections that ask again as soon as they are answered, go in turn to `holdfast serve`,
to a bare handler, which answers without reading, and to a bare handler beside `holdfast serve`: a client who means no
harm searches a hundred times a second meanwhile. All of it runs on this machine, so that the two others show how much
of the harm is the machine's: the second what a service that does nothing suffers, the third what Holdfast suffers
where only its cores are shared with those who mean harm.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from collections import defaultdict

import httpx

from tests.e2e.hostile.sender import Sender
from tests.e2e.hostile.world import Harm, World
from tests.e2e.service import ROOT
from tests.servers.process import HOST, ChildProcess, free_port

SHARES = (0.5, 0.99)

HOLDFAST, BARE, BESIDE = "Holdfast", "bare handler", "Holdfast, harm beside"


def bare() -> tuple[str, ChildProcess]:
    """The URL and the process of the bare handler."""
    port = free_port()
    options = ["--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "critical"]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.bare_hostile:app", *options, "--port", str(port)]
    return f"http://{HOST}:{port}", ChildProcess.on_port(command, port, cwd=ROOT)


async def measure(scene: str, seed: int, count: int) -> list[Harm]:
    """The harm that so many requests do in this scene, for each of `SHARES`."""
    url, beside = bare()
    async with World((url, beside) if scene == BARE else None) as world:
        if scene == BESIDE:
            await asyncio.to_thread(beside.start)
        port = httpx.URL(url).port if scene == BESIDE else world.port
        try:
            course = await world.suffer(Sender(port or 0, seed, range(count)))
        finally:
            beside.close()
    return [course.harm(share) for share in SHARES]


def report(found: dict[str, list[list[Harm]]]) -> None:
    """Print the medians of all rounds, and the ratios of each round."""
    for at, share in enumerate(SHARES):
        for scene, rounds in found.items():
            peace, meanwhile = (
                statistics.median(getattr(harms[at], name) * 1000 for harms in rounds)
                for name in ("peace", "meanwhile")
            )
            print(f"{share:.0%}: {scene}: {peace:.2f} ms in peace, {meanwhile:.2f} ms meanwhile")
        for scene in (BARE, BESIDE):
            ratios = [
                own[at].meanwhile / other[at].meanwhile
                for own, other in zip(found[HOLDFAST], found[scene], strict=True)
            ]
            ratio, least, most = statistics.median(ratios), min(ratios), max(ratios)
            print(f"{share:.0%}: {HOLDFAST} to {scene}, meanwhile: {ratio:.2f} ({least:.2f} to {most:.2f})")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=10_000, help="hostile requests in a round (default: 10000)")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    found: dict[str, list[list[Harm]]] = defaultdict(list)
    for seed in range(arguments.rounds):
        for scene in (BARE, HOLDFAST, BESIDE):
            harms = asyncio.run(measure(scene, seed, arguments.requests))
            found[scene].append(harms)
            for line in harms:
                print(f"round {seed + 1}: {scene}: {line}", file=sys.stderr)
    report(found)


if __name__ == "__main__":
    main()
