"""The filters that are measured, chosen from the data by the share of points that meet them, and the exact answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.data import Sample

KEYWORD, INTEGER = "section", "installed_kib"
"""The fields that are filtered by, and their indexes."""

LIMIT = 10
CLOSE = 1e-5
"""How much less than the exact tenth score may count as one of the nearest, for float32 and points that are alike."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One case: a filter by a keyword or by the least of an integer, or none, and which points meet it."""

    name: str
    title: str
    mask: NDArray[np.bool_]
    keyword: str | None = None
    least: int | None = None

    @property
    def share(self) -> float:
        """The share of points that meet it."""
        return float(self.mask.mean())


def everything(sample: Sample) -> Wanted:
    """No filter."""
    return Wanted("plain", "no filter", np.ones(len(sample.ids), np.bool_))


def by_keyword(sample: Sample, share: float) -> Wanted:
    """The section that has most nearly this share of the points."""
    sections = [payload[KEYWORD] for payload in sample.payloads]
    counts = Counter(sections)
    chosen = min(sorted(counts), key=lambda name: abs(counts[name] / len(sections) - share))
    mask = np.array([section == chosen for section in sections])
    return Wanted(f"keyword-{share:.0%}", f"{KEYWORD} is {chosen} ({mask.mean():.1%})", mask, keyword=chosen)


def by_integer(sample: Sample, share: float) -> Wanted:
    """As many of the largest packages as come nearest to this share."""
    sizes = np.array([payload[INTEGER] for payload in sample.payloads])
    least = int(np.quantile(sizes, 1 - share, method="nearest"))
    mask = sizes >= least
    return Wanted(f"integer-{share:.0%}", f"{INTEGER} is at least {least} ({mask.mean():.1%})", mask, least=least)


def of_peers(sample: Sample) -> list[Wanted]:
    """The cases of `benchmarks.engines`."""
    return [everything(sample), by_keyword(sample, 0.1), by_integer(sample, 0.36), by_keyword(sample, 0.01)]


def of_embedded(sample: Sample) -> list[Wanted]:
    """The cases of `benchmarks.embedded`."""
    return [everything(sample), by_integer(sample, 0.5), by_keyword(sample, 0.1), by_keyword(sample, 0.01)]


class Exact:
    """The scores of all points for each query, by brute force, and what answers are worth beside them."""

    def __init__(self, sample: Sample, queries: int) -> None:
        self.queries = sample.queries[:queries]
        self._ids = np.array(sample.ids)
        self._places = {point_id: place for place, point_id in enumerate(sample.ids)}
        self._scores = self.queries @ sample.vectors.T

    def recall(self, wanted: Wanted, found: Sequence[Sequence[int]]) -> float:
        """The mean share of the ten nearest, or of as many as there are, that was found. Strangers count as missed."""
        here = min(LIMIT, int(wanted.mask.sum()))
        got = [self._met(wanted, row, ids[:LIMIT], here) for row, ids in enumerate(found)]
        return float(np.mean(got))

    def _met(self, wanted: Wanted, row: int, ids: Sequence[int], here: int) -> float:
        scores = self._scores[row]
        allowed = np.where(wanted.mask, scores, -np.inf)
        bound = np.partition(allowed, -here)[-here] - CLOSE
        places = {self._places[point_id] for point_id in ids if point_id in self._places}
        return sum(bool(allowed[place] >= bound) for place in places) / here
