"""The tables of a run, and the plot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.embedded.figures import DIRECT, LOADS, Figures
from benchmarks.engines.report import Row
from benchmarks.report import Spread

LOAD_COLUMNS = ("load", "points", "points/s", "to the engine", "health p99 ms", "search p99 ms", "longest ms", "failed")
SEARCH_COLUMNS = ("points", "case", "Holdfast p50 ms", "engine ms", "bare POST ms", "to both")
RECALL_COLUMNS = ("points", "case", "indexes before the points", "indexes after", "engine directly")
MEMORY_COLUMNS = ("process", "peak RSS MiB", "of it anonymous, most", "of it files, most")


def loads(figures: Figures) -> Iterator[Row]:
    """A row for each way to load."""
    for way in (DIRECT, *LOADS):
        if way in figures.missing:
            yield (way, f"not available: {figures.missing[way]}", *[""] * (len(LOAD_COLUMNS) - 2))
        if not (here := figures.loads_of(way)):
            continue
        ratio = figures.load_ratio(way) if way != DIRECT else None
        worst = [load.longest for load in here if load.longest is not None]
        yield (
            way,
            f"{here[0].points:,}",
            f"{median(load.rate for load in here):,.0f}",
            str(ratio or ""),
            _median([load.health for load in here]),
            _median([load.search for load in here]),
            f"{max(worst):.0f}" if worst else "",
            f"{sum(load.failed for load in here)} of {sum(load.probes for load in here):,}" if worst else "",
        )


def searches(figures: Figures) -> Iterator[Row]:
    """A row for each size and case."""
    for points, case in figures.search_places():
        here = figures.searches_of(points, case)
        times = (median(getattr(each, name) for each in here) for name in ("holdfast", "direct", "bare"))
        yield (f"{points:,}", case, *(f"{time:.3f}" for time in times), str(Spread.of([each.ratio for each in here])))


def recalls(figures: Figures) -> Iterator[Row]:
    """A row for each size and case."""
    values = {(each.points, each.case, each.indexes): each.value for each in figures.recalls}
    for points, case in dict.fromkeys((each.points, each.case) for each in figures.recalls):
        cells = (values.get((points, case, when)) for when in ("before", "after", DIRECT))
        yield (f"{points:,}", case, *("" if cell is None else f"{cell:.4f}" for cell in cells))


def memories(figures: Figures) -> Iterator[Row]:
    """A row for each process; of all together the most at one moment."""
    for name, most in figures.memory.items():
        peak = most.get("VmHWM", most.get("VmRSS", 0.0))
        yield (name, f"{peak:,.0f}", f"{most.get('RssAnon', 0.0):,.0f}", f"{most.get('RssFile', 0.0):,.0f}")


def starts(figures: Figures) -> str:
    """One sentence."""
    if not figures.starts:
        return f"The start was not measured{': ' + figures.missing['start'] if 'start' in figures.missing else ''}."
    spread = Spread.of([seconds for _, seconds in figures.starts])
    return f"With {figures.starts[0][0]:,} points the first search was answered {spread} s after the start."


def _median(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{median(known):.1f}" if known else ""


def write_plot(path: Path, figures: Figures) -> None:
    """Loads as shares of the engine directly, and searches as multiples of engine and bare handler."""
    import matplotlib as mpl  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "holdfast"
    from matplotlib import pyplot as plt  # noqa: PLC0415

    ratios = {way: ratio for way in LOADS if (ratio := figures.load_ratio(way))}
    times = {
        f"{points:,}, {case}": Spread.of([each.ratio for each in figures.searches_of(points, case)])
        for points, case in figures.search_places()
    }
    groups = (("points a second, engine directly = 1", ratios), ("p50 of a search, engine and bare POST = 1", times))
    height = 0.4 * (len(ratios) + len(times)) + 2
    sizes = [max(len(shown), 1) for _, shown in groups]
    figure, both = plt.subplots(2, figsize=(9, height), layout="constrained", height_ratios=sizes)
    for axes, (title, shown) in zip(both, groups, strict=True):
        for index, ratio in enumerate(shown.values()):
            error = [[ratio.median - ratio.low], [ratio.high - ratio.median]]
            axes.barh(index, ratio.median, 0.6, xerr=error, color="#1b6ca8", ecolor="#404040")
        axes.set_yticks(range(len(shown)), list(shown))
        axes.invert_yaxis()
        axes.axvline(1.0, color="black", linewidth=1)
        axes.set_xlabel(title)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
