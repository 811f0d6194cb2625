"""How vectors are compared, and what follows for scores."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from domain.models.point import Hit, id_order


class Distance(StrEnum):
    """How two vectors are compared. For cosine and dot a higher score is nearer, else a lower one."""

    COSINE = "cosine"
    DOT = "dot"
    EUCLID = "euclid"
    MANHATTAN = "manhattan"

    @property
    def higher_is_nearer(self) -> bool:
        """Whether hits come with falling scores."""
        return self in (Distance.COSINE, Distance.DOT)

    def is_farther(self, score: float, threshold: float) -> bool:
        """Whether a hit of this score is farther than the threshold. At the threshold it is not."""
        return score < threshold if self.higher_is_nearer else score > threshold

    def ranked(self, hits: Iterable[Hit]) -> tuple[Hit, ...]:
        """The hits, nearest first; those with one score in the order of their ids."""
        sign = -1 if self.higher_is_nearer else 1
        return tuple(sorted(hits, key=lambda hit: (sign * hit.score, id_order(hit.id))))
