"""A call is made again once, where that may help, and only as long as the budget and the time last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import pytest

from adapters.policies import ResilienceSettings
from adapters.resilience.retry import TRANSIENT, UNDONE, Retry
from domain.errors import Backend, BackendUnavailable, CollectionNotFound, Failure
from tests.clock import Clock

LONG = 60.0


def unavailable(failure: Failure, retry_after: float | None = None) -> BackendUnavailable:
    return BackendUnavailable(Backend.VECTOR_STORE, "search", failure, retry_after)


class Course:
    """A call that raises these errors one after the other, and then gives how often it was made."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.made = 0

    async def __call__(self) -> int:
        self.made += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.made


def build(clock: Clock, random: Callable[[], float] = lambda: 0.0, **options: object) -> Retry:
    return Retry(ResilienceSettings(**options), random=random, sleep=clock.sleep)  # type: ignore[arg-type]


async def run(retry: Retry, course: Course, left: float = LONG, on: frozenset[Failure] = TRANSIENT) -> int:
    return await retry.run(course, on=on, left=lambda: left)


async def test_what_works_is_made_once() -> None:
    """No pause, no second call."""
    clock = Clock()
    assert await run(build(clock), Course()) == 1
    assert clock.slept == []


async def test_makes_again_what_may_work_a_moment_later() -> None:
    """Refused, reset, not ready and overloaded, but neither a timeout nor what stays as it is."""
    again = set()
    for failure in Failure:
        course = Course(unavailable(failure))
        with suppress(BackendUnavailable):
            await run(build(Clock()), course)
        again |= {failure} if course.made == 2 else set()
    assert again == {Failure.REFUSED, Failure.RESET, Failure.UNREADY, Failure.OVERLOADED}


async def test_makes_again_only_what_is_safe() -> None:
    """What must not be done twice is made again after a failure without effect alone."""
    assert await run(build(Clock()), Course(unavailable(Failure.REFUSED)), on=UNDONE) == 2
    with pytest.raises(BackendUnavailable):
        await run(build(Clock()), Course(unavailable(Failure.RESET)), on=UNDONE)


async def test_an_error_of_the_domain_is_final() -> None:
    """It comes out as it is."""
    error = CollectionNotFound("a")
    course = Course(error)
    with pytest.raises(CollectionNotFound) as caught:
        await run(build(Clock()), course)
    assert (caught.value is error, course.made) == (True, 1)


async def test_gives_up_after_the_second() -> None:
    """There is one retry, and its error is the one that comes out."""
    course = Course(unavailable(Failure.REFUSED), unavailable(Failure.RESET))
    with pytest.raises(BackendUnavailable) as caught:
        await run(build(Clock()), course)
    assert (caught.value.failure, course.made) == (Failure.RESET, 2)


async def test_a_retry_that_was_not_made_leaves_the_first_error() -> None:
    """Where the circuit breaker has opened meanwhile, what became of the first call is still unknown."""
    first = unavailable(Failure.RESET)
    with pytest.raises(BackendUnavailable) as caught:
        await run(build(Clock()), Course(first, unavailable(Failure.OPEN, 1.0)))
    assert caught.value is first


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 0.05), (0.5, 0.125), (1.0, 0.2)])
async def test_pauses_between(chance: float, pause: float) -> None:
    """50 to 200 ms, by chance, and as long as the backend asks for besides."""
    clock = Clock()
    retry = build(clock, lambda: chance)
    await run(retry, Course(unavailable(Failure.RESET)))
    await run(retry, Course(unavailable(Failure.OVERLOADED, 2.0)))
    assert clock.slept == pytest.approx([pause, 2 + pause])


@pytest.mark.parametrize(("left", "made"), [(2.06, 2), (2.05, 1), (0.0, 1)])
async def test_never_goes_past_the_deadline(left: float, made: int) -> None:
    """A pause that does not leave any time is not begun."""
    clock = Clock()
    course = Course(unavailable(Failure.OVERLOADED, 2.0))
    if made == 2:
        await run(build(clock), course, left)
    else:
        with pytest.raises(BackendUnavailable):
            await run(build(clock), course, left)
        assert clock.slept == []
    assert course.made == made


async def test_retries_end_with_the_budget() -> None:
    """Of many failures ten are retried; ten successes earn one more."""
    retry = build(Clock())
    made = []
    for _ in range(12):
        course = Course(*[unavailable(Failure.REFUSED)] * 2)
        with pytest.raises(BackendUnavailable):
            await run(retry, course)
        made.append(course.made)
    assert made == [2] * 10 + [1] * 2
    for _ in range(10):
        await run(retry, Course())
    assert await run(retry, Course(unavailable(Failure.REFUSED))) == 2
    with pytest.raises(BackendUnavailable):
        await run(retry, Course(unavailable(Failure.REFUSED)))


async def test_the_budget_does_not_grow() -> None:
    """However many calls have succeeded, no more than ten are retried."""
    retry = build(Clock(), retry_tokens=1)
    for _ in range(30):
        await run(retry, Course())
    courses = [Course(*[unavailable(Failure.REFUSED)] * 2) for _ in range(2)]
    for course in courses:
        with pytest.raises(BackendUnavailable):
            await run(retry, course)
    assert [course.made for course in courses] == [2, 1]


async def test_without_a_budget_nothing_is_retried() -> None:
    """0 tokens turn retries off."""
    with pytest.raises(BackendUnavailable):
        await run(build(Clock(), retry_tokens=0), Course(unavailable(Failure.REFUSED)))


async def test_who_is_cancelled_in_the_pause_does_not_call_again() -> None:
    """The caller has gone, and so has the retry."""
    retry = Retry(ResilienceSettings(), sleep=lambda _: asyncio.sleep(LONG))
    course = Course(unavailable(Failure.REFUSED))
    task = asyncio.create_task(run(retry, course))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert course.made == 1
