"""What the replicas may write in their logs under faults."""

from __future__ import annotations

import json

EXPECTED = {"backend_failed", "breaker_opened"}
"""The events that faults of backends lead to, of those that are logged as warnings or errors."""


def unexpected(output: str) -> list[str]:
    """The lines that tell of something else: a bug, a task that nobody waits for, what a library complains of."""
    return [line for line in output.splitlines() if _event(line) not in EXPECTED]


def _event(line: str) -> str | None:
    try:
        event: str | None = json.loads(line).get("event")
    except (ValueError, AttributeError):
        return None
    return event
