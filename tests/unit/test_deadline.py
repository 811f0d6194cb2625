"""The deadline of a request is known to whatever works for it, and to nothing else."""

from __future__ import annotations

import asyncio

import pytest

from domain.deadline import deadline, remaining
from tests.clock import Clock


def test_without_one_there_is_no_end() -> None:
    """Work that belongs to no request has all the time."""
    assert remaining() is None


def test_time_runs_out() -> None:
    """What is left gets less, and is never less than nothing."""
    clock = Clock()
    with deadline(2.0, clock):
        assert remaining(clock) == 2.0
        clock.now += 1.5
        assert remaining(clock) == 0.5
        clock.now += 1.5
        assert remaining(clock) == 0.0
    assert remaining(clock) is None


@pytest.mark.parametrize(("outer", "inner"), [(2.0, 1.0), (1.0, 2.0)])
def test_of_nested_deadlines_the_nearest_counts(outer: float, inner: float) -> None:
    """A part of the work can get less time than the whole, and never more."""
    clock = Clock()
    with deadline(outer, clock):
        with deadline(inner, clock):
            assert remaining(clock) == 1.0
        assert remaining(clock) == outer


def test_ends_with_an_error() -> None:
    """An error takes the deadline away as well."""
    with pytest.raises(KeyError), deadline(1.0):
        raise KeyError
    assert remaining() is None


async def test_is_handed_to_tasks_and_kept_from_neighbours() -> None:
    """A task that a request starts has its deadline; another request has not."""
    clock = Clock()

    async def look() -> float | None:
        await asyncio.sleep(0)
        return remaining(clock)

    neighbour = asyncio.create_task(look())
    with deadline(3.0, clock):
        own = asyncio.create_task(look())
    assert (await own, await neighbour) == (3.0, None)
