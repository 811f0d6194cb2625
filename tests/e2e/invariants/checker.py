"""Judges each answer when it comes, by what was asked and answered before."""

from __future__ import annotations

import math

from tests.e2e.invariants.answers import BYPASS, MISS, Answer, Demand, Violation
from tests.e2e.invariants.history import READS, History, Operation
from tests.e2e.invariants.limits import (
    EPSILON,
    FRESH,
    INVALIDATION_TIMEOUT,
    READ_DEADLINE,
    READ_TIMEOUT,
    RECOVERY,
    SLACK,
    STALE,
    TELLING,
    WRITE_DEADLINE,
)
from tests.e2e.invariants.timeline import ABSENT, Late, Timeline

STORE_DOWN = {"detail": "Vector database temporarily unavailable. Please try again later."}
CACHE_DOWN = {"detail": "Cache temporarily unavailable. Please try again later."}
NOT_CACHED = {"detail": "Nothing usable is cached, and only-if-cached was asked for."}

SUCCESSES = {"upsert": {200}, "create": {200, 201}, "delete": {204}, "purge": {204}, "live": {200}}


class Checker:
    """Raises `Violation` for an answer that must not be. Operations are told of when they begin, and when they end."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._timelines: dict[str, Timeline] = {}
        self._purges: dict[str, Operation] = {}

    def timeline(self, collection: str) -> Timeline:
        """The states of the collection."""
        return self._timelines.setdefault(collection, Timeline())

    def begin(self, operation: Operation) -> None:
        """Note an operation before it is sent."""
        self._history.operations.append(operation)
        self.timeline(operation.collection).begin(operation)

    def end(self, operation: Operation) -> None:
        """Judge the answer, or that there is none. What was written around the replicas is not theirs to answer for."""
        if operation.kind == "outside":
            return
        if operation.status is None:
            if not operation.gave_up:
                raise Violation(f"no answer: {operation.lost}")
            return
        self._check_every(operation)
        self._check_status(operation)
        if operation.kind in {"create", "delete"}:
            self.timeline(operation.collection).end(operation)

    def _check_status(self, operation: Operation) -> None:
        if operation.status == 503:
            self._check_unavailable(operation)
        elif operation.status == 404:
            self._check_absent(operation)
        elif operation.status == 504 and operation.kind in READS:
            if "only-if-cached" not in operation.control or operation.body != NOT_CACHED:
                raise Violation("a 504 that is not documented")
        elif operation.status not in SUCCESSES.get(operation.kind, {200}):
            raise Violation(f"a {operation.status}")
        elif operation.kind in READS:
            self._check_found(operation)
        else:
            self._check_written(operation)

    def _check_every(self, operation: Operation) -> None:
        """What holds of every answer: it has its request's id, and comes in time."""
        if operation.headers.get("x-request-id") != request_id(operation):
            raise Violation("an answer without its request's X-Request-ID")
        deadline = 0.0 if operation.kind == "live" else READ_DEADLINE
        if operation.kind not in {*READS, "live"}:
            deadline = WRITE_DEADLINE + INVALIDATION_TIMEOUT
        elif operation.status == 404:
            # A search that finds no collection has it forgotten.
            deadline += INVALIDATION_TIMEOUT
        if operation.ended - operation.begin > deadline + SLACK + operation.lag:
            raise Violation(f"an answer after {operation.ended - operation.begin:.2f} s")

    def _check_unavailable(self, operation: Operation) -> None:
        backend, body = ("cache", CACHE_DOWN) if operation.kind == "purge" else ("store", STORE_DOWN)
        after = operation.headers.get("retry-after", "")
        if operation.body != body or not after.isdigit() or int(after) < 1:
            raise Violation("a 503 that is not documented")
        if not self._history.troubled(backend, operation.replica, operation.begin - RECOVERY, operation.ended):
            raise Violation("a 503 while nothing is wrong, or was lately")

    def _check_absent(self, operation: Operation) -> None:
        if operation.body != {"detail": f"Collection '{operation.collection}' does not exist."}:
            raise Violation("a 404 that is not documented")
        if operation.kind not in {*READS, "upsert", "delete"}:
            raise Violation(f"a 404 to {operation.kind}")
        late = self._late(operation, Answer(ABSENT, stale=False, cache=MISS, age=None))
        if operation.kind not in READS:
            life = self.timeline(operation.collection).lives[-1]
            late = lambda _: 0.0  # noqa: E731
            if operation.kind == "delete" and life.ending != operation.begin:
                return  # An attempt before it may have deleted the collection.
            if operation.kind == "delete":
                raise Violation("a 404 for a collection that exists")
        self._check_state(operation, ABSENT, late)

    def _check_found(self, operation: Operation) -> None:
        demand, answers = Demand.read(operation.control), Answer.read(operation)
        if any(answer.stale or answer.age is not None for answer in answers):
            self._check_remembered(operation, answers, demand)
        for answer in answers:
            if (answer.cache == BYPASS) != ("no-store" in demand.flags):
                raise Violation("bypass that was not asked for, or none that was")
            if answer.age is None and "only-if-cached" in demand.flags:
                raise Violation("the store was asked, against only-if-cached")
            self._check_state(operation, answer.state, self._late(operation, answer))
            self.timeline(operation.collection).see(answer.state)

    def _check_remembered(self, operation: Operation, answers: list[Answer], demand: Demand) -> None:
        """Each result may be remembered, and the oldest is not too old: which one that is a batch does not say."""
        away = self._history.troubled("store", operation.replica, operation.begin - RECOVERY, operation.ended)
        remembered = [answer for answer in answers if answer.stale or answer.age is not None]
        oldest = [demand.oldest(fresh=FRESH, stale=STALE, is_stale=one.stale, away=away) for one in remembered]
        age = remembered[0].age or 0
        if None in oldest or age > max(limit or 0.0 for limit in oldest):
            raise Violation(f"a remembered answer of the age {age}, where {oldest} is allowed")
        purge = self._purges.get(operation.collection)
        if purge is not None and operation.begin > purge.ended and age > operation.ended - purge.begin + EPSILON:
            raise Violation("an answer from before a purge")

    def _check_written(self, operation: Operation) -> None:
        expected = {"upsert": {"upserted": 1}, "delete": None, "purge": None}
        if operation.kind in expected and operation.body != expected[operation.kind]:
            raise Violation("a body that is not documented")
        if "cache-status" in operation.headers and not operation.pending:
            raise Violation("a Cache-Status that is not documented")
        if operation.pending and not self._cache_troubled(operation, TELLING):
            raise Violation("the cache could not be told, while nothing is wrong, or was lately")
        if operation.kind == "purge":
            self._purges[operation.collection] = operation

    def _check_state(self, operation: Operation, state: int, late: Late) -> None:
        if not self.timeline(operation.collection).could_be(state, operation.begin, operation.ended, late):
            raise Violation("a state that was no more, or never was")

    def _late(self, operation: Operation, answer: Answer) -> Late:
        """For how long the answer may show what was before an operation: what the documentation allows, no more."""
        age = math.inf if answer.age is None else answer.age + 1 + EPSILON
        remembered = answer.age is not None or answer.stale
        direct = Demand.read(operation.control).direct
        apart = answer.cache == MISS and self._cache_troubled(operation, RECOVERY)

        def late(other: Operation) -> float:
            untold = other.replica != operation.replica and self._is_untold(other)
            if answer.stale and other.kind != "delete":
                # It was right when it was asked for, which its age tells.
                return age
            if direct and not remembered:
                return 0.0
            if remembered or (answer.mixed and untold):
                return min(age, (STALE if answer.stale else FRESH) if untold else 0.0)
            # It may share a search that began before, where it cannot know of the write.
            return READ_TIMEOUT + EPSILON if untold or (apart and other.replica != operation.replica) else 0.0

        return late

    def _is_untold(self, write: Operation) -> bool:
        """Whether the cache was not told, as far as is known: an answer that is an error does not say."""
        if write.kind == "outside" or write.pending:
            return True
        return write.status in {404, 503} and self._cache_troubled(write, 0.0)

    def _cache_troubled(self, operation: Operation, before: float) -> bool:
        return self._history.troubled("cache", operation.replica, operation.begin - before, operation.ended)


def request_id(operation: Operation) -> str:
    """The id that its request carries."""
    return f"inv-{operation.number}"
