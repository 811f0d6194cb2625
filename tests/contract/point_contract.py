"""What every `VectorStore` must do with points."""

from __future__ import annotations

import asyncio

import pytest

from domain.errors import (
    InvalidInput,
    PointNotFound,
)
from domain.filters import Filter, HasId, Match
from domain.models import (
    Json,
    Point,
)
from domain.ports import VectorStore
from domain.queries import Selection
from tests.contract.things import MAX_ID, RED, UUID_1, UUID_2, ids, make, make_colored, vector


class PointContract:
    """Writing and reading points."""

    async def test_keeps_what_was_written(self, store: VectorStore) -> None:
        """Ids, vectors and payloads of every kind come back as they went in."""
        payload: dict[str, Json] = {
            "text": "schöne Grüße, 世界 \u0000",
            "int": 2**63 - 1,
            "least": -(2**63),
            "float": 1.5,
            "whole": 2.0,
            "bool": True,
            "null": None,
            "list": [1, "a", [], [None]],
            "object": {"a": {"b": [{"c": 1}]}, "": 0},
        }
        points = [
            Point(0, vector(1, -2), payload),
            Point(MAX_ID, vector(0, 0)),
            Point(UUID_2, vector(0.5, 3), {"a": 1}),
        ]
        await make(store, *points)
        records = await store.retrieve("things", [UUID_2, 0, MAX_ID], with_vectors=True)
        assert ids(records) == [UUID_2, 0, MAX_ID]
        assert records[1].payload == payload
        assert type(records[1].payload["whole"]) is float
        assert type(records[1].payload["bool"]) is bool
        assert [record.vector for record in records] == [vector(0.5, 3), vector(1, -2), vector(0, 0)]
        assert records[2].payload == {}

    async def test_does_not_share_what_was_written(self, store: VectorStore) -> None:
        """Changing a payload after it was written, or read, changes nothing that is stored."""
        payload: dict[str, object] = {"list": [1]}
        await make(store, Point(1, vector(1, 2), payload))  # type: ignore[arg-type]
        payload["list"].append(2)  # type: ignore[attr-defined]
        (record,) = await store.retrieve("things", [1])
        record.payload["list"].append(3)  # type: ignore[union-attr]
        assert (await store.retrieve("things", [1]))[0].payload == {"list": [1]}

    async def test_the_last_of_one_id_counts(self, store: VectorStore) -> None:
        """A point takes the place of the one with its id, also within one call."""
        await make(store, Point(1, vector(1, 1), {"a": 1, "b": 1}))
        await store.upsert("things", [Point(1, vector(2, 2), {"a": 2}), Point(1, vector(3, 3), {"c": 3})])
        (record,) = await store.retrieve("things", [1], with_vectors=True)
        assert (record.vector, record.payload) == (vector(3, 3), {"c": 3})

    async def test_refuses_a_vector_of_another_size(self, store: VectorStore) -> None:
        """A batch with one vector that does not fit says where, and leaves nothing behind."""
        await make(store)
        points = [Point(1, vector(1, 2)), Point(2, vector(1, 2, 3)), Point(3, vector(1, 2))]
        with pytest.raises(InvalidInput, match=r"points\[1\]\.vector: expected 2 numbers, got 3"):
            await store.upsert("things", points)
        assert await store.count("things", Filter()) == 0

    async def test_retrieves_in_the_order_asked(self, store: VectorStore) -> None:
        """Points come in the order of the ids, each once, missing ones left out, without vectors."""
        await make(store, Point(1, vector(1, 1)), Point(2, vector(1, 1)), Point(UUID_1, vector(1, 1)))
        records = await store.retrieve("things", [UUID_1, 9, 2, UUID_1, 2, 1, UUID_2])
        assert ids(records) == [UUID_1, 2, 1]
        assert records[0].vector is None

    async def test_merges_payload_at_the_top_level(self, store: VectorStore) -> None:
        """Keys are replaced whole, a null removes its key, and other points stay as they are."""
        before: dict[str, Json] = {"keep": 1, "replace": {"old": 1}, "remove": 1}
        await make(store, Point(1, vector(1, 1), before), Point(2, vector(1, 1), before))
        payload: dict[str, Json] = {"replace": {"new": [1]}, "remove": None, "absent": None, "add": 2}
        await store.set_payload("things", payload, Selection(ids=(1,)))
        first, second = await store.retrieve("things", [1, 2])
        assert first.payload == {"keep": 1, "replace": {"new": [1]}, "add": 2}
        assert second.payload == before

    async def test_merges_payload_by_filter(self, store: VectorStore) -> None:
        """A filter selects the points whose payload changes."""
        await make_colored(store)
        await store.set_payload("things", {"seen": True}, Selection(filter=RED))
        assert await store.count("things", Filter(must=(Match("seen", True),))) == 3

    async def test_sets_no_payload_when_a_point_is_missing(self, store: VectorStore) -> None:
        """One id that does not exist is named, and no other point has changed."""
        await make(store, Point(1, vector(1, 1), {"a": 1}))
        with pytest.raises(PointNotFound, match="Point 7 does not exist in collection 'things'"):
            await store.set_payload("things", {"a": 2}, Selection(ids=(1, 7, 8)))
        assert (await store.retrieve("things", [1]))[0].payload == {"a": 1}

    async def test_deletes_by_ids_and_by_filter(self, store: VectorStore) -> None:
        """Selected points are gone, ids that do not exist are passed over, the rest stays."""
        await make_colored(store)
        await store.delete("things", Selection(ids=(1, 99, UUID_1)))
        await store.delete("things", Selection(filter=Filter(must=(Match("color", "blue"),))))
        assert ids((await store.scroll("things", Filter(), limit=10)).points) == [3, 5]

    async def test_scrolls_in_the_order_of_ids(self, store: VectorStore) -> None:
        """Pages hold each point once, integers before UUIDs, and the last page says that it is."""
        order = [0, 2, 10, MAX_ID, UUID_1, UUID_2]
        await make(store, *(Point(id_, vector(1, 1), {"a": str(id_)}) for id_ in reversed(order)))  # type: ignore[arg-type]
        seen: list[object] = []
        start = None
        for _ in range(3):
            page = await store.scroll("things", Filter(), limit=2, start=start)
            seen += ids(page.points)
            start = page.next
        assert seen == order
        assert start is None

    async def test_scrolls_on_from_a_point_that_is_gone(self, store: VectorStore) -> None:
        """A page starts at the next id when the one it was to start at was deleted."""
        await make(store, *(Point(id_, vector(1, 1)) for id_ in (1, 2, 3)))
        page = await store.scroll("things", Filter(), limit=1)
        assert page.next == 2
        await store.delete("things", Selection(ids=(2,)))
        assert ids((await store.scroll("things", Filter(), limit=1, start=page.next)).points) == [3]

    async def test_scrolls_and_counts_with_a_filter(self, store: VectorStore) -> None:
        """Only points that meet the filter come and count, with vectors when asked."""
        await make_colored(store)
        page = await store.scroll("things", RED, limit=2, with_vectors=True)
        assert (ids(page.points), page.next) == ([1, 3], 5)
        assert page.points[0].vector == vector(10, 1)
        assert await store.count("things", RED) == 3
        assert await store.count("things", Filter()) == 5
        assert await store.count("things", Filter(must=(HasId(frozenset({1, UUID_1})),))) == 1

    async def test_concurrent_writes_are_all_kept(self, store: VectorStore) -> None:
        """Fifty batches written at once leave every point behind."""
        await make(store)
        await asyncio.gather(*(store.upsert("things", [Point(i, vector(i, 1))]) for i in range(50)))
        assert await store.count("things", Filter()) == 50
