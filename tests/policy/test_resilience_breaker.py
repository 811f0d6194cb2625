"""A circuit breaker opens when its backend fails, and closes when it is well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from structlog.testing import capture_logs

from adapters.policies import ResilienceSettings
from adapters.resilience.breaker import CircuitBreaker, Kind, Outcome, Snapshot, State, judge
from domain.errors import Backend, BackendUnavailable, CollectionNotFound, Failure, InvalidInput
from tests.clock import Clock

T = TypeVar("T")

STORE = Backend.VECTOR_STORE


def build(clock: Clock, random: Callable[[], float] = lambda: 0.0) -> CircuitBreaker:
    """A breaker with the defaults and no jitter."""
    return CircuitBreaker(STORE, Kind.READ, ResilienceSettings(), clock=clock, random=random)


def end_all(breaker: CircuitBreaker, *outcomes: Outcome) -> None:
    """Calls one after the other."""
    for outcome in outcomes:
        breaker.end(breaker.begin("search"), outcome)


def opened(clock: Clock) -> CircuitBreaker:
    """A breaker that has just opened for 1 s."""
    breaker = build(clock)
    end_all(breaker, *[Outcome.FAILURE] * 5)
    return breaker


def refused_for(breaker: CircuitBreaker) -> float | None:
    """The `retry_after` with which a call is refused."""
    with pytest.raises(BackendUnavailable) as caught:
        breaker.begin("search")
    assert (caught.value.backend, caught.value.operation, caught.value.failure) == (STORE, "search", Failure.OPEN)
    return caught.value.retry_after


def test_opens_at_five_failures_in_a_row() -> None:
    """A success among them begins the count anew; calls that were cancelled do not."""
    breaker = build(Clock())
    end_all(breaker, *[Outcome.FAILURE] * 4, Outcome.SUCCESS, *[Outcome.FAILURE] * 4, Outcome.NEITHER)
    assert breaker.snapshot().state is State.CLOSED
    end_all(breaker, Outcome.FAILURE)
    assert breaker.snapshot().state is State.OPEN
    assert refused_for(breaker) == 1.0


def test_opens_at_half_of_twenty_calls() -> None:
    """Of 20 calls 10 that fail are enough, whichever comes last; of 19 they are not."""
    breaker = build(Clock())
    end_all(breaker, *[Outcome.FAILURE, Outcome.SUCCESS] * 9, Outcome.FAILURE)
    assert breaker.snapshot().state is State.CLOSED
    end_all(breaker, Outcome.SUCCESS)
    assert breaker.snapshot().state is State.OPEN


def test_counts_the_last_ten_seconds() -> None:
    """Failures from before are forgotten."""
    clock = Clock()
    breaker = build(clock)
    end_all(breaker, *[Outcome.FAILURE, Outcome.SUCCESS] * 9)
    clock.now += 9
    assert breaker.snapshot() == Snapshot(State.CLOSED, 0.0, 9)
    clock.now += 1
    end_all(breaker, *[Outcome.FAILURE, Outcome.SUCCESS] * 9)
    assert breaker.snapshot() == Snapshot(State.CLOSED, 0.0, 9)


def test_one_probe_decides() -> None:
    """After the open time one call is let through, the others are refused until it has succeeded."""
    clock = Clock()
    breaker = opened(clock)
    clock.now += 0.75
    assert refused_for(breaker) == 0.25
    clock.now += 0.25
    probe = breaker.begin("search")
    assert breaker.snapshot().state is State.HALF_OPEN
    assert refused_for(breaker) == 0.0
    breaker.end(probe, Outcome.SUCCESS)
    assert breaker.snapshot() == Snapshot(State.CLOSED, 0.0, 0)
    end_all(breaker, *[Outcome.FAILURE] * 4)
    assert breaker.snapshot().state is State.CLOSED


def test_open_times_double_to_ten_seconds() -> None:
    """Each probe that fails doubles the time, and one that succeeds begins anew."""
    clock = Clock()
    breaker = opened(clock)
    times = []
    for _ in range(6):
        times.append(breaker.snapshot().open_for)
        clock.now += times[-1]
        end_all(breaker, Outcome.FAILURE)
    assert times == [1, 2, 4, 8, 10, 10]
    clock.now += 10
    end_all(breaker, Outcome.SUCCESS, *[Outcome.FAILURE] * 5)
    assert breaker.snapshot().open_for == 1


def test_open_times_are_spread() -> None:
    """Chance takes up to a fifth off, so that processes do not all try at once."""
    breaker = build(Clock(), random=lambda: 0.5)
    end_all(breaker, *[Outcome.FAILURE] * 5)
    assert breaker.snapshot().open_for == pytest.approx(0.9)


async def call(breaker: CircuitBreaker, work: Awaitable[T]) -> T:
    """What the work gives, as a call through the breaker."""
    with breaker.call("search"):
        return await work


async def test_a_cancelled_probe_makes_room_for_the_next() -> None:
    """It says nothing of the backend, so the next caller asks."""
    clock = Clock()
    breaker = opened(clock)
    clock.now += 1
    task = asyncio.create_task(call(breaker, asyncio.sleep(60)))
    await asyncio.sleep(0)
    assert refused_for(breaker) == 0.0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert breaker.snapshot().state is State.HALF_OPEN
    assert await call(breaker, asyncio.sleep(0, "found")) == "found"
    assert breaker.snapshot().state is State.CLOSED


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_call_from_before_counts_no_more(outcome: Outcome) -> None:
    """One that was let through before the breaker opened changes nothing afterwards, nor takes a probe's place."""
    clock = Clock()
    breaker = build(clock)
    early = [breaker.begin("search") for _ in range(3)]
    end_all(breaker, *[Outcome.FAILURE] * 5)
    breaker.end(early[0], outcome)
    assert breaker.snapshot() == Snapshot(State.OPEN, 1.0, 5)
    clock.now += 1
    probe = breaker.begin("search")
    breaker.end(early[1], outcome)
    assert breaker.snapshot().state is State.HALF_OPEN
    refused_for(breaker)
    breaker.end(probe, Outcome.SUCCESS)
    breaker.end(early[2], outcome)
    assert breaker.snapshot() == Snapshot(State.CLOSED, 0.0, 0)


