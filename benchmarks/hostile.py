"""What others feel of requests that mean harm: `python -m benchmarks.hostile`.

The same requests, from four connections that ask again as soon as they are answered, go in turn to `holdfast serve`
and to a bare handler, which answers without reading: a client who means no harm searches a hundred times a second
meanwhile. All of it runs on this machine, so that the bare handler shows how much of the harm is the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from collections import defaultdict

from tests.e2e.hostile.sender import Sender
from tests.e2e.hostile.world import Harm, World, harm_of, now
from tests.e2e.service import ROOT
from tests.servers.process import HOST, ChildProcess, free_port

QUIET = 3.0
"""Seconds before and after in which nobody means harm."""

AT_ONCE = 4
"""Hostile connections at a time."""

SHARES = (0.5, 0.99)


def bare() -> tuple[str, ChildProcess]:
    """The URL and the process of the bare handler."""
    port = free_port()
    options = ["--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "critical"]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.bare_hostile:app", *options, "--port", str(port)]
    return f"http://{HOST}:{port}", ChildProcess.on_port(command, port, cwd=ROOT)


async def measure(world: World, seed: int, count: int) -> list[Harm]:
    """The harm that so many requests do, for each of `SHARES`."""
    async with world:
        await asyncio.sleep(QUIET)
        begun = now()
        await Sender(world.port, seed, range(count)).run(AT_ONCE)
        ended = now()
        await asyncio.sleep(QUIET)
        noted = await world.latencies()
    return [harm_of(noted, begun, ended, share) for share in SHARES]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=10_000, help="hostile requests in a round (default: 10000)")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    found: dict[str, list[list[Harm]]] = defaultdict(list)
    for seed in range(arguments.rounds):
        for name in ("bare handler", "Holdfast"):
            harm = asyncio.run(measure(World() if name == "Holdfast" else World(bare()), seed, arguments.requests))
            found[name].append(harm)
            for line in harm:
                print(f"round {seed + 1}: {name}: {line}", file=sys.stderr)
    for at, share in enumerate(SHARES):
        times = {name: statistics.median(harm[at].meanwhile for harm in found[name]) for name in found}
        quiet = {name: statistics.median(harm[at].peace for harm in found[name]) for name in found}
        ratio = statistics.median(
            own[at].meanwhile / bare_[at].meanwhile
            for own, bare_ in zip(found["Holdfast"], found["bare handler"], strict=True)
        )
        for name in found:
            print(f"{share:.0%}: {name}: {quiet[name] * 1000:.2f} ms in peace, {times[name] * 1000:.2f} ms meanwhile")
        print(f"{share:.0%}: Holdfast to the bare handler meanwhile: {ratio:.2f}")


if __name__ == "__main__":
    main()
