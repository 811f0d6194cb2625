"""Where the results go: raw as JSON, as a plot, and as a part of the README."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.bars import Bar
from benchmarks.questions import Encoding
from benchmarks.report import Place, Results, as_markdown, rate, sender
from benchmarks.servers import BARE, GOOD, HOLDFAST, TUTORIAL

PACKAGES = ("starlette", "uvicorn", "uvloop", "httptools", "msgspec", "redis", "hiredis", "qdrant-client", "fastapi",
            "pydantic", "orjson")  # fmt: skip
COLOURS = {HOLDFAST: "#1b6ca8", GOOD: "#e0a030", TUTORIAL: "#b0b0b0"}


def machine() -> dict[str, Any]:
    """What the numbers are from."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "redis-server": _redis_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _redis_version() -> str:
    command = ["redis-server", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    return next((word.removeprefix("v=") for word in said.split() if word.startswith("v=")), "unknown")


def write_json(path: Path, results: Results, about: dict[str, Any]) -> None:
    """Every run, one on a line."""
    runs = ",\n".join(json.dumps(asdict(run)) for run in results.runs)
    path.write_text(f'{{"about": {json.dumps(about)},\n"runs": [\n{runs}\n]}}\n')


def write_readme(path: Path, results: Results, about: dict[str, Any], judged: list[Bar]) -> None:
    """Put the results between the marks of the README."""
    parts = [
        f"{conditions(about)} An answer has {about['answer_bytes']:,} bytes.",
        sender(results),
        "![Requests a second as ratios to the bare handler](results.svg)",
        as_markdown(results),
        bars_table(judged),
    ]
    put_between(path, "results", parts)


def put_between(path: Path, mark: str, parts: Sequence[str]) -> None:
    """Put the parts between the marks of the README, in place of what stands there."""
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, rest = path.read_text().split(begin)
    path.write_text(f"{before}{begin}\n" + "\n\n".join(parts) + f"\n{end}{rest.partition(end)[2]}")


def bars_table(judged: Sequence[Bar]) -> str:
    """The bars as a table for a README."""
    return "| | bar | measured | bound |\n|---|---|--:|--:|\n" + "\n".join(map(_bar_row, judged))


def conditions(about: dict[str, Any]) -> str:
    """When and on what it was measured."""
    where = about["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in (where["packages"] | where.get("peers", {})).items())
    return (
        f"Measured on {where['date']}: {where['cores']} cores of {where['cpu']}, {where['system']}, "
        f"Python {where['python']}, redis-server {where['redis-server']}; {packages}. {about['rounds']} rounds of "
        f"{about['seconds']} s; {about['data']}."
    )


def _bar_row(bar: Bar) -> str:
    value = "not available" if bar.value is None else f"{bar.value:.2f}"
    sign = "at most" if bar.at_most else "at least"
    return f"| {'reached' if bar.reached else 'missed'} | {bar.what} | {value} | {sign} {bar.bound:g} |"


def write_plot(path: Path, results: Results, connections: int, titles: dict[str, str]) -> None:
    """Requests a second at so many connections as ratios to the bare handler, with least and most of the rounds."""
    import matplotlib as mpl  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "holdfast"
    from matplotlib import pyplot as plt  # noqa: PLC0415

    groups = [(case, encoding) for case in titles for encoding in Encoding]
    figure, axes = plt.subplots(figsize=(9, 0.55 * len(groups) + 1.5), layout="constrained")
    for offset, (name, colour) in zip((-0.27, 0.0, 0.27), COLOURS.items(), strict=True):
        for index, (case, encoding) in enumerate(groups):
            place: Place = (case, encoding, connections, name)
            ratio = results.ratio(place, (case, encoding, connections, BARE), rate)
            if ratio is None:
                if name == HOLDFAST:
                    axes.text(0.01, index + offset, "not available", va="center", fontsize=8, color=colour)
                continue
            error = [[ratio.median - ratio.low], [ratio.high - ratio.median]]
            label = name if name not in axes.get_legend_handles_labels()[1] else None
            axes.barh(index + offset, ratio.median, 0.25, xerr=error, color=colour, label=label, ecolor="#404040")
    axes.set_yticks(range(len(groups)), [f"{titles[case]}, {encoding}" for case, encoding in groups])
    axes.invert_yaxis()
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_xlabel(f"requests a second at {connections} connections, bare handler = 1")
    axes.legend(loc="lower right")
    figure.savefig(path, metadata={"Date": None})
