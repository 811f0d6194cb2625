"""The course of an outage: which calls to a fake fail, hang or take long, and how."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Self, TypedDict, Unpack

from domain.errors import Failure
from domain.ports import Cache, VectorStore

OPERATIONS = (VectorStore.__abstractmethods__ | Cache.__abstractmethods__) - {"aclose"}
"""What a step can be for. Closing always works."""


class Span(TypedDict, total=False):
    """Which calls a step is for, and when: all of them, before they reach the backend, where nothing is said."""

    calls: int
    """Of the next so many, and then no more. Without it the step lasts until another is told."""
    only: str | Iterable[str]
    """The operations, by the names of the port's methods. Others work, and are not counted."""
    done: bool
    """True: the backend does what it was asked first, so that the answer alone is lost or late."""


@dataclass(slots=True)
class Step:
    """What happens to a call: it waits, and then it fails, or goes on where there is no failure.

    `recovered` is done when the calls that hang may go on.
    """

    failure: Failure | None = None
    retry_after: float | None = None
    delay: float = 0.0
    hangs: bool = False
    share: float = 1.0
    done: bool = False
    only: frozenset[str] = OPERATIONS
    left: int | None = None
    chance: random.Random = field(default_factory=random.Random)
    recovered: Future[None] = field(default_factory=Future)

    def __post_init__(self) -> None:
        if unknown := self.only - OPERATIONS:
            raise ValueError(f"no operation of a port: {', '.join(sorted(unknown))}")
        if self.left is not None and self.left < 1:
            raise ValueError(f"a step is for 1 call or more, not for {self.left}")
        if not (0 <= self.share <= 1 and self.delay >= 0):
            raise ValueError(f"a share is from 0 to 1 and a delay not negative: {self.share}, {self.delay}")


WORKS = Step()
"""Nothing happens to the call."""


class Script:
    """Steps that calls go through in the order told. Without any left, calls work.

    A step for a number of `calls` is followed by the next; one without lasts until another is told.
    Every method gives the script itself, so that steps can be told in a row:

    >>> outage = Script().works(calls=2).down(calls=3).slow(0.1, only="search")

    Two fakes may follow one script. It may be told from another thread than the calls run in.
    `sleep` takes seconds.
    """

    def __init__(self, *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._sleep = sleep
        self._steps: deque[Step] = deque()
        self._recovered: Future[None] = Future()
        self._lock = threading.Lock()

    def recover(self) -> Self:
        """Drop all steps. Calls work from now on, and those that hang go on."""
        with self._lock:
            self._steps.clear()
            recovered, self._recovered = self._recovered, Future()
        recovered.set_result(None)
        return self

    def works(self, calls: int, *, only: str | Iterable[str] = OPERATIONS) -> Self:
        """So many calls work, before the next step."""
        return self._tell(Step(), {"calls": calls, "only": only})

    def fail(
        self, failure: Failure, *, retry_after: float | None = None, delay: float = 0.0, **span: Unpack[Span]
    ) -> Self:
        """Calls raise `BackendUnavailable` with this failure, after a delay as where a time limit ran out."""
        return self._tell(Step(failure, retry_after, delay), span)

    def down(self, *, retry_after: float | None = None, **span: Unpack[Span]) -> Self:
        """No connection is made: calls fail at once."""
        return self.fail(Failure.REFUSED, retry_after=retry_after, **span)

    def garbage(self, **span: Unpack[Span]) -> Self:
        """The backend answers with what is no answer."""
        return self.fail(Failure.GARBAGE, **span)

    def lost(self, **span: Unpack[Span]) -> Self:
        """The backend does what it was asked, and the connection ends before the answer is here."""
        return self._tell(Step(Failure.RESET), {**span, "done": True})

    def flaky(self, share: float, *, seed: int = 0, failure: Failure = Failure.RESET, **span: Unpack[Span]) -> Self:
        """This share of calls fails, and with one seed always the same ones. 0.25 is one in four."""
        return self._tell(Step(failure, share=share, chance=random.Random(seed)), span)  # noqa: S311 - the draws of a fake # nosec B311

    def slow(self, seconds: float, **span: Unpack[Span]) -> Self:
        """Calls work, after so many seconds."""
        return self._tell(Step(delay=seconds), span)

    def hang(self, **span: Unpack[Span]) -> Self:
        """Calls wait until they are cancelled, or until the backend recovers; then they work."""
        return self._tell(Step(hangs=True), span)

    def take(self, operation: str) -> Step:
        """What happens to the next call, which is of this operation. For fakes."""
        with self._lock:
            if not self._steps or operation not in self._steps[0].only:
                return WORKS
            step = self._steps[0]
            if step.left is not None:
                step.left -= 1
                if not step.left:
                    self._steps.popleft()
            return step if step.chance.random() < step.share else WORKS

    async def wait(self, step: Step) -> None:
        """Wait as long as a call in this step does. For fakes."""
        if step.delay:
            await self._sleep(step.delay)
        if step.hangs:
            # A caller who is cancelled must not end the wait of the others.
            await asyncio.shield(asyncio.wrap_future(step.recovered))

    def _tell(self, step: Step, span: Span) -> Self:
        only = span.get("only", OPERATIONS)
        operations = frozenset([only] if isinstance(only, str) else only)
        with self._lock:
            if self._steps and self._steps[-1].left is None:
                self._steps.pop()
            step = replace(
                step,
                left=span.get("calls"),
                only=operations,
                done=span.get("done", False),
                recovered=self._recovered,
            )
            self._steps.append(step)
        return self
