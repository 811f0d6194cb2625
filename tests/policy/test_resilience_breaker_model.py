"""Whatever the order of calls, ends and time, a circuit breaker does what a plain model of it does."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from adapters.policies import ResilienceSettings
from adapters.resilience.breaker import CircuitBreaker, Kind, Outcome, State
from domain.errors import Backend, BackendUnavailable, Failure
from tests.clock import Clock

IN_ROW, MIN_CALLS, WINDOW, MAX_OPEN = 3, 6, 10, 4.0


class Call(NamedTuple):
    """A call under way, and how often the model's state had changed when it began."""

    number: int
    era: int
    changes: int


class BreakerMachine(RuleBasedStateMachine):
    """Keeps every outcome since the breaker closed, and works out the state from them."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        policy = ResilienceSettings(
            breaker_failures_in_row=IN_ROW, breaker_min_calls=MIN_CALLS, breaker_max_open=MAX_OPEN
        )
        self.breaker = CircuitBreaker(Backend.CACHE, Kind.WRITE, policy, clock=self.clock, random=lambda: 0.0)
        self.state = State.CLOSED
        self.changes = 0
        self.outcomes: list[tuple[float, bool]] = []
        self.until = 0.0
        self.open_time = 1.0
        self.probe: int | None = None
        self.calls: list[Call] = []
        self.begun = 0

    @rule()
    def begin(self) -> None:
        """A call begins, and others go on meanwhile."""
        self.calls += self.try_to_begin()

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def end(self, data: st.DataObject, outcome: Outcome) -> None:
        """Any call under way ends, however."""
        self.finish(self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1))), outcome)

    @rule(outcomes=st.lists(st.sampled_from([Outcome.SUCCESS, Outcome.FAILURE]), min_size=1, max_size=4))
    def call(self, outcomes: list[Outcome]) -> None:
        """Calls one after the other."""
        for outcome in outcomes:
            for call in self.try_to_begin():
                self.finish(call, outcome)

    @rule(quarters=st.integers(1, 60))
    def wait(self, quarters: int) -> None:
        """Time passes."""
        self.clock.now += quarters / 4

    @invariant()
    def agrees(self) -> None:
        """The state is the model's, and an open one ends."""
        assert self.breaker.snapshot().state is self.state
        assert self.breaker.snapshot().open_for <= MAX_OPEN

    def try_to_begin(self) -> list[Call]:
        """The call, if it is let through, which it is exactly if the model lets it."""
        if self.probe is not None or (self.state is State.OPEN and self.clock.now < self.until):
            with pytest.raises(BackendUnavailable) as caught:
                self.breaker.begin("remember")
            assert caught.value.failure is Failure.OPEN
            return []
        self.begun += 1
        if self.state is not State.CLOSED:
            self.state, self.probe = State.HALF_OPEN, self.begun
        return [Call(self.begun, self.breaker.begin("remember"), self.changes)]

    def finish(self, call: Call, outcome: Outcome) -> None:
        """End the call on both sides."""
        self.breaker.end(call.era, outcome)
        if call.number == self.probe:
            self.probe = None
            if outcome is Outcome.FAILURE:
                self.open()
            elif outcome is Outcome.SUCCESS:
                self.state, self.open_time, self.outcomes = State.CLOSED, 1.0, []
                self.changes += 1
        elif call.changes == self.changes and outcome is not Outcome.NEITHER:
            self.outcomes.append((self.clock.now, outcome is Outcome.FAILURE))
            if self.is_tripped():
                self.open()

    def open(self) -> None:
        """Refuse calls from now on."""
        self.state, self.until = State.OPEN, self.clock.now + self.open_time
        self.open_time = min(2 * self.open_time, MAX_OPEN)
        self.changes += 1

    def is_tripped(self) -> bool:
        """Whether the outcomes are enough to open."""
        recent = [failed for at, failed in self.outcomes if int(at) > int(self.clock.now) - WINDOW]
        in_row = [failed for _, failed in self.outcomes][-IN_ROW:]
        return in_row == [True] * IN_ROW or (len(recent) >= MIN_CALLS and 2 * sum(recent) >= len(recent))


TestBreakerModel = BreakerMachine.TestCase
TestBreakerModel.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
