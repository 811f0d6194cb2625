"""Which states a collection may have been in, and when: what answers are judged by.

Each write adds a point that scores higher than all before, so that the best hit is the last write. A
write whose outcome is unknown may thus be done at any time later without hiding one that was
acknowledged. The one writer of a collection deletes it, and makes it anew, when nothing is under way.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from tests.e2e.invariants.history import Operation

EMPTY, ABSENT = -1, -2
"""What a search sees besides the version of a write: no point, and no collection."""

Late = Callable[[Operation], float]
"""For how many seconds after its end an operation may go unseen."""

Span = tuple[float, float]


@dataclass(slots=True)
class Life:
    """A collection from its making to its deletion. Of each only the first attempt's begin, and the first sure end."""

    begun: float
    made: Operation | None = None
    writes: list[Operation] = field(default_factory=list)
    ending: float | None = None
    ended: Operation | None = None

    def until(self, late: Late, after: int = EMPTY) -> float:
        """When at the latest a state before the writes of a version above `after` was no more."""
        last = math.inf if self.ended is None else self.ended.ended + late(self.ended)
        for write in islice(self.writes, bisect_right(self.writes, after, key=version_of), None):
            if write.sure and write.end is not None:
                last = min(last, write.end + late(write))
                if not late(write):
                    # The writer waits for each answer, so that those of later writes came later.
                    break
        return last


def version_of(write: Operation) -> int:
    """The version that it writes."""
    return write.version or 0


class Timeline:
    """The lives of one collection, as its writer's operations began and ended."""

    def __init__(self) -> None:
        self.lives: list[Life] = []
        self._written: dict[int, tuple[Life, Operation]] = {}

    def begin(self, operation: Operation) -> None:
        """Note an operation before it is sent."""
        if operation.kind == "create" and (not self.lives or self.lives[-1].ended is not None):
            self.lives.append(Life(operation.begin))
        elif operation.kind in {"upsert", "outside"}:
            self.lives[-1].writes.append(operation)
            self._written[version_of(operation)] = self.lives[-1], operation
        elif operation.kind == "delete" and self.lives[-1].ending is None:
            self.lives[-1].ending = operation.begin

    def end(self, operation: Operation) -> None:
        """Note what became of it."""
        life = self.lives[-1]
        if operation.kind == "create" and operation.done and life.made is None:
            life.made = operation
        elif operation.kind == "delete" and (operation.done or operation.status == 404) and life.ended is None:
            life.ended = operation

    def see(self, state: int) -> None:
        """Note that a search showed the state: a write that has no answer yet is done, whatever that will be."""
        if state in self._written and self._written[state][1].end is None:
            self._written[state][1].seen = True

    def could_be(self, state: int, since: float, until: float, late: Late) -> bool:
        """Whether the collection may have been in the state at some time between the two."""
        return any(first <= until and last >= since for first, last in self._spans(state, late))

    def _spans(self, state: int, late: Late) -> Iterator[Span]:
        if state == ABSENT:
            yield from self._gaps(late)
        elif state == EMPTY:
            yield from ((life.begun, life.until(late)) for life in self.lives)
        elif state in self._written:
            life, write = self._written[state]
            yield write.begin, life.until(late, state)

    def _gaps(self, late: Late) -> Iterator[Span]:
        gone: float | None = -math.inf
        for life in self.lives:
            if gone is not None:
                yield gone, math.inf if life.made is None else life.made.ended + late(life.made)
            gone = life.ending
        if gone is not None:
            yield gone, math.inf
