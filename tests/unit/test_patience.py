"""Trying again for as long as it may help, and no longer."""

from __future__ import annotations

import pytest

from domain.errors import Backend, BackendUnavailable, Failure, HoldfastError, InvalidInput, Overloaded
from domain.patience import HOPELESS, LONGEST_PAUSE, Patience
from tests.clock import Clock


def away(failure: Failure = Failure.REFUSED, retry_after: float | None = None) -> BackendUnavailable:
    """An outage."""
    return BackendUnavailable(Backend.VECTOR_STORE, "any", failure, retry_after)


class Call:
    """A call that fails with each of these errors in turn, and with the last one for ever, unless it is None."""

    def __init__(self, *errors: HoldfastError | None) -> None:
        self._errors = list(errors)
        self.made = 0

    async def __call__(self) -> str:
        self.made += 1
        error = self._errors.pop(0) if len(self._errors) > 1 else self._errors[0]
        if error is not None:
            raise error
        return "done"


class Told:
    """Patience on a clock that sleeping moves on, and what it told."""

    def __init__(self, seconds: float = 60.0, chance: float = 1.0) -> None:
        self.clock = Clock()
        self.errors: list[HoldfastError] = []
        self.pauses: list[float] = []
        self.patience = Patience(seconds, self._wait, self.clock.sleep, self.clock, lambda: chance)

    def _wait(self, error: HoldfastError, seconds: float) -> None:
        self.errors.append(error)
        self.pauses.append(seconds)


async def test_pauses_grow_until_the_call_is_done() -> None:
    """A call that fails for a while is made again after pauses that double, and each of them is told before."""
    told, call = Told(), Call(*[away()] * 7, None)
    assert await told.patience.insist(call) == "done"
    assert told.clock.slept == told.pauses == [0.25, 0.5, 1.0, 2.0, 4.0, LONGEST_PAUSE, LONGEST_PAUSE]
    assert [str(error) for error in told.errors] == [str(away())] * 7


@pytest.mark.parametrize(
    ("failure", "attempts"), [(Failure.REFUSED, 17), (Failure.UNAUTHORIZED, 1), (Failure.CLOSED, 1)]
)
async def test_does_not_try_for_ever(failure: Failure, attempts: int) -> None:
    """Seventeen attempts in a minute, the last one at its end, and one where no other would do better."""
    told, call = Told(), Call(away(failure))
    with pytest.raises(BackendUnavailable):
        await told.patience.insist(call)
    assert call.made == attempts
    assert told.pauses == told.clock.slept
    assert sum(told.clock.slept) == (0 if failure in HOPELESS else 60)


async def test_seconds_count_from_the_first_failure_of_a_call() -> None:
    """A call that begins after a long outage of another has all of the patience."""
    told = Told(seconds=1.0)
    for _ in range(2):
        with pytest.raises(Overloaded):
            await told.patience.insist(Call(Overloaded(Backend.VECTOR_STORE, "any")))
    assert told.clock.slept == [0.25, 0.5, 0.25] * 2


async def test_no_patience_is_one_attempt() -> None:
    """With no seconds to wait the first failure ends it."""
    told, call = Told(seconds=0), Call(away())
    with pytest.raises(BackendUnavailable):
        await told.patience.insist(call)
    assert (call.made, told.pauses) == (1, [])


@pytest.mark.parametrize(("chance", "pauses"), [(0.0, [0.125, 7.25]), (1.0, [0.25, 7.5])])
async def test_what_a_backend_asks_for_is_waited_and_spread(chance: float, pauses: list[float]) -> None:
    """Chance takes at most half of a pause, and nothing of what the backend wants to be left alone for."""
    told = Told(chance=chance)
    await told.patience.insist(Call(away(), away(Failure.OPEN, 7.0), None))
    assert told.clock.slept == pauses


async def test_another_error_is_none_of_its_business() -> None:
    """A value that is wrong is so the next time too."""
    told, call = Told(), Call(InvalidInput("here", "another"))
    with pytest.raises(InvalidInput):
        await told.patience.insist(call)
    assert (call.made, told.pauses) == (1, [])
