"""`python -m benchmarks`: start everything, measure, and say what came out."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bars import bars
from benchmarks.case import Case
from benchmarks.cases import CASES
from benchmarks.data import committed_sample, parquet_sample
from benchmarks.load import check_wrk
from benchmarks.output import machine, write_json, write_plot, write_readme
from benchmarks.report import Results, as_text, sender
from benchmarks.run import Plan, Run, check_same_answers, measure, warm
from benchmarks.servers import Stage

HERE = Path(__file__).parent


def main() -> int:
    """Run what the command line asks for. 1 where a bar was missed, 2 where something is lacking."""
    given = arguments()
    # A process that is told to stop has to stop those that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    plan = Plan([case for case in CASES if case.name in given.cases], given.rounds, given.seconds, given.connections)
    try:
        check_wrk()
        sample = parquet_sample(given.data, given.queries) if given.data else committed_sample()
        with Stage(sample) as stage:
            results = run(stage, plan)
            answer_bytes = len(stage.answer)
    except (RuntimeError, OSError, ImportError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(f"\n{as_text(results)}\n\n{sender(results)}\n")
    judged = [bar for bar in bars(results, given.connections) if bar.case in given.cases]
    print("\n".join(map(str, judged)))
    about = {"machine": machine(), "data": sample.name, "rounds": plan.rounds, "seconds": plan.seconds}
    about["answer_bytes"] = answer_bytes
    if given.json:
        write_json(given.json, results, about)
    if given.plot:
        write_plot(given.plot, results, max(given.connections), {case.name: case.title for case in plan.cases})
    if given.readme:
        write_readme(given.readme, results, about, judged)
    return 1 if given.check and not all(bar.reached for bar in judged) else 0


def run(stage: Stage, plan: Plan) -> Results:
    """Measure the plan, and say how far it is."""
    check_same_answers(stage)
    warm(stage)
    runs: list[Run] = []
    for each in measure(stage, plan):
        runs.append(each)
        said = f"{each.load.rate:,.0f}/s" if each.load else f"not available: {each.missing}"
        where = f"round {each.round + 1}: {each.case}, {each.encoding}, {each.connections}"
        print(f"{where}, {each.contestant}: {said}", file=sys.stderr)
    return Results(runs)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=positive, default=3, help="default: %(default)s")
    parser.add_argument("--seconds", type=positive, default=3, help="of a run; default: %(default)s")
    parser.add_argument("--connections", type=counts, default=[1, 8, 32], help="default: 1,8,32")
    names = [case.name for case in CASES]
    parser.add_argument("--cases", type=cases, default=names, help=f"default: {','.join(names)}")
    parser.add_argument("--data", type=Path, metavar="PACKAGES.parquet", help="instead of the sample in demo/")
    parser.add_argument("--queries", type=Path, metavar="QUERIES.parquet", help="goes with --data")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a bar is missed")
    for name in ("json", "plot", "readme"):
        default = HERE / {"json": "results.json", "plot": "results.svg", "readme": "README.md"}[name]
        parser.add_argument(f"--{name}", type=Path, nargs="?", const=default, help=f"write there; {default.name} alone")
    given = parser.parse_args()
    if (given.data is None) != (given.queries is None):
        parser.error("--data and --queries go together")
    return given


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not (number := int(text)) > 0:
        raise ValueError
    return number


def counts(text: str) -> list[int]:
    """Numbers of connections."""
    return sorted({positive(part) for part in text.split(",")})


def cases(text: str) -> Sequence[str]:
    """Names of cases."""
    names = text.split(",")
    known: list[Case] = [case for case in CASES if case.name in names]
    if len(known) != len(set(names)):
        raise ValueError
    return names


if __name__ == "__main__":
    sys.exit(main())
