"""The tables of a run, for a terminal and for the README, and the plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.engines.bars import OURS, load_ratio, medians, place_of
from benchmarks.engines.engine import Remembering
from benchmarks.engines.filters import Wanted
from benchmarks.engines.loading import Loading
from benchmarks.engines.peers import Chroma, LanceDB
from benchmarks.engines.searching import Recalls
from benchmarks.engines.stage import HELLO
from benchmarks.questions import Encoding
from benchmarks.report import Place, Results, Spread, p50, p99, rate

Row = tuple[str, ...]

SEARCHES = ("case", "conns", "contestant", "req/s", f"to {HELLO}", "of Holdfast's", "p50 ms", "p99 ms", "CPU us",
            "recall@10")  # fmt: skip
LOADS = ("contestant", "body", "at a time", "points/s", "of Holdfast's", "ready after s", "CPU us a point", "MB")
COLOURS = {OURS: "#1b6ca8", Remembering.name: "#7fb2d6", LanceDB.name: "#e0a030", Chroma.name: "#b0b0b0"}


@dataclass
class Measured:
    """What came out of a run. `tuned` says how each engine was set."""

    cases: Sequence[Wanted]
    loads: list[Loading] = field(default_factory=list)
    recalls: Recalls = field(default_factory=dict)
    tuned: dict[str, str] = field(default_factory=dict)
    results: Results = field(default_factory=lambda: Results([]))


def searches(measured: Measured) -> Iterator[Row]:
    """The rows of the searches."""
    results, titles = measured.results, {wanted.name: wanted.title for wanted in measured.cases}
    for place in results.places:
        case, encoding, connections, name = place
        head = (titles[case], str(connections), name)
        if (missing := results.missing(place)) is not None:
            yield (*head, f"not available: {missing}", *[""] * (len(SEARCHES) - 4))
            continue
        hello, ours = ((case, encoding, connections, other) for other in (HELLO, OURS))
        cpu, recall = results.cpu_us(place), measured.recalls.get((case, name))
        yield (
            *head,
            _shown(results.spread(place, rate), "{:,.0f}"),
            "" if name == HELLO else str(results.ratio(place, hello, rate) or ""),
            "" if name in {HELLO, OURS} else str(results.ratio(place, ours, rate) or ""),
            _shown(results.spread(place, p50), "{:.2f}"),
            _shown(results.spread(place, p99), "{:.2f}"),
            "" if cpu is None else f"{cpu:.0f}",
            "" if recall is None else f"{recall:.3f}",
        )


def loads(measured: Measured) -> Iterator[Row]:
    """The rows of the loads."""
    for place in dict.fromkeys(map(place_of, measured.loads)):
        name, encoding, count = place
        points, ready, cpu = medians(measured.loads, place)
        ratio = None if name == OURS else load_ratio(measured.loads, place, (OURS, encoding, count))
        sent = next(load.sent for load in measured.loads if place_of(load) == place) / 1e6
        cells = (f"{points:,.0f}", str(ratio or ""), f"{ready:.2f}", "" if cpu is None else f"{cpu:.0f}", f"{sent:.0f}")
        yield (name, encoding, str(count), *cells)


def _shown(spread: Spread | None, form: str) -> str:
    return form.format(spread.median) if spread else ""


def as_text(columns: Row, rows: Sequence[Row]) -> str:
    """A table for a terminal."""
    table = [columns, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(columns))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)
    return "\n".join(lines)


def as_markdown(columns: Row, rows: Sequence[Row], texts: int) -> str:
    """A table for a README, whose first columns are texts."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * texts + "--:|" * (len(columns) - texts)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def write_plot(path: Path, measured: Measured, connections: int) -> None:
    """Requests a second at so many connections as ratios to the bare GET, with least and most of the rounds."""
    import matplotlib as mpl  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "holdfast"
    from matplotlib import pyplot as plt  # noqa: PLC0415

    cases = measured.cases
    figure, axes = plt.subplots(figsize=(9, 0.9 * len(cases) + 1.5), layout="constrained")
    for turn, (name, colour) in enumerate(COLOURS.items()):
        for index, wanted in enumerate(cases):
            ours, hello = ((wanted.name, Encoding.LIST, connections, other) for other in (name, HELLO))
            place: Place = ours
            if (ratio := measured.results.ratio(place, hello, rate)) is None:
                continue
            error = [[ratio.median - ratio.low], [ratio.high - ratio.median]]
            label = name if name not in axes.get_legend_handles_labels()[1] else None
            where = index + (turn - 1.5) * 0.2
            axes.barh(where, ratio.median, 0.18, xerr=error, color=colour, label=label, ecolor="#404040")
    axes.set_yticks(range(len(cases)), [wanted.title for wanted in cases])
    axes.set_xscale("log")
    axes.invert_yaxis()
    axes.set_xlabel(f"searches a second at {connections} connections, bare GET = 1")
    axes.legend(loc="best")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
