"""The numbers of all workers, put together as Prometheus has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from adapters.prometheus.definitions import BUILD_INFO, COUNTED, ENGINE, SECONDS, Definition, Kind
from adapters.prometheus.slots import Slots
from domain import __version__

Numbers = dict[tuple[str, ...], list[float]]
"""Those of each series of one metric, by its labels."""


class Figures(Collector):
    """What all workers counted, and what the `engine` told last."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self.engine: Mapping[str, float] = {}

    def collect(self) -> Iterator[Metric]:
        """Every metric, with all of its series."""
        together: dict[str, Numbers] = {definition.name: {} for definition in COUNTED}
        for series in self._slots.read():
            if series.alive or not series.definition.lives:
                numbers = together[series.definition.name]
                before = numbers.get(series.labels)
                numbers[series.labels] = list(series.numbers)
                if before is not None:
                    add = max if series.definition.kind is Kind.LARGEST else float.__add__
                    numbers[series.labels] = list(map(add, before, series.numbers))
        for definition in COUNTED:
            yield _family(definition, together[definition.name])
        for key, value in self.engine.items():
            yield _family(ENGINE[key], {(): [value]})
        yield _family(BUILD_INFO, {(__version__,): [1.0]})


def _family(definition: Definition, numbers: Numbers) -> Metric:
    name, text, labels = definition.name, definition.text, definition.labels
    if definition.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(name, text, labels=labels)
        for values, (*buckets, total) in sorted(numbers.items()):
            bounds = [*map(str, SECONDS), "+Inf"]
            histogram.add_metric(values, list(zip(bounds, accumulate(buckets), strict=True)), total)
        return histogram
    family = (CounterMetricFamily if definition.kind is Kind.COUNTER else GaugeMetricFamily)(name, text, labels=labels)
    for values, (value,) in sorted(numbers.items()):
        family.add_metric(values, value)
    return family
