"""Payloads that the embedded engine's process keeps are those that the points have."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from adapters.edge.payloads import MOST_BYTES, Payloads
from adapters.edge.shard import Shard
from domain.filters import Filter, Match
from domain.models import Collection, Distance, PointId, Vector
from domain.queries import SearchQuery, Selection

THINGS = Collection(name="things", size=2, distance=Distance.COSINE)
NEAR = Vector.of([1.0, 0.0])


def write(shard: Shard, point_id: PointId, payload: dict[str, object]) -> None:
    """Write one point, to the end."""
    for _ in shard.upsert([point_id], [NEAR.data], [payload]):  # type: ignore[list-item]
        pass


def shown(shard: Shard, payloads: Payloads) -> dict[PointId, object]:
    """The payload of each hit."""
    (hits,) = shard.search([SearchQuery(vector=NEAR)], payloads, batch=False)
    return {id_: msgspec.msgpack.decode(packed or b"") for id_, _, packed, _ in hits}


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    """An empty one."""
    (tmp_path / "things").mkdir()
    return Shard.create(THINGS, tmp_path / "things")


@pytest.mark.parametrize("id_", [1, 2**64 - 1, UUID(int=7)])
def test_every_write_shows(shard: Shard, id_: PointId) -> None:
    """Whatever changes a payload, the next search shows it, though the one before was kept."""
    payloads = Payloads()
    write(shard, id_, {"a": 1})
    assert shown(shard, payloads) == {id_: {"a": 1}}
    write(shard, id_, {"a": 2})
    assert shown(shard, payloads) == {id_: {"a": 2}}
    shard.set_payload({"b": [1.0, None]}, Selection(ids=(id_,)))
    assert shown(shard, payloads) == {id_: {"a": 2, "b": [1.0, None]}}
    shard.set_payload({"b": "é"}, Selection(filter=Filter(must=(Match(key="a", value=2),))))
    assert shown(shard, payloads) == {id_: {"a": 2, "b": "é"}}
    shard.delete(Selection(ids=(id_,)))
    assert shown(shard, payloads) == {}
    write(shard, id_, {"c": 3})
    assert shown(shard, payloads) == {id_: {"c": 3}}


def test_shards_are_told_apart(tmp_path: Path) -> None:
    """Points of one id and one version in two collections keep a payload of their own."""
    payloads, shards = Payloads(), []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shards.append(Shard.create(THINGS, tmp_path / name))
        write(shards[-1], 1, {"in": name})
    assert [shown(shard, payloads) for shard in (*shards, *shards)] == [{1: {"in": "one"}}, {1: {"in": "two"}}] * 2


def test_what_is_kept_is_bounded(shard: Shard) -> None:
    """What does not fit is fetched each time, and shown all the same."""
    payloads = Payloads(most_bytes=32_000)
    for point_id in range(5):
        write(shard, point_id, {"text": "x" * 400, "n": point_id})
    write(shard, 5, {"text": "x" * (MOST_BYTES // 32)})
    for _ in range(2):
        found = shown(shard, payloads)
        assert {point_id: payload["n"] for point_id, payload in found.items() if point_id != 5} == {  # type: ignore[index]
            0: 0,
            1: 1,
            2: 2,
            3: 3,
            4: 4,
        }
        assert len(found[5]["text"]) == MOST_BYTES // 32  # type: ignore[index]
