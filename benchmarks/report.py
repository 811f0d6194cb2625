"""What the runs come to: medians over the rounds, as ratios to the bare handler of the same round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.cases import CASES
from benchmarks.load import Load
from benchmarks.run import ADAPTER, Run
from benchmarks.servers import BARE

Place = tuple[str, str, int, str]
"""Case, encoding, connections and contestant."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of the rounds, and the least and the most."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        spread = f" ({self.low:.2f}..{self.high:.2f})" if self.low < self.high else ""
        return f"{self.median:.2f}{spread}"


class Results:
    """The runs, by place and round."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs
        self._loads: dict[Place, dict[int, Load]] = {}
        self._missing: dict[Place, str] = {}
        self._cpu: dict[Place, list[float]] = {}
        for run in runs:
            place = (run.case, run.encoding, run.connections, run.contestant)
            if run.load is None:
                self._missing[place] = run.missing or "not measured"
                continue
            self._loads.setdefault(place, {})[run.round] = run.load
            if run.cpu is not None:
                self._cpu.setdefault(place, []).append(run.cpu / run.load.requests * 1e6)

    @property
    def places(self) -> list[Place]:
        """All places, in the order in which they were first measured."""
        return list(dict.fromkeys((run.case, run.encoding, run.connections, run.contestant) for run in self.runs))

    def missing(self, place: Place) -> str | None:
        """Why a place was not measured in each round; None where it was."""
        return self._missing.get(place)

    def spread(self, place: Place, of: Callable[[Load], float]) -> Spread | None:
        """What `of` gives for each round; None where the place is not available."""
        loads = self._loads.get(place)
        if not loads or place in self._missing:
            return None
        return Spread.of([of(load) for load in loads.values()])

    def ratio(self, place: Place, other: Place, of: Callable[[Load], float]) -> Spread | None:
        """What `of` gives here through what it gives there in the same round."""
        ours, theirs = self._loads.get(place, {}), self._loads.get(other, {})
        rounds = sorted(ours.keys() & theirs.keys())
        if not rounds or place in self._missing or other in self._missing:
            return None
        return Spread.of([of(ours[round_]) / of(theirs[round_]) for round_ in rounds])

    def loads(self, place: Place) -> dict[int, Load]:
        """What was measured, by round; nothing where the place is not available."""
        return {} if place in self._missing else self._loads.get(place, {})

    def cpu_us(self, place: Place) -> float | None:
        """Microseconds of CPU that the contestant took for a request."""
        return median(self._cpu[place]) if place in self._cpu else None


def rate(load: Load) -> float:
    """Requests a second."""
    return load.rate


def p50(load: Load) -> float:
    """Half of the answers came within so many ms."""
    return load.p50_ms


def p99(load: Load) -> float:
    """99 of 100 answers came within so many ms."""
    return load.p99_ms


COLUMNS = (
    "case",
    "body",
    "conns",
    "contestant",
    "req/s",
    "to bare",
    "p50 ms",
    "to bare",
    "p99 ms",
    "to bare",
    "CPU us",
)


def rows(results: Results) -> Iterator[tuple[str, ...]]:
    """The table, as text."""
    titles = {case.name: case.title for case in CASES}
    for place in results.places:
        case, encoding, connections, contestant = place
        body = "" if contestant == ADAPTER else encoding
        head = (titles[case], body, str(connections), contestant)
        if (missing := results.missing(place)) is not None:
            yield (*head, f"not available: {missing}", *[""] * 6)
            continue
        bare: Place = (case, encoding, connections, BARE)
        cells = []
        for of, shown in ((rate, "{:,.0f}"), (p50, "{:.2f}"), (p99, "{:.2f}")):
            here, ratio = results.spread(place, of), results.ratio(place, bare, of)
            cells += [shown.format(here.median) if here else "", str(ratio) if ratio and contestant != BARE else ""]
        cpu = results.cpu_us(place)
        yield (*head, *cells, "" if cpu is None else f"{cpu:.0f}")


def as_text(results: Results) -> str:
    """The table for a terminal."""
    table = [COLUMNS, *rows(results)]
    # A reason takes the room of all columns behind it.
    widths = [max(len(row[i]) for row in table if i != 4 or row[5:] != ("",) * 6) for i in range(len(COLUMNS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)
    return "\n".join(lines)


def as_markdown(results: Results) -> str:
    """The table for a README."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---|---|--:|---|" + "--:|" * (len(COLUMNS) - 4)]
    lines += ["| " + " | ".join(row) + " |" for row in rows(results)]
    return "\n".join(lines)


def sender(results: Results) -> str:
    """What the load generator could send at most, against what the bare handler answers."""
    loads = [run.load for run in results.runs if run.load is not None and run.contestant == BARE]
    if not loads:
        return "The load generator was not measured."
    parts = []
    for encoding in dict.fromkeys(run.encoding for run in results.runs):
        own = [run.load for run in results.runs if run.load and run.contestant == BARE and run.encoding == encoding]
        ceiling, rates = median(load.ceiling for load in own), [load.rate for load in own]
        parts.append(
            f"{ceiling:,.0f} requests/s with bodies of {encoding} ({ceiling / max(rates):.1f} times "
            f"the best of the bare handler)"
        )
    return f"The load generator (wrk, one thread) could send {' and '.join(parts)}, with a core of its own."
