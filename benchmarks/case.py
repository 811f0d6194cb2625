"""What a case is, and how it is told that a run was one."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from benchmarks.client import Reply, search
from benchmarks.load import Load, Span
from benchmarks.questions import Encoding
from benchmarks.servers import BARE, GOOD, HOLDFAST, TUTORIAL, Contestant, Counts, Stage

WARMING = (1, 2, 4, 8, 16, 32)
"""Over how many connections a new process is asked before it is measured."""

SETTLING_SECONDS = 5.0

EVERYONE = (BARE, HOLDFAST, TUTORIAL, GOOD)


class NotAvailable(Exception):
    """The case could not be set up, or was not what was measured; the message says why."""


class Case:
    """One case. A round calls `begin`, for each run `ready`, the load and `check`, and then `end`."""

    name = ""
    title = ""
    contestants: Sequence[str] = EVERYONE
    seconds: int | None = None
    """How long a run takes, where that is not for the command line to say."""

    def begin(self, stage: Stage) -> None:
        """Set up what all runs share. Raises `NotAvailable`."""

    def ready(self, stage: Stage, contestant: Contestant, encoding: Encoding) -> Span:
        """Set up one run; what to ask in it. Raises `NotAvailable`."""
        raise NotImplementedError

    def check(self, stage: Stage, contestant: Contestant, load: Load, seen: Counts) -> None:
        """Raise `NotAvailable` where the run was not of this case. Not called for the bare handler."""

    def end(self, stage: Stage) -> None:
        """Put everything back."""


def expect_cache(contestant: Contestant, replies: Sequence[Reply], word: str) -> None:
    """Raise `NotAvailable` unless each of Holdfast's answers says the word in its Cache-Status."""
    for reply in replies:
        if contestant.name == HOLDFAST and word not in (reply.cache or "").replace(";", " ").split():
            raise NotAvailable(f"status {reply.status}, Cache-Status: {reply.cache or 'none'}")


def warm_slowly(contestant: Contestant, bodies: Sequence[bytes]) -> None:
    """Ask these over more and more connections, so that a new process need not open all of its own at once.

    Raises `NotAvailable` where the last ones are no hits, even after some seconds.
    """
    share = len(bodies) // len(WARMING)
    for step, connections in enumerate(WARMING):
        search(contestant.url, bodies[step * share : (step + 1) * share], connections=connections)
    deadline = time.monotonic() + SETTLING_SECONDS
    while True:
        replies = search(contestant.url, bodies[-4:])
        try:
            return expect_cache(contestant, replies, "hit")
        except NotAvailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def bodies_of(stage: Stage, encoding: Encoding, numbers: Iterable[int]) -> list[bytes]:
    """The bodies of these numbers."""
    return [stage.questions[encoding].body(number) for number in numbers]


def expect_no_refusals(load: Load) -> None:
    """Raise `NotAvailable` where an answer was a refusal."""
    if load.refusals:
        raise NotAvailable(f"{load.refusals} of {load.requests} answers were refusals")


def expect_hits(load: Load, seen: Counts) -> None:
    """Raise `NotAvailable` where the store was asked, or an answer was a refusal."""
    expect_no_refusals(load)
    if seen.searches > 0.01 * load.requests:
        raise NotAvailable(f"the store was asked {seen.searches} times by {load.requests} requests")
