"""Points are written in requests that a Qdrant server takes."""

from __future__ import annotations

from adapters.qdrant.conversions import to_batches
from domain.models import Collection, Distance, Point, Vector

THREE = Collection(name="a", size=3, distance=Distance.DOT)
LONGEST = Vector.of([-1.1754943508222875e-38] * 3)


def test_splits_what_is_too_large_for_one_request() -> None:
    """Many points go in several requests, none over the bound, in order and none left out."""
    batches = to_batches([Point(i, LONGEST) for i in range(21)], THREE, most=1000)
    assert [id_ for batch in batches for id_ in batch.ids] == list(range(21))
    assert len(batches) == 3
    assert all(len(batch.model_dump_json()) <= 1000 for batch in batches)


def test_counts_payloads_too() -> None:
    """Large payloads make a request large as well, and one that is too large goes alone."""
    texts = ["x" * size for size in (1, 1000, 1, 1)]
    batches = to_batches([Point(i, LONGEST, {"text": text}) for i, text in enumerate(texts)], THREE, most=1000)
    assert [batch.ids for batch in batches] == [[0], [1], [2, 3]]


def test_the_last_of_one_id_is_written() -> None:
    """Each id goes once, in one request."""
    points = [Point(1, LONGEST), Point(2, Vector.of([2, 2, 2])), Point(1, Vector.of([3, 3, 3]))]
    (batch,) = to_batches(points, THREE)
    assert (batch.ids, batch.vectors) == ([1, 2], [[3.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
