"""The part of a ranking to ask for, so that hits of one score come in the order of their ids.

Qdrant, the server as well as the embedded engine, leaves the order of equal scores open, and with it
which of them a page holds. A window asks for one hit more on either side of the page. Where a neighbour
has the score of a hit on the page, the group of equal scores reaches past its edge, and the window is
widened until it holds the group whole.
A widened window asks for ids and scores alone: what the page shows is fetched once it is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import Protocol, TypeVar

from domain.models import Distance, PointId, float32, id_order
from domain.queries import SearchQuery

MAX_WIDTH = 20_000
"""Hits past which a group of equal scores is left in the order that Qdrant gives."""

GROWTH = 8
"""How much wider a window becomes at a time."""

MARGIN = 1e-6
"""How much farther than a threshold to ask, relative to it: Qdrant leaves out hits right at it."""


class Scored(Protocol):
    """What a search found, as far as its place in a ranking goes."""

    @property
    def id(self) -> PointId:
        """Of the point."""

    @property
    def score(self) -> float:
        """How near it is."""


S = TypeVar("S", bound=Scored)


@dataclass(frozen=True, slots=True)
class Window:
    """Positions `start` (included) to `stop` (excluded) of the ranking of `query`."""

    query: SearchQuery
    distance: Distance
    start: int
    stop: int
    bare: bool = False

    @classmethod
    def around(cls, query: SearchQuery, distance: Distance) -> Window:
        """The page of the query, and a hit on either side."""
        return cls(query, distance, max(query.offset - 1, 0), query.offset + query.limit + 1)

    def cuts_group(self, hits: Sequence[S]) -> bool:
        """Whether hits of one score may stand on both sides of an edge of the page."""
        return self._cuts_before(hits) or self._cuts_after(hits)

    def widened(self, hits: Sequence[S]) -> Window:
        """A window that reaches farther where a group was cut."""
        start = 0 if self._cuts_before(hits) else self.start
        stop = min(GROWTH * self.stop, MAX_WIDTH) if self._cuts_after(hits) else self.stop
        return replace(self, start=start, stop=stop, bare=True)

    def page(self, hits: Sequence[S]) -> tuple[S, ...]:
        """The hits of the page in their order; those past the query's threshold left out."""
        first = self.query.offset - self.start
        if self.query.score_threshold is None and len({hit.score for hit in hits}) == len(hits):
            return tuple(hits[first : first + self.query.limit])
        near = [hit for hit in hits if not self._is_past_threshold(hit.score)]
        groups = (sorted(group, key=lambda hit: id_order(hit.id)) for _, group in groupby(near, lambda hit: hit.score))
        return tuple(chain.from_iterable(groups))[first : first + self.query.limit]

    def asked_threshold(self) -> float | None:
        """The query's threshold, a little farther."""
        threshold = self.query.score_threshold
        if threshold is None:
            return None
        return threshold - _margin(threshold) if self.distance.higher_is_nearer else threshold + _margin(threshold)

    def _is_past_threshold(self, score: float) -> bool:
        """Whether a hit came only because the threshold was asked for a little farther."""
        threshold = self.query.score_threshold
        if threshold is None or abs(score - threshold) > 2 * _margin(threshold):
            return False
        return self.distance.is_farther(score, float32(threshold))

    def _cuts_before(self, hits: Sequence[S]) -> bool:
        first = self.query.offset - self.start
        return self.start > 0 and len(hits) > first and hits[0].score == hits[first].score

    def _cuts_after(self, hits: Sequence[S]) -> bool:
        whole = len(hits) == self.stop - self.start and self.stop < MAX_WIDTH
        last = self.query.offset + self.query.limit - 1 - self.start
        return whole and hits[last].score == hits[-1].score


def _margin(threshold: float) -> float:
    return max(abs(threshold), 1.0) * MARGIN
