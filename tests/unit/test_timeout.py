"""A time limit cancels what takes too long, and waits for what has arrived."""

from __future__ import annotations

import asyncio
import time

import pytest

from adapters.timeout import TURNS, Timeout


async def test_cancels_what_takes_too_long() -> None:
    """As a `TimeoutError`, which the limit knows to be its own."""
    limit = Timeout(0.001)
    with pytest.raises(TimeoutError), limit:
        await asyncio.sleep(60)
    assert limit.expired
    assert not _task().cancelling()


async def test_leaves_alone_what_is_in_time() -> None:
    """Afterwards nothing comes, and the limit may be used again."""
    limit = Timeout(0.001)
    for _ in range(2):
        with limit:
            await asyncio.sleep(0)
        await asyncio.sleep(0.003)
        assert not limit.expired


async def test_the_errors_of_others_pass() -> None:
    """A `TimeoutError` of the block itself is not taken for the limit's."""
    limit = Timeout(60)
    with pytest.raises(TimeoutError, match="theirs"), limit:
        raise TimeoutError("theirs")
    assert not limit.expired


async def test_a_cancellation_from_outside_stays_one() -> None:
    """Also where the limit runs out in the same moment."""

    async def work(seconds: float) -> None:
        with Timeout(seconds):
            await asyncio.sleep(60)

    for seconds in (60.0, 0.0):
        task = asyncio.create_task(work(seconds))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_does_not_count_the_turns_in_which_an_answer_is_handed_over() -> None:
    """A loop that was busy for longer than the limit still gives the answer, which was here all the time."""
    reader, answered = asyncio.StreamReader(), asyncio.Event()

    async def answer() -> None:
        reader.feed_data(await reader.readexactly(4))
        answered.set()

    task = asyncio.create_task(answer())
    with Timeout(0.001):
        reader.feed_data(b"data")
        time.sleep(0.005)  # noqa: ASYNC251
        await answered.wait()
        assert await reader.readexactly(4) == b"data"
    await task


def _task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task
