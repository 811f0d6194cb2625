"""Whatever happens to two replicas and their backends, and in whatever order, no search shows what it must not.

`SOCIAL_TEST_EXAMPLES=2000` tries that many courses of events.
"""

from __future__ import annotations

import os

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from domain.errors import CollectionNotFound
from domain.freshness import ANY, Cached, Demand
from domain.models import Collection, Distance, Point, Vector
from tests.policy.course import NAME, READS, RECALLS, REMEMBERS, TELLS, WRITES, Course, Fault

THINGS = Collection(name=NAME, size=2, distance=Distance.DOT)

FAULTS = st.builds(
    Fault,
    st.just("cache"),
    st.sampled_from(["down", "lost", "hang", "hang_done"]),
    st.sampled_from([TELLS, RECALLS, REMEMBERS]),
) | st.builds(
    Fault, st.just("store"), st.sampled_from(["down", "lost", "hang", "hang_done"]), st.sampled_from([READS, WRITES])
)
MAYBE = st.none() | FAULTS

DEMANDS = st.sampled_from(
    [
        *[Demand(no_cache=True)] * 3,
        Demand(no_store=True),
        Demand(only_if_cached=True),
        *(Demand(max_age=seconds) for seconds in (0.0, 10.0)),
        *(Demand(max_stale=seconds) for seconds in (30.0, 1000.0)),
        *(Demand(stale_if_error=seconds) for seconds in (30.0, 1000.0)),
        Demand(no_cache=True, stale_if_error=30.0),
        Demand(max_age=10.0, max_stale=30.0),
        Demand(max_stale=1000.0, only_if_cached=True),
        Demand(no_store=True, max_stale=1000.0, stale_if_error=1000.0),
    ]
)
REPLICAS = st.integers(0, 1)


class CachedSearchMachine(RuleBasedStateMachine):
    """The rules: what callers do, and what happens to the backends."""

    def __init__(self) -> None:
        super().__init__()
        self.course = Course()
        self.next_value = 1
        self.delete_or_create(0, None)
        self.upsert(0)

    @rule(number=REPLICAS)
    def upsert(self, number: int) -> None:
        """The only point gets a value that it never had."""
        self.upsert_badly(number, None)

    @rule(number=REPLICAS, fault=FAULTS)
    def upsert_badly(self, number: int, fault: Fault | None) -> None:
        """The same, and something goes wrong."""
        point = Point(1, Vector.of([self.next_value, 0]))
        self.next_value += 1
        self.course.write(number, fault, self.course.replicas[number].points.upsert(NAME, [point]))

    @rule(number=REPLICAS, fault=MAYBE)
    def delete_or_create(self, number: int, fault: Fault | None) -> None:
        """The collection is deleted, or made where there is none."""
        collections = self.course.replicas[number].collections
        if self.course.truth.missing:
            self.course.write(number, fault, collections.create(THINGS))
        else:
            self.course.write(number, fault, collections.delete(NAME))

    @rule(number=REPLICAS)
    def search(self, number: int) -> None:
        """A search."""
        self.course.ask(number, ANY, None)

    @rule(number=REPLICAS, done=st.booleans())
    def search_slowly(self, number: int, *, done: bool) -> None:
        """A search that is under way for some time, before the store was read or after it."""
        self.course.ask(number, ANY, Fault("store", "hang_done" if done else "hang", READS))

    @rule(number=REPLICAS, demand=DEMANDS, fault=MAYBE, batch=st.booleans())
    def search_oddly(self, number: int, demand: Demand, fault: Fault | None, *, batch: bool) -> None:
        """A search with wishes, or two of the same scores in one batch."""
        self.course.ask(number, demand, fault, batch=batch)

    @rule(number=REPLICAS)
    def search_twice(self, number: int) -> None:
        """Where nothing is away, the second search is answered from memory as the first was."""
        replica = self.course.replicas[number]
        if replica.cache_away or replica.invalidation.is_fenced(NAME) or self.course.asked or self.course.writes:
            return
        first, second = (self.course.ask(number, ANY, None) for _ in range(2))
        if first.exception() is not None:
            assert isinstance(second.exception(), CollectionNotFound)
        else:
            (one,), (other,) = first.result(), second.result()
            assert (other.hits, other.cached, other.stale) == (one.hits, Cached.HIT, False)

    @rule(seconds=st.sampled_from([1, 4, 30, 59, 60, 600]))
    def wait(self, seconds: int) -> None:
        """Time passes, and calls that hang run out of theirs."""
        self.course.pass_time(seconds)

    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        """A call that hangs goes on."""
        if gates := self.course.gates():
            data.draw(st.sampled_from(gates)).set_result(None)
            self.course.settle()

    @precondition(lambda self: self.course.asked or self.course.writes)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """A caller goes away."""
        data.draw(
            st.sampled_from(
                [*(asked.task for asked in self.course.asked), *(writing.task for writing in self.course.writes)]
            )
        ).cancel()
        self.course.settle()

    @rule(number=REPLICAS)
    def tell_again(self, number: int) -> None:
        """The pause before the next attempt to invalidate is over."""
        for pause in self.course.replicas[number].pauses:
            if not pause.done():
                pause.set_result(None)
        self.course.settle()

    @rule(
        number=REPLICAS, what=st.sampled_from(["away", "away", "token", "epoch", "all", "save", "restore", "restart"])
    )
    def happen_to_cache(self, number: int, what: str) -> None:
        """It is away for a replica, or no longer; or its server loses something, or starts anew with what it saved."""
        match what:
            case "away":
                self.course.replicas[number].cache_away ^= True
                self.course.replicas[number].recover()
            case "token" | "epoch":
                self.course.server.lose(what)
            case "all":
                self.course.server.flush()
            case "save":
                self.course.server.save()
            case _:
                self.course.server.restart(empty=what == "restart")

    @precondition(lambda self: self.course.server.remembered)
    @rule(data=st.data())
    def resend(self, data: st.DataObject) -> None:
        """What was sent to the cache once arrives again."""
        key, entry, ttl = data.draw(st.sampled_from(self.course.server.remembered))
        self.course.loop.run_until_complete(self.course.server.remember(NAME, key, entry, ttl))

    @invariant()
    def nothing_is_left_to_the_loop(self) -> None:
        """No error is lost."""
        assert self.course.told == []

    @invariant()
    def only_what_hangs_is_under_way(self) -> None:
        """Nobody waits where nothing hangs."""
        if not self.course.gates():
            assert (self.course.asked, self.course.writes) == ([], [])

    def teardown(self) -> None:
        """When all is well again, both replicas find what is true, and remember it."""
        try:
            for replica in self.course.replicas:
                replica.cache_away = False
                replica.recover()
            while gates := self.course.gates():
                gates[0].set_result(None)
                self.course.settle()
            for number in (0, 1, 0, 1):
                self.tell_again(number)
                self.search_twice(number)
        finally:
            self.course.close()


TestCachedSearchModel = CachedSearchMachine.TestCase
TestCachedSearchModel.settings = settings(
    max_examples=int(os.environ.get("SOCIAL_TEST_EXAMPLES", "60")), stateful_step_count=30, deadline=None
)
