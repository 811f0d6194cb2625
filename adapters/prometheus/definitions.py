"""Every metric of Holdfast's own: its name, its labels and its text. docs/metrics.md is the table of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""The bounds of buckets: a hit takes 0.2 ms, and no read more than its deadline of 10 s."""


class Kind(StrEnum):
    """How the numbers of processes are put together: counters and histograms are summed, also those of the dead.

    Gauges are those of the living: summed, or the largest of them.
    """

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"
    LARGEST = "largest"


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric, under the name of its samples."""

    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers one series has: a histogram one for each bucket, and the sum."""
        return len(SECONDS) + 2 if self.kind is Kind.HISTOGRAM else 1

    @property
    def lives(self) -> bool:
        """Whether its numbers end with their process."""
        return self.kind in (Kind.GAUGE, Kind.LARGEST)


REQUESTS = Definition(
    "holdfast_http_requests_total", Kind.COUNTER, "Requests that were answered.", ("method", "route", "status")
)
REQUEST_SECONDS = Definition(
    "holdfast_http_request_seconds", Kind.HISTOGRAM, "How long requests took, to the end of the answer.", ("route",)
)
IN_FLIGHT = Definition("holdfast_http_in_flight", Kind.GAUGE, "Requests that have begun and not ended.")
CACHE_OUTCOMES = Definition(
    "holdfast_cache_outcomes_total",
    Kind.COUNTER,
    "Searches that were answered, by what the cache had to do with it.",
    ("outcome",),
)
BREAKER_STATE = Definition(
    "holdfast_breaker_state",
    Kind.LARGEST,
    "1 for the state that a circuit breaker is in; of several workers, for each state that one is in.",
    ("backend", "circuit", "state"),
)
BACKEND_CALLS = Definition(
    "holdfast_backend_calls_total",
    Kind.COUNTER,
    "Calls of a backend, each with its retry, by how they ended.",
    ("backend", "operation", "outcome"),
)
BACKEND_SECONDS = Definition(
    "holdfast_backend_seconds",
    Kind.HISTOGRAM,
    "How long calls of a backend took, each with its retry and the wait for a place.",
    ("backend", "operation"),
)
POINTS_WRITTEN = Definition("holdfast_points_written_total", Kind.COUNTER, "Points that were written by requests.")

COUNTED = (
    REQUESTS,
    REQUEST_SECONDS,
    IN_FLIGHT,
    CACHE_OUTCOMES,
    BREAKER_STATE,
    BACKEND_CALLS,
    BACKEND_SECONDS,
    POINTS_WRITTEN,
)
"""What each process counts."""

ENGINE = {
    "up": Definition("holdfast_engine_up", Kind.GAUGE, "1 while the embedded engine answers."),
    "restarts": Definition(
        "holdfast_engine_restarts_total", Kind.COUNTER, "How often the process of the embedded engine was started anew."
    ),
    "collections": Definition(
        "holdfast_engine_collections_open", Kind.GAUGE, "Collections that the embedded engine has open."
    ),
    "builds": Definition(
        "holdfast_engine_index_builds", Kind.GAUGE, "Graphs that are being built by the embedded engine."
    ),
}
"""What the embedded engine tells, by the name it has there; there is one engine for all workers."""

BUILD_INFO = Definition("holdfast_build_info", Kind.GAUGE, "Always 1; which version this is.", ("version",))

DEFINITIONS = (*COUNTED, *ENGINE.values(), BUILD_INFO)
"""All of them."""
