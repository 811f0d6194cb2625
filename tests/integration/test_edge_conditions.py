"""Conditional writes of the embedded engine to a collection in several parts, and to the copy that takes its place."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from adapters.edge.shard import Shard
from domain.filters import Filter, HasId, Match
from domain.models import Collection, Distance
from domain.queries import Selection

SIZE = 4096
GRAPH = 10_000 * 1024 // (4 * SIZE) + 60
"""As many points as the engine puts into a part of their own, with a graph."""

THINGS = Collection(name="things", size=SIZE, distance=Distance.DOT)


def owned(name: str) -> Filter:
    """The points of an owner."""
    return Filter(must=(Match("owner", name),))


def write(shard: Shard, ids: Iterable[int], owner: str, number: int) -> None:
    """Write the points as the owner's, with his number in their vectors, where they are not another's."""
    numbers = list(ids)
    data = np.full(SIZE, number, np.float32).tobytes()
    for _ in shard.upsert(numbers, [data] * len(numbers), [{"owner": owner}] * len(numbers), owned(owner)):
        pass


def state(shard: Shard) -> dict[object, tuple[object, float]]:
    """The owner and the number of each point."""
    records = shard.scroll(Filter(), 2 * GRAPH, None, with_vectors=True).points
    return {one.id: (one.payload["owner"], one.vector.to_tuple()[0]) for one in records if one.vector is not None}


@pytest.fixture
def shard(tmp_path: Path) -> Iterator[Shard]:
    """A collection in two parts: the even ids are beta's and have a graph, as have the odd ones, that are acme's."""
    folder = tmp_path / "1"
    folder.mkdir()
    shard = Shard.create(THINGS, folder)
    write(shard, range(0, GRAPH, 2), "beta", 2)
    write(shard, range(1, GRAPH, 2), "acme", 1)
    shard.points.optimize()
    assert shard.graph_size() == GRAPH
    yield shard
    shard.close()


def test_a_condition_reaches_every_part(shard: Shard, tmp_path: Path) -> None:
    """Points with a graph, points moved out of it since, and new ones are looked at as they are; in the copy too."""
    shard.flush()
    shutil.copytree(tmp_path / "1", tmp_path / "2")
    copy = Shard.load(THINGS, tmp_path / "2", graph=0)
    shard.journal = []
    write(shard, range(20), "acme", 3)
    write(shard, range(30), "beta", 4)
    shard.set_payload({"owner": "beta"}, Selection(filter=owned("acme").narrowed(HasId(frozenset({1, 3})))))
    shard.delete(Selection(filter=owned("beta").narrowed(HasId(frozenset({2, 4, 5})))))
    write(shard, (*range(8), GRAPH), "acme", 5)
    expected = {number: ("beta", 2.0) if number % 2 == 0 else ("acme", 1.0) for number in range(GRAPH)}
    expected |= dict.fromkeys(range(1, 20, 2), ("acme", 3.0))
    expected |= dict.fromkeys(range(0, 30, 2), ("beta", 4.0))
    expected |= {1: ("beta", 3.0), 3: ("beta", 3.0)}
    expected |= dict.fromkeys((2, 4, 5, 7, GRAPH), ("acme", 5.0))
    assert state(shard) == expected
    copy.replay(shard.journal)
    assert state(copy) == expected
    copy.close()
