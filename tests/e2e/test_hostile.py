"""Thousands of requests that mean harm, and one client who means none."""

from __future__ import annotations

import sys

import pytest

from tests.e2e.hostile.sender import Sender
from tests.e2e.hostile.world import MIB, World

pytestmark = pytest.mark.alone

MEMORY = 768 * MIB
"""The most that the service may take over what it takes in peace: bodies of 32 MiB, decoded, four at a time."""


async def test_hostile_requests_harm_nobody(request: pytest.FixtureRequest) -> None:
    """No 500, no answer but JSON, no end of the process, memory within bounds, and others are served meanwhile."""
    count, seed, factor = (request.config.getoption(f"--hostile{name}") for name in ("", "-seed", "-factor"))
    async with World() as world:
        sender = Sender(world.port, seed, range(count))
        course = await world.suffer(sender)
        assert world.server.running
    half, most = course.harm(0.5), course.harm(0.99)
    sys.stdout.write(
        f"seed {seed}: {count} requests in {course.ended - course.begun:.1f} s\n"
        f"answers {dict(sorted(sender.judge.statuses.items()))}\n"
        f"memory {course.memory // MIB} MiB, at most {world.peak // MIB} MiB\n{half}\n{most}\n"
    )
    assert not sender.judge.problems, "\n".join(sender.judge.problems[:20])
    assert {status for _, _, status in course.noted} == {200}
    assert world.peak - course.memory < MEMORY
    assert most.meanwhile <= factor * max(most.peace, 0.002)