def test_passes_on_what_the_call_raises() -> None:
    """Errors come out as they are; one that is no error of the domain says nothing of the backend."""
    clock = Clock()
    breaker = opened(clock)
    clock.now += 1
    for error in (KeyError("a bug"), BackendUnavailable(STORE, "search", Failure.RESET)):
        with pytest.raises(type(error)) as caught, breaker.call("search"):
            raise error
        assert caught.value is error
    assert breaker.snapshot().open_for == 2


def test_probes_only_where_one_is_due() -> None:
    """Where none is, a probe is made all the same, and does not count."""
    clock = Clock()
    breaker = opened(clock)
    with breaker.probe("ping"):
        pass
    assert breaker.snapshot().state is State.OPEN
    clock.now += 1
    with breaker.probe("ping"):
        assert breaker.snapshot().state is State.HALF_OPEN
    assert breaker.snapshot().state is State.CLOSED
    with pytest.raises(LookupError), breaker.probe("ping"):
        raise LookupError
    assert breaker.snapshot().state is State.CLOSED


def test_judges_failures() -> None:
    """A backend that did not answer with sense has failed, one that refused works, one not asked says nothing."""
    judged = {failure: judge(BackendUnavailable(STORE, "search", failure)) for failure in Failure}
    assert judged == {
        Failure.REFUSED: Outcome.FAILURE,
        Failure.RESET: Outcome.FAILURE,
        Failure.TIMEOUT: Outcome.FAILURE,
        Failure.UNREADY: Outcome.FAILURE,
        Failure.GARBAGE: Outcome.FAILURE,
        Failure.OVERLOADED: Outcome.SUCCESS,
        Failure.FAULT: Outcome.SUCCESS,
        Failure.UNAUTHORIZED: Outcome.SUCCESS,
        Failure.CLOSED: Outcome.NEITHER,
        Failure.OPEN: Outcome.NEITHER,
    }


def test_judges_errors_of_the_domain() -> None:
    """A backend that says what is wrong with a request works."""
    assert judge(CollectionNotFound("a")) is Outcome.SUCCESS
    assert judge(InvalidInput("a", "b")) is Outcome.SUCCESS


def test_logs_changes_alone() -> None:
    """One line for each change of state, with what it is about, and none while it lasts."""
    clock = Clock()
    with capture_logs() as lines:
        breaker = opened(clock)
        refused_for(breaker)
        clock.now += 1
        end_all(breaker, Outcome.NEITHER, Outcome.NEITHER, Outcome.SUCCESS, Outcome.SUCCESS)
    about = {"backend": STORE, "kind": Kind.READ}
    assert lines == [
        {"event": "breaker_opened", "log_level": "warning", "open_for": 1.0, **about},
        {"event": "breaker_half_open", "log_level": "info", **about},
        {"event": "breaker_closed", "log_level": "info", **about},
    ]
