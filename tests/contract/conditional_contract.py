"""What every `VectorStore` must do where a write, or a search, is narrowed by a condition."""

from __future__ import annotations

import asyncio

from domain.filters import MAX_DEPTH, Filter, HasId, Match
from domain.models import Json, Point, PointId, Vector
from domain.ports import VectorStore
from domain.queries import SearchQuery, Selection
from tests.contract.things import MAX_ID, RED, UUID_1, UUID_2, ids, make, make_colored, vector


def colored(point_id: PointId, color: Json, number: int) -> Point:
    """A point of the color, whose vector says its number."""
    return Point(point_id, vector(number, 1), {"color": color})


async def stored(store: VectorStore) -> dict[PointId, tuple[Json, Vector | None]]:
    """The color and the vector of each point."""
    page = await store.scroll("things", Filter(), limit=1000, with_vectors=True)
    return {record.id: (record.payload.get("color"), record.vector) for record in page.points}


class ConditionalContract:
    """Writes that leave points alone which do not meet a condition."""

    async def test_leaves_points_that_do_not_meet_the_condition(self, store: VectorStore) -> None:
        """Of points that exist those are replaced that meet it, the others stay whole; new ones are written."""
        several = colored(UUID_1, ["blue", "red"], 3)
        await make(store, colored(1, "red", 1), colored(2, "blue", 2), several, Point(4, vector(4, 1)))
        after = [colored(i, "red", 9) for i in (UUID_1, 1, 2, 4, MAX_ID, UUID_2)]
        await store.upsert("things", after, only=RED)
        new = ("red", vector(9, 1))
        assert await stored(store) == {
            1: new,
            2: ("blue", vector(2, 1)),
            4: (None, vector(4, 1)),
            MAX_ID: new,
            UUID_1: new,
            UUID_2: new,
        }

    async def test_the_last_of_one_id_counts_under_a_condition(self, store: VectorStore) -> None:
        """The condition is about what was there before the call, not about an earlier point of the same call."""
        await make(store, colored(1, "red", 1), colored(2, "blue", 2))
        again = [colored(i, color, n) for n, color in ((3, "blue"), (4, "red")) for i in (1, 2, 3)]
        await store.upsert("things", again, only=RED)
        assert await stored(store) == {
            1: ("red", vector(4, 1)),
            2: ("blue", vector(2, 1)),
            3: ("red", vector(4, 1)),
        }

    async def test_one_of_many_gets_a_new_point(self, store: VectorStore) -> None:
        """Where several write the same ids at once, each on condition that they are his, one has each point whole."""
        await make(store)
        names = [f"caller {number}" for number in range(8)]

        async def write(number: int) -> None:
            points = [colored(i, names[number], 10 * number) for i in range(40)]
            await store.upsert("things", points, only=Filter(must=(Match("color", names[number]),)))

        await asyncio.gather(*map(write, range(8)))
        found = await stored(store)
        assert set(found) == set(range(40))
        for color, kept in found.values():
            assert kept == vector(10 * names.index(str(color)), 1)

    async def test_changes_and_deletes_ids_that_meet_a_condition(self, store: VectorStore) -> None:
        """A filter can name ids and a condition: ten thousand ids are no more than a few."""
        await make_colored(store)
        many = HasId(frozenset(range(3, 10_003)))
        await store.set_payload("things", {"seen": 1}, Selection(filter=RED.narrowed(many)))
        assert await store.count("things", Filter(must=(Match("seen", 1),))) == 2
        await store.delete("things", Selection(filter=RED.narrowed(many)))
        assert ids((await store.scroll("things", Filter(), limit=10)).points) == [1, 2, 4]

    async def test_a_key_is_no_path_where_payload_is_merged(self, store: VectorStore) -> None:
        """Keys that look like paths into a field, or like its name in quotes, are keys of their own."""
        await make(store, colored(1, "red", 1))
        tricks: dict[str, Json] = dict.fromkeys(("color.sub", "color[]", "color[0]", '"color"', ""), "blue")
        await store.set_payload("things", tricks, Selection(ids=(1,)))
        await store.set_payload("things", dict.fromkeys(tricks), Selection(filter=RED))
        (record,) = await store.retrieve("things", [1])
        assert record.payload == {"color": "red"}

    async def test_takes_the_deepest_filter_beside_an_id(self, store: VectorStore) -> None:
        """To leave out the point that is searched by takes nothing from the depth that filters may have."""
        await make_colored(store)
        deep = RED
        for _ in range(MAX_DEPTH - 1):
            deep = Filter(must=(deep,))
        assert ids(await store.search("things", SearchQuery(id=1, filter=deep))) == [3, 5]
