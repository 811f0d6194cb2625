"""What stands about metrics in docs/ is what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapters.prometheus.definitions import DEFINITIONS, Kind

DOCS = Path(__file__).resolve().parents[2] / "docs"
NAME = re.compile(r"\b(?:holdfast|process)_\w+")
EXPR = re.compile(r"^ +expr: (?:\|\n((?: {10,}.+\n)+)|(.+))", re.MULTILINE)

PROCESS = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds"}
"""Those of the process that are spoken of; prometheus-client has them."""


def samples() -> set[str]:
    """The names that a query can name."""
    parts = {Kind.HISTOGRAM: ("_bucket", "_sum", "_count")}
    return PROCESS | {each.name + part for each in DEFINITIONS for part in parts.get(each.kind, ("",))}


def queries(panels: list[dict[str, Any]]) -> Iterator[str]:
    """Every query of the panels, and of those in rows."""
    for panel in panels:
        yield from (target["expr"] for target in panel.get("targets", ()))
        yield from queries(panel.get("panels", []))


def test_the_table_names_every_metric() -> None:
    """docs/metrics.md says of each metric its name, its kind and its labels, and names no other."""
    text = (DOCS / "metrics.md").read_text()
    rows = re.findall(r"^\| `(holdfast_\w+)` \| (\w+) \|([^|]*)\|", text, re.MULTILINE)
    kinds = {"largest": "gauge"}
    assert [(name, kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows] == [
        (each.name, kinds.get(each.kind.value, each.kind.value), each.labels) for each in DEFINITIONS
    ]


def test_the_dashboard_asks_for_what_there_is() -> None:
    """Each panel of the dashboard that shows anything asks for metrics, and all of them exist."""
    board = json.loads((DOCS / "grafana-dashboard.json").read_text())
    shown = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert all(panel["targets"] for panel in shown)
    asked = [set(NAME.findall(query)) for query in queries(board["panels"])]
    assert all(asked)
    assert set().union(*asked) <= samples()


def test_the_alerts_ask_for_what_there_is() -> None:
    """Each rule has an expression, and all metrics that it names exist."""
    text = (DOCS / "alerts.yaml").read_text()
    expressions = ["".join(parts) for parts in EXPR.findall(text)]
    assert len(expressions) == text.count("- alert:") > 0
    named = set().union(*(set(NAME.findall(expression)) for expression in expressions))
    assert named <= samples()
