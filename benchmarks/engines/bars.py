"""What the embedded engine has to reach beside its peers, as ratios of one run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.bars import Bar
from benchmarks.engines.engine import Holdfast
from benchmarks.engines.filters import Wanted
from benchmarks.engines.loading import Loading
from benchmarks.engines.peers import Chroma, LanceDB
from benchmarks.engines.searching import Recalls
from benchmarks.engines.stage import HELLO
from benchmarks.questions import Encoding
from benchmarks.report import Results, Spread, rate

OURS = Holdfast.name
OF_CHROMA = {True: 2.0, False: 10.0}
"""By whether there is no filter."""

OF_HELLO, AT = {True: 0.07, False: 0.09}, 8
OF_CHROMA_LOADS = 5.0
RECALL = 0.98


def bars(results: Results, loads: Sequence[Loading], recalls: Recalls, cases: Sequence[Wanted]) -> Iterator[Bar]:
    """Every bar."""
    connections = sorted({run.connections for run in results.runs})
    for wanted in cases:
        plain = wanted.name == "plain"
        for count in connections:
            for other, bound in ((Chroma.name, OF_CHROMA[plain]), (LanceDB.name, 1.0)):
                yield _searches(results, wanted, count, other, bound)
            if count == AT:
                yield _searches(results, wanted, count, HELLO, OF_HELLO[plain])
    for encoding in (Encoding.LIST, Encoding.BASE64):
        for count in sorted({load.connections for load in loads}):
            ratio = load_ratio(loads, (OURS, encoding, count), (Chroma.name, encoding, count))
            what = f"points a second to {Chroma.name}, {encoding}, {count} batches at a time"
            yield Bar("load", what, ratio.median if ratio else None, OF_CHROMA_LOADS)
    for wanted in cases:
        yield Bar("recall", f"recall at 10, {wanted.title}", recalls.get((wanted.name, OURS)), RECALL)


def load_ratio(loads: Sequence[Loading], here: tuple[str, str, int], there: tuple[str, str, int]) -> Spread | None:
    """Points a second of one contestant, encoding and number of connections through those of another, by round."""
    ours, theirs = ({load.round: load for load in loads if place_of(load) == place} for place in (here, there))
    rounds = ours.keys() & theirs.keys()
    return Spread.of([ours[i].rate / theirs[i].rate for i in rounds]) if rounds else None


def place_of(load: Loading) -> tuple[str, str, int]:
    """Contestant, encoding and connections."""
    return load.contestant, load.encoding, load.connections


def medians(loads: Sequence[Loading], place: tuple[str, str, int]) -> tuple[float, float, float | None]:
    """Points a second, seconds until ready, and microseconds of CPU for a point."""
    here = [load for load in loads if place_of(load) == place]
    used = [load.cpu / load.points * 1e6 for load in here if load.cpu is not None]
    return median(load.rate for load in here), median(load.ready for load in here), median(used) if used else None


def _searches(results: Results, wanted: Wanted, count: int, other: str, bound: float) -> Bar:
    ours, theirs = ((wanted.name, Encoding.LIST, count, name) for name in (OURS, other))
    ratio = results.ratio(ours, theirs, rate)
    what = f"searches a second to {other}, {wanted.title}, {count} connections"
    return Bar(wanted.name, what, ratio.median if ratio else None, bound)
