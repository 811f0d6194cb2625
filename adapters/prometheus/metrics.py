"""What a process counts, for Prometheus."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from adapters.prometheus.collector import Figures
from adapters.prometheus.definitions import (
    BACKEND_CALLS,
    BACKEND_SECONDS,
    BREAKER_STATE,
    CACHE_OUTCOMES,
    IN_FLIGHT,
    POINTS_WRITTEN,
    REQUEST_SECONDS,
    REQUESTS,
    SECONDS,
)
from adapters.prometheus.slots import Slots
from domain.ports import Metrics

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.metrics")

OUTCOMES = ("hit", "stored", "miss", "bypass", "stale")
"""What the cache can have had to do with a search."""

STATES = ("closed", "open", "half_open")

_SUM = len(SECONDS) + 1
"""Behind the buckets of a histogram."""


class PrometheusMetrics(Metrics):
    """Counts into `directory`, for all workers who do, or in memory where that is None. For one event loop."""

    def __init__(self, directory: Path | None = None) -> None:
        self._slots = _open(directory)
        find = self._slots.find
        self._values = self._slots.values
        self._in_flight = find(IN_FLIGHT)
        self._points = find(POINTS_WRITTEN)
        self._searches = {outcome: find(CACHE_OUTCOMES, outcome) for outcome in OUTCOMES}
        self._requests: dict[tuple[str, str, int], tuple[int, int]] = {}
        self._calls: dict[tuple[str, str, str], tuple[int, int]] = {}
        self._figures = Figures(self._slots)
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self._figures)
        if directory is None:
            # With several workers it would be that of whichever answers.
            ProcessCollector(registry=self._registry)

    def request_began(self) -> None:
        self._values[self._in_flight] += 1.0

    def request_ended(self, method: str, route: str, status: int, seconds: float) -> None:
        at = self._requests.get((method, route, status))
        if at is None:
            at = (self._slots.find(REQUESTS, method, route, str(status)), self._slots.find(REQUEST_SECONDS, route))
            self._requests[method, route, status] = at
        counter, histogram = at
        values = self._values
        values[self._in_flight] -= 1.0
        values[counter] += 1.0
        values[histogram + bisect_left(SECONDS, seconds)] += 1.0
        values[histogram + _SUM] += seconds

    def searched(self, outcome: str) -> None:
        self._values[self._searches[outcome]] += 1.0

    def called(self, backend: str, operation: str, outcome: str, seconds: float) -> None:
        at = self._calls.get((backend, operation, outcome))
        if at is None:
            find = self._slots.find
            at = (find(BACKEND_CALLS, backend, operation, outcome), find(BACKEND_SECONDS, backend, operation))
            self._calls[backend, operation, outcome] = at
        counter, histogram = at
        values = self._values
        values[counter] += 1.0
        values[histogram + bisect_left(SECONDS, seconds)] += 1.0
        values[histogram + _SUM] += seconds

    def circuit(self, backend: str, circuit: str, state: str) -> None:
        for each in STATES:
            self._values[self._slots.find(BREAKER_STATE, backend, circuit, each)] = float(each == state)

    def points_written(self, points: int) -> None:
        self._values[self._points] += points

    def render(self, accept: str, engine: Mapping[str, float]) -> tuple[str, bytes]:
        self._figures.engine = engine
        encode, media_type = choose_encoder(accept)
        return media_type, encode(self._registry)

    async def aclose(self) -> None:
        self._slots.close()
        self._values = self._slots.values


def _open(directory: Path | None) -> Slots:
    try:
        return Slots(directory)
    except OSError as error:
        # As when somebody tidied the folder of temporary files: this worker tells its own numbers alone.
        log.error("metrics_not_shared", error=type(error).__name__)
        return Slots()
