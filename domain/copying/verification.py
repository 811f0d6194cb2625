"""Whether a copy is one: by count, by a sample of points, and by searches that compare every point."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from domain.filters import Filter
from domain.models import Hit, PointId, Record, Vector
from domain.patience import Patience
from domain.ports import VectorStore
from domain.queries import SearchQuery

SAMPLE = 100
"""How many points are compared."""

SEARCHES = 5
"""How many searches are."""

TOLERANCE = 1e-5
"""How far two numbers may be apart, in parts of the vector's norm: float32, normalised once more, is a tenth of it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found: how many points each side holds, what was compared, and each difference in a clause."""

    source_points: int
    target_points: int
    compared: int
    searched: int
    differences: tuple[str, ...]


async def verify(
    source: VectorStore, target: VectorStore, name: str, sample: Sequence[PointId], patience: Patience
) -> Verdict:
    """Compare a collection in two stores. A write in between looks like a difference."""
    stores = (source, target)
    counts = [await patience.insist(partial(store.count, name, Filter())) for store in stores]
    differences = [] if counts[0] == counts[1] else [f"points is {counts[1]}, not {counts[0]}"]
    theirs, ours = [
        await patience.insist(partial(store.retrieve, name, sample, with_vectors=True)) if sample else ()
        for store in stores
    ]
    differences += _point_differences(theirs, ours)
    queries = [
        SearchQuery(vector=record.vector, exact=True, with_payload=False)
        for record in theirs[:SEARCHES]
        if record.vector is not None
    ]
    for query in queries:
        wanted, found = [await patience.insist(partial(store.search, name, query)) for store in stores]
        if not _same_hits(wanted, found):
            differences.append(f"a search gives {[hit.id for hit in found]}, not {[hit.id for hit in wanted]}")
    return Verdict(counts[0], counts[1], len(theirs), len(queries), tuple(differences))


def _point_differences(theirs: Sequence[Record], ours: Sequence[Record]) -> Iterator[str]:
    found = {record.id: record for record in ours}
    for record in theirs:
        copy = found.get(record.id)
        if copy is None:
            yield f"point {record.id} is missing"
        elif _text(copy) != _text(record):
            yield f"the payload of point {record.id} is another"
        elif not _same_vector(copy.vector, record.vector):
            yield f"the vector of point {record.id} is another"


def _text(record: Record) -> str:
    """The payload as text, in which 1, 1.0 and true are three."""
    return json.dumps(record.payload, sort_keys=True)


def _same_vector(one: Vector | None, other: Vector | None) -> bool:
    if one is None or other is None or len(one) != len(other):
        return one is other
    most = TOLERANCE * max(one.norm(), other.norm())
    return all(abs(left - right) <= most for left, right in zip(one, other, strict=True))


def _same_hits(wanted: Sequence[Hit], found: Sequence[Hit]) -> bool:
    """Whether the hits are the same; of two that are all but equally near, either may come first."""
    if len(wanted) != len(found):
        return False
    return all(
        one.id == other.id or abs(one.score - other.score) <= TOLERANCE * max(abs(one.score), 1.0)
        for one, other in zip(wanted, found, strict=True)
    )
