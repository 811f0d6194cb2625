"""The seed of the invariants test settles the faults, and what each client asks."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.invariants.clients import Client, Reader, Writer
from tests.e2e.invariants.history import Operation
from tests.e2e.invariants.schedule import BOTH, KINDS, WHOLE, draw
from tests.e2e.invariants.session import Session


def test_a_seed_gives_one_schedule() -> None:
    """The same seed gives the same faults, another seed others, and a longer run begins like a shorter one."""
    assert draw(1, 30) == draw(1, 30)
    assert draw(1, 30) != draw(2, 30)
    assert set(draw(1, 30)) <= set(draw(1, 60))


def test_every_kind_comes_before_one_comes_again() -> None:
    """A run of two minutes has every fault, one at a time of each backend, and those of a server hit both replicas."""
    for seed in range(20):
        faults = draw(seed, 120)
        for backend, kinds in KINDS.items():
            own = [fault for fault in faults if fault.backend == backend]
            assert {fault.what for fault in own[: len(kinds)]} == set(kinds)
            assert all(before.at + before.seconds < after.at for before, after in pairwise(own))
        assert all(fault.replicas == BOTH for fault in faults if fault.what in WHOLE)
        assert {fault.replicas for fault in faults} == {(0,), (1,), BOTH}


class Deaf(Client):
    """A client who sends nothing, and notes what it was about to ask. Every write is acknowledged."""

    asked: list[tuple[object, ...]]

    async def ask(
        self, kind: str, replica: int, collection: str, request: tuple[str, str, Any], **more: Any
    ) -> Operation:
        self.asked.append((kind, replica, collection, request, more))
        return Operation(0, self.name, replica, kind, collection, 0.0, status=200, end=0.0)


class DeafReader(Deaf, Reader):
    """A reader."""


class DeafWriter(Deaf, Writer):
    """A writer."""


async def asked(client: Deaf, times: int = 300) -> list[tuple[object, ...]]:
    """What the client asks, and how long it pauses in between."""
    client.asked = []
    return [(await client.act(), client.asked[-1]) for _ in range(times)]


@pytest.mark.parametrize("make", [
    lambda seed: DeafReader(Session([]), seed, "reader 1"),
    lambda seed: DeafWriter(Session([]), seed, "brief"),
])  # fmt: skip
async def test_a_seed_gives_one_sequence_of_operations(make: Callable[[int], Deaf]) -> None:
    """A client of the same seed asks the same in the same order, and of another seed something else."""
    first = await asked(make(1))
    assert first == await asked(make(1))
    assert first != await asked(make(2))
