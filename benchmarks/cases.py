"""The cases: how each is set up, and how it is told that it was really the case that was measured.

Holdfast says in `Cache-Status` where an answer came from; beside that, the stand-in counts the searches
that reach it, and Redis the bytes that it sends. A case that is not as it should be raises
`NotAvailable`, and is reported so.
"""

from __future__ import annotations

import itertools
import time

from benchmarks.case import (
    Case,
    NotAvailable,
    bodies_of,
    expect_cache,
    expect_hits,
    expect_no_refusals,
    warm_slowly,
)
from benchmarks.client import NO_CACHE, call, search
from benchmarks.load import Load, Span, run_wrk
from benchmarks.questions import Encoding
from benchmarks.servers import BARE, BARE_ADAPTER, GOOD, HOLDFAST, TUTORIAL, Contestant, Counts, Stage

REPEATED = 16
"""How many different searches are repeated in the cases of hits."""

STRIDE = 200_000
"""How far apart the numbers of the searches of two runs are, where none may come twice."""

RECOVERY_SECONDS = 40.0

POINTS = "/v1/collections/packages/points"


class Miss(Case):
    """Every search is one that was never asked before."""

    name, title = "miss", "a miss"
    contestants = (BARE, BARE_ADAPTER, HOLDFAST, TUTORIAL, GOOD)
    _starts = itertools.count(1)

    def ready(self, stage: Stage, contestant: Contestant, encoding: Encoding) -> Span:
        return Span(STRIDE * next(self._starts), STRIDE)

    def check(self, stage: Stage, contestant: Contestant, load: Load, seen: Counts) -> None:
        expect_no_refusals(load)
        if seen.searches < 0.98 * load.requests:
            raise NotAvailable(f"the store was asked {seen.searches} times by {load.requests} requests")

    def end(self, stage: Stage) -> None:
        stage.flush()


class Hit(Case):
    """The same few searches again and again."""

    name, title = "hit", "a hit in the process"

    def ready(self, stage: Stage, contestant: Contestant, encoding: Encoding) -> Span:
        if contestant.name != BARE:
            bodies = bodies_of(stage, encoding, range(REPEATED))
            search(contestant.url, bodies)
            expect_cache(contestant, search(contestant.url, bodies), "hit")
        return Span(0, REPEATED)

    def check(self, stage: Stage, contestant: Contestant, load: Load, seen: Counts) -> None:
        expect_hits(load, seen)
        if contestant.name == HOLDFAST and seen.redis_bytes > load.requests * len(stage.answer) / 4:
            raise NotAvailable(f"Redis sent {seen.redis_bytes / load.requests:.0f} bytes for each request")


class Redis(Case):
    """Searches that another replica remembered in Redis, and this process, just started, has never seen.

    For the contestants without a memory of their own every hit is one in Redis.
    """

    name, title = "redis", "a hit in Redis"
    seconds = 1
    spare = 320
    """How many of the searches put into Redis warm the connections, and are not asked again."""

    _filled = 0

    def begin(self, stage: Stage) -> None:
        self._filled = self._enough(stage)
        replica = stage.holdfast()
        with replica.process:
            for encoding in Encoding:
                bodies = bodies_of(stage, encoding, range(self._filled))
                expect_cache(replica, search(replica.url, bodies, connections=16, headers=NO_CACHE)[-1:], "stored")

    def _enough(self, stage: Stage) -> int:
        """More searches than are asked in a second, which are fewer than the hits of any kind."""
        url, questions = stage.contestants[HOLDFAST].url, stage.file(Encoding.BASE64)
        quickest = run_wrk(url, questions, Span(0, REPEATED), connections=32, seconds=1)
        return int(1.25 * quickest.rate) + 3 * self.spare

    def ready(self, stage: Stage, contestant: Contestant, encoding: Encoding) -> Span:
        asked = self._filled - self.spare
        if contestant.name == HOLDFAST:
            contestant.process.restart()
            warm_slowly(contestant, bodies_of(stage, encoding, range(asked, self._filled)))
        elif contestant.name != BARE:
            search(contestant.url, bodies_of(stage, encoding, range(REPEATED)))
            asked = REPEATED
        return Span(0, asked)

    def check(self, stage: Stage, contestant: Contestant, load: Load, seen: Counts) -> None:
        expect_hits(load, seen)
        if contestant.name == HOLDFAST and seen.redis_bytes < load.requests * len(stage.answer) / 4:
            raise NotAvailable(f"Redis sent only {seen.redis_bytes / load.requests:.0f} bytes for each request")


class Outage(Case):
    """The store cuts every connection. Only Holdfast has an answer to that."""

    contestants = (BARE, HOLDFAST)

    _starts = itertools.count(100_000_000, STRIDE)

    def end(self, stage: Stage) -> None:
        stage.set_away(away=False)
        url, deadline = stage.contestants[HOLDFAST].url, time.monotonic() + RECOVERY_SECONDS
        while search(url, self._unseen(stage))[0].status != 200:
            if time.monotonic() > deadline:
                raise RuntimeError(f"Holdfast did not recover within {RECOVERY_SECONDS} s of the end of an outage")
            time.sleep(0.2)

    def _unseen(self, stage: Stage, number: int = 1) -> list[bytes]:
        """Searches that nobody asked before."""
        first = next(self._starts)
        return bodies_of(stage, Encoding.BASE64, range(first, first + number))


class Stale(Outage):
    """Searches that were remembered before a write, while the store is away."""

    name, title = "stale", "a stale answer in an outage"

    def begin(self, stage: Stage) -> None:
        url = stage.contestants[HOLDFAST].url
        for encoding in Encoding:
            search(url, bodies_of(stage, encoding, range(REPEATED)))
        written = call(url, "PUT", POINTS, {"points": [{"id": 1, "vector": [1.0] + [0.0] * (stage.size - 1)}]})
        if written.status != 200:
            raise RuntimeError(f"the write was answered with {written.status}: {written.body[:200]!r}")
        stage.set_away(away=True)

    def ready(self, stage: Stage, contestant: Contestant, encoding: Encoding) -> Span:
        if contestant.name == HOLDFAST:
            bodies = bodies_of(stage, encoding, range(REPEATED))
            search(contestant.url, bodies)
            expect_cache(contestant, search(contestant.url, bodies), "detail=stale")
        return Span(0, REPEATED)

    def check(self, stage: Stage, contestant: Contestant, load: Load, seen: Counts) -> None:
        expect_no_refusals(load)


class Open(Outage):
    """Searches that nothing remembers, while the store is away and its circuit breaker is open."""

    name, title = "open", "503 with the breaker open"

    def begin(self, stage: Stage) -> None:
        stage.set_away(away=True)
        search(stage.contestants[HOLDFAST].url, self._unseen(stage, 64), connections=8)

    def ready(self, stage: Stage, contestant: Contestant, encoding: Encoding) -> Span:
        return Span(next(self._starts), STRIDE)

    def check(self, stage: Stage, contestant: Contestant, load: Load, seen: Counts) -> None:
        if load.refusals < load.requests:
            raise NotAvailable(f"{load.requests - load.refusals} of {load.requests} answers were no refusals")
        if seen.cut > 20 + load.requests / 100:
            raise NotAvailable(f"no breaker is open: {load.requests} requests tried the store {seen.cut} times")


CASES: tuple[Case, ...] = (Miss(), Hit(), Redis(), Stale(), Open())
