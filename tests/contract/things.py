"""The collection `things`, on which the contract of `VectorStore` is tried."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.filters import Filter, Match
from domain.models import (
    Collection,
    Distance,
    Point,
    Vector,
)
from domain.ports import VectorStore
from domain.queries import SearchQuery

UUID_1 = UUID("00000000-0000-0000-0000-000000000001")
UUID_2 = UUID("f0000000-0000-0000-0000-000000000002")
MAX_ID = 2**64 - 1

RED = Filter(must=(Match("color", "red"),))


def near(values: tuple[float, ...]) -> object:
    """Equal to these numbers within the precision of float32."""
    return pytest.approx(values, rel=1e-5, abs=1e-6)


def vector(*values: float) -> Vector:
    return Vector.of(values)


def query(*values: float, **options: object) -> SearchQuery:
    return SearchQuery(vector=vector(*values), **options)  # type: ignore[arg-type]


async def make(store: VectorStore, *points: Point, distance: Distance = Distance.DOT, size: int = 2) -> None:
    """The collection `things` with these points."""
    await store.create_collection(Collection(name="things", size=size, distance=distance))
    if points:
        await store.upsert("things", points)


async def make_colored(store: VectorStore) -> None:
    """Three red points and two blue ones, nearer to (1, 0) the lower their id."""
    colors = ["red", "blue", "red", "blue", "red"]
    points = [Point(i + 1, vector(10.0 - i, 1.0), {"color": color, "rank": i}) for i, color in enumerate(colors)]
    await make(store, *points)


def ids(found: object) -> list[object]:
    return [item.id for item in found]  # type: ignore[attr-defined]
