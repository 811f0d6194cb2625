"""What a history comes to in figures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from tests.e2e.invariants.history import READS, History, Operation


def hits(operations: Iterable[Operation], replica: int) -> int:
    """How many searches the replica answered from what it remembers."""
    return sum(one.replica == replica and _is_hit(one) for one in operations)


def misses(operations: Iterable[Operation]) -> int:
    """How many searches were not answered from what is remembered: the store was asked, or was to be."""
    return sum(one.kind in READS and not _is_hit(one) for one in operations)


def recoveries(history: History) -> list[tuple[float, str]]:
    """After how many seconds each replica searched the store again, for each fault that was not followed too soon."""
    found = []
    troubles = [one for one in history.troubles if one.backend == "store" and one.what != "standstill"]
    probes = [one for one in history.operations if one.control == "no-store" and one.status == 200]
    for trouble in troubles:
        for replica in trouble.replicas:
            over = trouble.end or 0.0
            first = next((one.ended for one in probes if one.replica == replica and one.ended >= over), None)
            next_ = (one.begin for one in troubles if replica in one.replicas and one.begin >= over)
            if first is not None and first < next(next_, math.inf):
                found.append((round(first - over, 3), f"{trouble.what} at {replica}"))
    return sorted(found)


def summary(history: History) -> str:
    """What was answered, and how soon after faults, a line each."""
    answers = Counter(_kind(one) for one in history.operations)
    lines = [f"{count:6} {kind}" for kind, count in sorted(answers.items())]
    times = recoveries(history)
    slowest = [one.ended - one.begin for one in history.operations if one.end is not None and one.status is not None]
    lines.append(f"recovered {len(times)} times from faults of the store, after {times[-1:]} s at most")
    lines.append(f"slowest answer: {max(slowest, default=0):.2f} s")
    lines.append(f"the machine stood still {sum(one.what == 'standstill' for one in history.troubles) // 2} times")
    return "\n".join(lines)


def _is_hit(operation: Operation) -> bool:
    return operation.headers.get("cache-status", "").startswith("holdfast; hit")


def _kind(operation: Operation) -> str:
    status = operation.status or ("gave up" if operation.gave_up else "no answer")
    return " ".join(filter(None, (operation.kind, str(status), operation.headers.get("cache-status", ""))))
