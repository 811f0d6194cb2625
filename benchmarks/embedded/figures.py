"""What a run of `benchmarks.embedded` gave, and what it had to give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from benchmarks.bars import Bar
from benchmarks.report import Spread

DIRECT, LIST, BASE64, IMPORT, ALONE = (
    "engine directly", "HTTP, list", "HTTP, base64", "holdfast import --url", "holdfast import, no service",
)  # fmt: skip
LOADS = {LIST: 0.6, BASE64: 0.6, IMPORT: 0.6, ALONE: 0.8}
HEALTH_MS, SEARCH_MS = 50.0, 250.0
SEARCH_RATIO, RECALL, START_SECONDS = 1.5, 0.98, 3.0


@dataclass(frozen=True, slots=True)
class Load:
    """One load. The p99s in ms are of the probes meanwhile, `probes` how many there were, `failed` how many failed."""

    round: int
    way: str
    points: int
    seconds: float
    health: float | None = None
    search: float | None = None
    longest: float | None = None
    probes: int = 0
    failed: int = 0

    @property
    def rate(self) -> float:
        """Points a second."""
        return self.points / self.seconds


@dataclass(frozen=True, slots=True)
class Search:
    """The medians of one round in ms: Holdfast over HTTP, the engine directly, and the bare POST handler."""

    round: int
    points: int
    case: str
    holdfast: float
    direct: float
    bare: float

    @property
    def ratio(self) -> float:
        """What a search takes, through what the engine and the handler take one after the other."""
        return self.holdfast / (self.direct + self.bare)


@dataclass(frozen=True, slots=True)
class Recall:
    """The recall at ten of Holdfast, or of the engine directly; `indexes` says when they were made."""

    points: int
    case: str
    indexes: str
    value: float


@dataclass
class Figures:
    """All of it. `memory` is the most MiB of each process, `starts` are seconds."""

    loads: list[Load] = field(default_factory=list)
    searches: list[Search] = field(default_factory=list)
    recalls: list[Recall] = field(default_factory=list)
    starts: list[tuple[int, float]] = field(default_factory=list)
    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def loads_of(self, way: str) -> list[Load]:
        """The loads in this way."""
        return [load for load in self.loads if load.way == way]

    def load_ratio(self, way: str) -> Spread | None:
        """Points a second through those of the engine directly, by round."""
        directly = {load.round: load.rate for load in self.loads_of(DIRECT)}
        ratios = [load.rate / directly[load.round] for load in self.loads_of(way) if load.round in directly]
        return Spread.of(ratios) if ratios else None

    def searches_of(self, points: int, case: str) -> list[Search]:
        """The searches of this place."""
        return [each for each in self.searches if (each.points, each.case) == (points, case)]

    def search_places(self) -> Sequence[tuple[int, str]]:
        """The sizes and cases that were measured."""
        return list(dict.fromkeys((each.points, each.case) for each in self.searches))


def p99(times: Sequence[float]) -> float:
    """What 99 of 100 did not exceed."""
    return float(np.quantile(times, 0.99, method="higher"))


def bars(figures: Figures, plain: str) -> Iterator[Bar]:
    """Every bar. `plain` is the case without a filter."""
    for way, bound in LOADS.items():
        if not (here := figures.loads_of(way)):
            continue
        ratio = figures.load_ratio(way)
        yield Bar("load", f"points a second to the engine directly, {way}", ratio.median if ratio else None, bound)
        for what, most in (("health", HEALTH_MS), ("search", SEARCH_MS)):
            seen = [value for load in here if (value := getattr(load, what)) is not None]
            if seen:
                name = "/health/live" if what == "health" else "searches of another collection"
                yield Bar("load", f"p99 of {name} in ms, {way}", median(seen), most, at_most=True)
    for points, case in figures.search_places():
        if case == plain:
            ratio_ = median(each.ratio for each in figures.searches_of(points, case))
            what = f"p50 of a search to the engine and the bare handler together, {points:,} points"
            yield Bar("search", what, ratio_, SEARCH_RATIO, at_most=True)
    for each in figures.recalls:
        if each.indexes != DIRECT:
            what = f"recall at 10, {each.points:,} points, {each.case}, indexes {each.indexes} the points"
            yield Bar("recall", what, each.value, RECALL)
    if figures.starts:
        points = figures.starts[0][0]
        value = median(seconds for _, seconds in figures.starts)
        yield Bar("start", f"seconds to the first search, {points:,} points", value, START_SECONDS, at_most=True)
