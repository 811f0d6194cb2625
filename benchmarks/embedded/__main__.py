"""`python -m benchmarks.embedded`: loads, searches, starts and memory of the embedded engine."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from benchmarks.__main__ import counts, positive
from benchmarks.bars import Bar
from benchmarks.data import Sample, grown
from benchmarks.embedded import report
from benchmarks.embedded.figures import Figures, bars
from benchmarks.embedded.footprint import measure_memory
from benchmarks.embedded.loads import measure_loads
from benchmarks.embedded.searches import measure_searches, measure_starts
from benchmarks.embedded.stage import Stage
from benchmarks.engines.__main__ import add_common, checked, sample_of
from benchmarks.engines.filters import everything
from benchmarks.engines.report import Row, as_markdown, as_text
from benchmarks.load import check_wrk
from benchmarks.output import bars_table, conditions, machine, put_between

PARTS = ("load", "search", "start", "memory")


def main() -> int:
    """Run what the command line asks for. 1 where a bar was missed, 2 where something is lacking."""
    given = arguments()
    # A process that is told to stop has to stop those that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        check_wrk()
        sample = sample_of(given)
        figures = measure(given, sample)
    except (RuntimeError, OSError, ImportError) as error:
        print(f"benchmarks.embedded: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    judged = list(bars(figures, everything(sample).title))
    for columns, rows, _ in tables(figures):
        print(f"\n{as_text(columns, rows)}")
    print(f"\n{report.starts(figures)}\n")
    print("\n".join(map(str, judged)))
    about = {"machine": machine(), "data": sample.name, "rounds": given.rounds, "seconds": given.seconds}
    write(given, figures, about | {"store": given.store}, judged)
    return 1 if given.check and not all(bar.reached for bar in judged) else 0


def measure(given: argparse.Namespace, sample: Sample) -> Figures:
    """Start everything, measure, and say how far it is."""
    figures = Figures()
    with Stage(sample, given.store) as stage:
        if "load" in given.parts:
            loaded = grown(sample, given.load_points)
            measure_loads(stage, loaded, figures, say, rounds=given.rounds, together=given.in_flight)
        if "search" in given.parts:
            for size in given.sizes:
                measure_searches(stage, size, figures, say, rounds=given.rounds, seconds=given.seconds)
        if "start" in given.parts:
            measure_starts(stage, max(given.sizes), figures, say, rounds=given.rounds)
        if "memory" in given.parts:
            stage.holdfast.process.stop()
            measure_memory(stage, given.memory_points, figures, say, graph=given.memory_graph)
    return figures


def say(text: str) -> None:
    """How far it is."""
    print(text, file=sys.stderr)


def tables(figures: Figures) -> Iterator[tuple[Row, list[Row], int]]:
    """Columns, rows, and how many columns are text, of each table that has rows."""
    made = (
        (report.LOAD_COLUMNS, report.loads, 1),
        (report.SEARCH_COLUMNS, report.searches, 2),
        (report.RECALL_COLUMNS, report.recalls, 2),
        (report.MEMORY_COLUMNS, report.memories, 1),
    )
    for columns, rows_of, texts in made:
        if rows := list(rows_of(figures)):
            yield columns, rows, texts


def write(given: argparse.Namespace, figures: Figures, about: dict[str, object], judged: Iterable[Bar]) -> None:
    """Write what the command line asks for."""
    judged = list(judged)
    if given.json:
        given.json.write_text(json.dumps({"about": about} | asdict(figures), indent=1) + "\n")
    if given.plot:
        report.write_plot(given.plot, figures)
    if given.readme:
        parts = [conditions(about), "![Ratios to the engine called directly](embedded.svg)"]
        parts += [as_markdown(columns, rows, texts) for columns, rows, texts in tables(figures)]
        put_between(given.readme, "embedded", [*parts, report.starts(figures), bars_table(judged)])


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.embedded", description=__doc__)
    add_common(parser, "embedded")
    parser.add_argument("--parts", type=parts, default=PARTS, help=f"default: {','.join(PARTS)}")
    parser.add_argument("--rounds", type=positive, default=3, help="default: %(default)s")
    parser.add_argument("--seconds", type=positive, default=3, help="of a run of searches; default: %(default)s")
    parser.add_argument("--load-points", type=positive, default=100_000, help="default: %(default)s")
    parser.add_argument("--in-flight", type=positive, default=4, help="batches at a time; default: %(default)s")
    parser.add_argument("--sizes", type=counts, default=[20_000, 100_000], help="default: 20000,100000")
    parser.add_argument("--memory-points", type=positive, default=100_000, help="default: %(default)s")
    parser.add_argument("--memory-graph", action="store_true", help="watch until the graph is built, too")
    return checked(parser)


def parts(text: str) -> list[str]:
    """Names of parts. A start needs the collection of the searches."""
    names = text.split(",")
    if not set(names) <= set(PARTS) or ("start" in names and "search" not in names):
        raise ValueError
    return names


if __name__ == "__main__":
    sys.exit(main())
