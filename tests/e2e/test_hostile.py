"""Thousands of requests that mean harm, and one client who means none."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from tests.e2e.hostile.sender import Sender
from tests.e2e.hostile.world import MIB, World, percentile

pytestmark = pytest.mark.alone

QUIET = 3.0
"""Seconds before and after in which nobody means harm."""

WARM = 50
"""Searches before which the innocent client, and what serves it, is still getting ready."""

MEMORY = 768 * MIB
"""The most that the service may take over what it takes in peace: bodies of 32 MiB, decoded, four at a time."""


async def test_hostile_requests_harm_nobody(request: pytest.FixtureRequest) -> None:
    """No 500, no answer but JSON, no end of the process, memory within bounds, and others are served meanwhile."""
    count, seed, factor = (request.config.getoption(f"--hostile{name}") for name in ("", "-seed", "-factor"))
    async with World() as world:
        sender = Sender(world.port, seed, range(count))
        await asyncio.sleep(QUIET)
        memory, begun = world.memory(), time.monotonic()
        await sender.run()
        ended = time.monotonic()
        await asyncio.sleep(QUIET)
        searches = await world.searches()
        assert world.server.running
    peace = [search for search in searches[WARM:] if search.begun + search.took < begun or search.begun > ended + 1]
    meanwhile = [search for search in searches if begun < search.begun < ended]
    quiet, harmed = percentile(peace, 0.99), percentile(meanwhile, 0.99)
    sys.stdout.write(
        f"seed {seed}: {count} requests in {ended - begun:.1f} s\n"
        f"answers {dict(sorted(sender.judge.statuses.items()))}\n"
        f"memory {memory // MIB} MiB, at most {world.peak // MIB} MiB\n"
        f"half of the innocent searches took at most {percentile(peace, 0.5) * 1000:.2f} ms in peace,"
        f" {percentile(meanwhile, 0.5) * 1000:.2f} ms meanwhile\n"
        f"99 % of the innocent searches took at most {quiet * 1000:.2f} ms in peace, {harmed * 1000:.2f} ms meanwhile\n"
    )
    assert not sender.judge.problems, "\n".join(sender.judge.problems[:20])
    assert {search.status for search in searches} == {200}
    assert world.peak - memory < MEMORY
    assert harmed <= factor * max(quiet, 0.002)
