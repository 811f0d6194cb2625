"""A client who means no harm, in a process of its own: it searches at a steady rate and notes how long each took.

`python -m tests.e2e.hostile.innocent PORT` goes on until its input ends, and prints `[[when, seconds, status], ...]`.
The seconds are without those in which this process waited for a CPU, which those who mean harm want here too: they
do not share one with a client elsewhere.
"""

from __future__ import annotations

import http.client
import json
import select
import sys
import time
from pathlib import Path

PAUSE = 0.01
"""Seconds from one search to the next."""

TIMEOUT = 30.0

SCHEDULED = Path("/proc/self/schedstat")


def waited() -> float:
    """Seconds for which this process could have run, and had no CPU; 0 where the system does not tell."""
    try:
        return int(SCHEDULED.read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def main(port: int) -> None:
    """Search until the input ends."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    body, noted = json.dumps({"vector": [0.5, 1.5], "limit": 3}), list[tuple[float, float, int]]()
    due = time.monotonic()
    while not select.select([sys.stdin], [], [], max(due - time.monotonic(), 0.0))[0]:
        due = max(due + PAUSE, time.monotonic() - PAUSE)
        begun, queued = time.monotonic(), waited()
        connection.request("POST", "/v1/collections/innocent/search", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        noted.append((begun, time.monotonic() - begun - (waited() - queued), answer.status))
    print(json.dumps(noted))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
