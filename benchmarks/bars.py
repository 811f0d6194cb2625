"""What the service has to reach, as ratios of one run, so that the machine matters little."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from benchmarks.questions import Encoding
from benchmarks.report import Place, Results, p99, rate
from benchmarks.run import ADAPTER
from benchmarks.servers import BARE, BARE_ADAPTER, GOOD, HOLDFAST, TUTORIAL

HITS_OF_BARE = {Encoding.LIST: 0.5, Encoding.BASE64: 0.6}
HITS_OF_TUTORIAL = 4.0
HITS_OF_GOOD = 1.5
MISS_OF_SUM = 1.25
REFUSAL_MS = 5.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what was measured (None where it could not be), and what it has to be."""

    case: str
    what: str
    value: float | None
    bound: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is reached. What was not measured is not."""
        if self.value is None:
            return False
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def __str__(self) -> str:
        value = "not available" if self.value is None else f"{self.value:.2f}"
        sign = "at most" if self.at_most else "at least"
        return f"{'reached' if self.reached else 'MISSED '}  {self.what}: {value} ({sign} {self.bound:g})"


def bars(results: Results, connections: list[int]) -> Iterator[Bar]:
    """Every bar, at the most connections."""
    most = max(connections)
    for encoding, share in HITS_OF_BARE.items():
        yield from _hits(results, encoding, most, share)
    for encoding in Encoding:
        yield from _misses(results, encoding, most)
    for encoding in Encoding:
        what = (
            f"p99 of the 503 with the breaker open past that of the bare handler in ms, {encoding}, {most} connections"
        )
        yield Bar("open", what, _refusal(results, encoding, most), REFUSAL_MS, at_most=True)


def _hits(results: Results, encoding: str, connections: int, share: float) -> Iterator[Bar]:
    ours: Place = ("hit", encoding, connections, HOLDFAST)
    for other, bound in ((BARE, share), (TUTORIAL, HITS_OF_TUTORIAL), (GOOD, HITS_OF_GOOD)):
        ratio = results.ratio(ours, ("hit", encoding, connections, other), rate)
        what = f"hits in the process to {other}, {encoding}, {connections} connections"
        yield Bar("hit", what, ratio.median if ratio else None, bound)


def _misses(results: Results, encoding: Encoding, connections: int) -> Iterator[Bar]:
    both = results.ratio(("miss", encoding, connections, BARE_ADAPTER), ("miss", encoding, connections, HOLDFAST), rate)
    for other, value in (
        ("the bare handler that asks the adapter", both.median if both else None),
        ("the sum of the adapter and the bare handler, each measured alone", _miss(results, encoding, connections)),
    ):
        yield Bar("miss", f"a miss to {other}, {encoding}, {connections} connections", value, MISS_OF_SUM, at_most=True)


def _miss(results: Results, encoding: str, connections: int) -> float | None:
    """The time of a miss through the time of the adapter alone and of the bare handler, one after the other."""
    ours = results.loads(("miss", encoding, connections, HOLDFAST))
    bare = results.loads(("miss", encoding, connections, BARE))
    adapter = results.loads(("miss", Encoding.LIST, connections, ADAPTER))
    rounds = ours.keys() & bare.keys() & adapter.keys()
    if not rounds:
        return None
    return median(1 / ours[i].rate / (1 / adapter[i].rate + 1 / bare[i].rate) for i in rounds)


def _refusal(results: Results, encoding: str, connections: int) -> float | None:
    ours = results.loads(("open", encoding, connections, HOLDFAST))
    bare = results.loads(("open", encoding, connections, BARE))
    rounds = ours.keys() & bare.keys()
    return median(p99(ours[i]) - p99(bare[i]) for i in rounds) if rounds else None
