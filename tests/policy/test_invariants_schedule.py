"""The schedule of the invariants test."""

from __future__ import annotations

from itertools import pairwise

from tests.e2e.invariants.schedule import BOTH, KINDS, WHOLE, draw


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
