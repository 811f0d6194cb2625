"""`python -m benchmarks.engines`: the embedded engine beside Chroma and LanceDB, measured in turn in one run."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from benchmarks.__main__ import counts, positive
from benchmarks.bars import Bar
from benchmarks.data import Sample, committed_sample, grown, parquet_sample
from benchmarks.engines.bars import bars
from benchmarks.engines.environments import CACHE
from benchmarks.engines.filters import Exact, of_peers
from benchmarks.engines.loading import Loading, fill, measure_loads
from benchmarks.engines.report import LOADS, SEARCHES, Measured, as_markdown, as_text, loads, searches, write_plot
from benchmarks.engines.searching import measure_searches, tune, warm
from benchmarks.engines.stage import FILE, Stage
from benchmarks.load import check_wrk
from benchmarks.output import bars_table, conditions, machine, put_between
from benchmarks.report import Results
from benchmarks.run import Run

HERE = Path(__file__).parents[1]
PEERS = ("chroma", "lancedb")


def main() -> int:
    """Run what the command line asks for. 1 where a bar was missed, 2 where something is lacking."""
    given = arguments()
    # A process that is told to stop has to stop those that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        check_wrk()
        sample = sample_of(given)
        measured, versions = measure(given, sample)
    except (RuntimeError, OSError, ImportError) as error:
        print(f"benchmarks.engines: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    judged = list(bars(measured.results, measured.loads, measured.recalls, measured.cases))
    if not (set(PEERS) <= set(given.peers)):
        judged = [bar for bar in judged if bar.value is not None]
    print(f"\n{as_text(SEARCHES, list(searches(measured)))}\n\n{as_text(LOADS, list(loads(measured)))}\n")
    print("\n".join(f"{name}: {tuned}" for name, tuned in measured.tuned.items()), end="\n\n")
    print("\n".join(map(str, judged)))
    about = {"machine": machine() | {"peers": versions}, "data": sample.name, "rounds": given.rounds}
    write(given, measured, about | {"seconds": given.seconds, "store": given.store}, judged)
    return 1 if given.check and not all(bar.reached for bar in judged) else 0


def measure(given: argparse.Namespace, sample: Sample) -> tuple[Measured, dict[str, str]]:
    """Start everything, measure, and say how far it is."""
    cases = of_peers(sample)
    measured, exact, runs = Measured(cases), Exact(sample, given.queries_of_recall), []
    with Stage(sample, cases, store=given.store, cache=given.cache, peers=given.peers) as stage:
        for load in measure_loads(stage, given.load_rounds or given.rounds, given.load_connections):
            measured.loads.append(load)
            say_load(load)
        fill(stage)
        for engine in stage.asked:
            found = tune(engine, cases, exact)
            measured.recalls |= {(case.name, engine.name): each for case, each in zip(cases, found, strict=True)}
            measured.tuned[engine.name] = engine.tuned
            print(f"{engine.name}, {engine.tuned}: recall {found}", file=sys.stderr)
        warm(stage)
        for run in measure_searches(stage, given.rounds, given.seconds, given.connections):
            runs.append(run)
            say_run(run)
        measured.results = Results(runs)
        return measured, stage.versions


def say_load(load: Loading) -> None:
    """One line about a load."""
    where = f"round {load.round + 1}: load, {load.encoding}, {load.connections} at a time, {load.contestant}"
    print(f"{where}: {load.rate:,.0f} points/s, ready after {load.ready:.2f} s", file=sys.stderr)


def say_run(run: Run) -> None:
    """One line about a run."""
    said = f"{run.load.rate:,.0f}/s" if run.load else f"not available: {run.missing}"
    print(f"round {run.round + 1}: {run.case}, {run.connections}, {run.contestant}: {said}", file=sys.stderr)


def write(given: argparse.Namespace, measured: Measured, about: dict[str, object], judged: Iterable[Bar]) -> None:
    """Write what the command line asks for."""
    judged = list(judged)
    if given.json:
        runs: list[object] = [asdict(run) for run in measured.results.runs]
        lines = ",\n".join(map(json.dumps, runs))
        kept = {"about": about, "tuned": measured.tuned, "loads": [asdict(load) for load in measured.loads]}
        kept["recalls"] = [[*place, recall] for place, recall in measured.recalls.items()]
        given.json.write_text(f'{json.dumps(kept)[:-1]},\n"runs": [\n{lines}\n]}}\n')
    if given.plot:
        write_plot(given.plot, measured, max(given.connections))
    if given.readme:
        tuned = "; ".join(f"{name}: {how}" for name, how in measured.tuned.items())
        parts = [
            f"{conditions(about)} Settings: {tuned}.",
            "![Searches a second as ratios to a bare GET](engines.svg)",
            as_markdown(SEARCHES, list(searches(measured)), 3),
            as_markdown(LOADS, list(loads(measured)), 2),
            bars_table(judged),
        ]
        put_between(given.readme, "engines", parts)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    add_common(parser, "engines")
    parser.add_argument("--rounds", type=positive, default=3, help="default: %(default)s")
    parser.add_argument("--load-rounds", type=positive, help="rounds of loads; default: as many as the others")
    parser.add_argument("--seconds", type=positive, default=3, help="of a run; default: %(default)s")
    parser.add_argument("--connections", type=counts, default=[1, 8, 32], help="default: 1,8,32")
    parser.add_argument("--load-connections", type=counts, default=[1, 8, 32], help="default: 1,8,32")
    parser.add_argument("--peers", type=peers, default=PEERS, help=f"default: {','.join(PEERS)}")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where the peers are installed; default: %(default)s")
    parser.add_argument("--queries-of-recall", type=positive, default=500, help="default: %(default)s")
    return checked(parser)


def add_common(parser: argparse.ArgumentParser, name: str) -> None:
    """The options of both commands about the data, the store and what is written."""
    parser.add_argument("--data", type=Path, metavar="PACKAGES.parquet", help="instead of the sample in demo/")
    parser.add_argument("--queries", type=Path, metavar="QUERIES.parquet", help="goes with --data")
    parser.add_argument("--points", type=positive, help="that many: fewer, or more with small noise")
    parser.add_argument("--store", default=FILE, help="SOCIAL_QDRANT__URL, or `file` for a new folder; the default")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    for option, default in (("json", f"{name}.json"), ("plot", f"{name}.svg"), ("readme", "README.md")):
        parser.add_argument(f"--{option}", type=Path, nargs="?", const=HERE / default, help=f"write there; {default}")


def checked(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The command line, checked."""
    given = parser.parse_args()
    if (given.data is None) != (given.queries is None):
        parser.error("--data and --queries go together")
    return given


def sample_of(given: argparse.Namespace) -> Sample:
    """The data that the command line names."""
    sample = parquet_sample(given.data, given.queries) if given.data else committed_sample()
    return grown(sample, given.points) if given.points else sample


def peers(text: str) -> list[str]:
    """Names of peers; `none` for none of them."""
    names = [] if text == "none" else text.split(",")
    if not set(names) <= set(PEERS):
        raise ValueError
    return names


if __name__ == "__main__":
    sys.exit(main())
