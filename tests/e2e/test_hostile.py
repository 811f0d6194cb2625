"""Thousands of requests that mean harm, and one client who means none."""

from __future__ import annotations

import asyncio
import sys

import pytest

from tests.e2e.hostile.sender import Sender
from tests.e2e.hostile.world import MIB, World, harm_of, now

pytestmark = pytest.mark.alone

QUIET = 3.0
"""Seconds before and after in which nobody means harm."""

AT_ONCE = 4
"""Hostile connections at a time."""

MEMORY = 768 * MIB
"""The most that the service may take over what it takes in peace: bodies of 32 MiB, decoded, four at a time."""


async def test_hostile_requests_harm_nobody(request: pytest.FixtureRequest) -> None:
    """No 500, no answer but JSON, no end of the process, memory within bounds, and others are served meanwhile."""
    count, seed, factor = (request.config.getoption(f"--hostile{name}") for name in ("", "-seed", "-factor"))
    async with World() as world:
        sender = Sender(world.port, seed, range(count))
        await asyncio.sleep(QUIET)
        quiet, begun = world.memory(), now()
        await sender.run(AT_ONCE)
        ended = now()
        await asyncio.sleep(QUIET)
        noted = await world.latencies()
        assert world.server.running
    half, most = (harm_of(noted, begun, ended, share) for share in (0.5, 0.99))
    sys.stdout.write(
        f"seed {seed}: {count} requests in {ended - begun:.1f} s\n"
        f"answers {dict(sorted(sender.judge.statuses.items()))}\n"
        f"memory {quiet // MIB} MiB, at most {world.peak // MIB} MiB\n{half}\n{most}\n"
    )
    assert not sender.judge.problems, "\n".join(sender.judge.problems[:20])
    assert {status for _, _, status in noted} == {200}
    assert world.peak - quiet < MEMORY
    assert most.meanwhile <= factor * max(most.peace, 0.002)
