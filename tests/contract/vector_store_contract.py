"""What every `VectorStore` must do. A test module subclasses `VectorStoreContract` and gives it a `store`."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from domain.errors import (
    BackendUnavailable,
    CollectionConflict,
    CollectionNotFound,
    Failure,
    InvalidInput,
    PointNotFound,
)
from domain.filters import Filter, HasId, Match
from domain.models import (
    Collection,
    Distance,
    HnswOptions,
    IndexType,
    Json,
    Point,
    Quantization,
    QuantizationType,
    Vector,
)
from domain.ports import VectorStore
from domain.queries import SearchQuery, Selection

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


class CollectionContract:
    """Collections and payload indexes."""

    async def test_creates_a_collection_once(self, store: VectorStore) -> None:
        """The first call makes the collection, and an equal one finds it as it is."""
        collection = Collection(name="things", size=3, distance=Distance.EUCLID, indexes={"color": IndexType.KEYWORD})
        assert await store.create_collection(collection) is True
        assert await store.create_collection(collection) is False
        info = await store.describe_collection("things")
        assert (info.collection, info.points) == (collection, 0)

    async def test_one_of_concurrent_creators_makes_it(self, store: VectorStore) -> None:
        """Of ten callers who make the same collection at once, one is told that it did."""
        collection = Collection(name="things", size=3, distance=Distance.DOT)
        made = await asyncio.gather(*(store.create_collection(collection) for _ in range(10)))
        assert sorted(made) == [False] * 9 + [True]

    @pytest.mark.parametrize("other", [{"size": 4}, {"distance": Distance.COSINE}], ids=["size", "distance"])
    async def test_refuses_another_collection_of_the_name(self, store: VectorStore, other: dict[str, object]) -> None:
        """A collection that exists with another size or distance is a conflict, and stays as it is."""
        wanted: dict[str, object] = {"name": "things", "size": 3, "distance": Distance.DOT}
        await store.create_collection(Collection(**wanted))  # type: ignore[arg-type]
        with pytest.raises(CollectionConflict) as caught:
            await store.create_collection(Collection(**{**wanted, **other}))  # type: ignore[arg-type]
        assert next(iter(other)) in str(caught.value)
        assert (await store.describe_collection("things")).collection.size == 3

    async def test_adds_the_indexes_that_are_missing(self, store: VectorStore) -> None:
        """Creating again with another index adds it and keeps the first."""
        first = Collection(name="things", size=3, distance=Distance.DOT, indexes={"a": IndexType.INTEGER})
        second = Collection(name="things", size=3, distance=Distance.DOT, indexes={"b.c": IndexType.FLOAT})
        await store.create_collection(first)
        assert await store.create_collection(second) is False
        info = await store.describe_collection("things")
        assert info.collection.indexes == {"a": IndexType.INTEGER, "b.c": IndexType.FLOAT}

    async def test_keeps_engine_options(self, store: VectorStore) -> None:
        """Options of the engine come back in the description, and others are a conflict."""
        collection = Collection(
            name="things",
            size=3,
            distance=Distance.DOT,
            on_disk=True,
            quantization=Quantization(type=QuantizationType.SCALAR, quantile=0.99, always_ram=True),
            hnsw=HnswOptions(m=8, ef_construct=64),
        )
        assert await store.create_collection(collection) is True
        assert await store.create_collection(collection) is False
        assert (await store.describe_collection("things")).collection == collection
        other = Collection(name="things", size=3, distance=Distance.DOT, hnsw=HnswOptions(m=32))
        with pytest.raises(CollectionConflict, match="m is 8, not 32"):
            await store.create_collection(other)

    async def test_lists_names_in_order(self, store: VectorStore) -> None:
        """The list holds every name, sorted."""
        assert await store.list_collections() == ()
        for name in ("b", "a.1", "C"):
            await store.create_collection(Collection(name=name, size=1, distance=Distance.DOT))
        assert await store.list_collections() == ("C", "a.1", "b")

    async def test_deletes_a_collection_with_its_points(self, store: VectorStore) -> None:
        """A deleted collection is gone, and one made anew under its name is empty."""
        await make(store, Point(1, vector(1, 2)))
        await store.delete_collection("things")
        assert await store.list_collections() == ()
        await store.create_collection(Collection(name="things", size=3, distance=Distance.COSINE))
        info = await store.describe_collection("things")
        assert (info.points, info.collection.size) == (0, 3)
        await store.upsert("things", [Point(1, vector(1, 2, 3))])

    @pytest.mark.parametrize("type_", list(IndexType))
    async def test_indexes_a_field(self, store: VectorStore, type_: IndexType) -> None:
        """An index of every type can be made, is described, and making it again changes nothing."""
        await make(store)
        assert await store.create_index("things", "meta.field", type_) is True
        assert await store.create_index("things", "meta.field", type_) is True
        assert (await store.describe_collection("things")).collection.indexes == {"meta.field": type_}

    async def test_refuses_an_index_of_another_type(self, store: VectorStore) -> None:
        """A field that is indexed as one type cannot be indexed as another."""
        await make(store)
        await store.create_index("things", "field", IndexType.KEYWORD)
        with pytest.raises(CollectionConflict, match="index of 'field' is keyword, not integer"):
            await store.create_index("things", "field", IndexType.INTEGER)

    async def test_says_which_collection_is_missing(self, store: VectorStore) -> None:
        """Every operation on a collection that does not exist names it."""
        selection = Selection(ids=(1,))
        calls = [
            store.describe_collection("none"),
            store.delete_collection("none"),
            store.create_index("none", "field", IndexType.BOOL),
            store.upsert("none", [Point(1, vector(1, 2))]),
            store.set_payload("none", {"a": 1}, selection),
            store.set_payload("none", {"a": 1}, Selection(filter=RED)),
            store.delete("none", selection),
            store.retrieve("none", [1]),
            store.scroll("none", Filter(), limit=1),
            store.count("none", Filter()),
            store.search("none", query(1, 2)),
            store.search("none", SearchQuery(id=1)),
            store.search_batch("none", [query(1, 2)]),
        ]
        for call in calls:
            with pytest.raises(CollectionNotFound, match="Collection 'none' does not exist"):
                await call


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


class SearchContract:
    """Searching."""

    @pytest.mark.parametrize(
        ("distance", "order", "scores"),
        [
            (Distance.COSINE, [1, 3, 2], (1.0, 0.8, 0.6)),
            (Distance.DOT, [3, 1, 2], (4.0, 1.0, 0.6)),
            (Distance.EUCLID, [1, 2, 3], (0.0, 0.8**0.5, 18**0.5)),
            (Distance.MANHATTAN, [1, 2, 3], (0.0, 1.2, 6.0)),
        ],
    )
    async def test_ranks_by_distance(
        self, store: VectorStore, distance: Distance, order: list[int], scores: tuple[float, ...]
    ) -> None:
        """Hits come nearest first, with the scores of the collection's distance."""
        points = [Point(1, vector(1, 0)), Point(2, vector(0.6, 0.8)), Point(3, vector(4, 3))]
        await make(store, *points, distance=distance)
        hits = await store.search("things", query(1, 0))
        assert ids(hits) == order
        assert tuple(hit.score for hit in hits) == near(scores)

    async def test_normalises_under_cosine(self, store: VectorStore) -> None:
        """Under cosine vectors come back with norm 1, however long or short they were."""
        lengths = (5.0, 1e-6, 1e-30, 1e30, 1.0)
        points = [Point(i, vector(0.6 * length, 0.8 * length)) for i, length in enumerate(lengths)]
        await make(store, *points, distance=Distance.COSINE)
        for record in await store.retrieve("things", range(5), with_vectors=True):
            assert record.vector is not None
            assert record.vector.to_tuple() == near((0.6, 0.8))
        for length in lengths:
            hits = await store.search("things", query(0.6 * length, 0.8 * length, with_vectors=True))
            assert tuple(hit.score for hit in hits) == near((1.0,) * 5)
            assert hits[0].vector is not None

    async def test_refuses_the_zero_vector_under_cosine(self, store: VectorStore) -> None:
        """A vector without a direction is refused, to write and to search for."""
        await make(store, distance=Distance.COSINE)
        with pytest.raises(InvalidInput, match=r"points\[0\]\.vector: expected a vector that is not zero"):
            await store.upsert("things", [Point(1, vector(0, -0.0))])
        with pytest.raises(InvalidInput, match="vector: expected a vector that is not zero"):
            await store.search("things", query(0, 0))

    async def test_refuses_a_query_of_another_size(self, store: VectorStore) -> None:
        """A query of another size is refused, in a batch with its place."""
        await make(store)
        with pytest.raises(InvalidInput, match="vector: expected 2 numbers, got 3"):
            await store.search("things", query(1, 2, 3))
        with pytest.raises(InvalidInput, match=r"searches\[1\]\.vector: expected 2 numbers, got 1"):
            await store.search_batch("things", [query(1, 2), query(1)])

    async def test_notices_that_a_collection_was_made_anew(self, store: VectorStore) -> None:
        """After a collection was made anew with another size, vectors are checked against that."""
        await make(store, Point(1, vector(1, 2)))
        await store.search("things", query(1, 2))
        await store.delete_collection("things")
        await make(store, Point(1, vector(1, 2, 3)), size=3)
        assert ids(await store.search("things", query(1, 2, 3))) == [1]
        with pytest.raises(InvalidInput, match="expected 3 numbers, got 2"):
            await store.search("things", query(1, 2))

    async def test_pages_with_offset_and_limit(self, store: VectorStore) -> None:
        """Pages of a ranking join without a gap, and past its end there is nothing."""
        await make_colored(store)
        pages = [await store.search("things", query(1, 0, limit=2, offset=offset)) for offset in (0, 2, 4, 6)]
        assert [ids(page) for page in pages] == [[1, 2], [3, 4], [5], []]

    async def test_orders_equal_scores_by_id(self, store: VectorStore) -> None:
        """Hits of one score come in the order of their ids, also where they do not fit on a page."""
        tied: list[object] = [3, 7, 20, MAX_ID, UUID_1, UUID_2]
        points = [Point(id_, vector(1, 1)) for id_ in reversed(tied)]  # type: ignore[arg-type]
        await make(store, *points, Point(50, vector(9, 9)), Point(1, vector(0, 0)))
        ranking = [50, *tied, 1]
        assert ids(await store.search("things", query(1, 1))) == ranking
        for limit in range(1, 8):
            pages = [await store.search("things", query(1, 1, limit=limit, offset=at)) for at in range(0, 8, limit)]
            assert [id_ for page in pages for id_ in ids(page)] == ranking

    @pytest.mark.parametrize(
        ("distance", "threshold", "expected"),
        [
            (Distance.DOT, 3.0, [1, 2]),
            (Distance.DOT, 3.1, [1]),
            (Distance.EUCLID, 2.0, [2, 1]),
            (Distance.EUCLID, 1.9, [2]),
            (Distance.EUCLID, 0.0, []),
            (Distance.COSINE, 1.0, [1, 2, 3]),
        ],
    )
    async def test_leaves_out_hits_past_the_threshold(
        self, store: VectorStore, distance: Distance, threshold: float, expected: list[int]
    ) -> None:
        """A hit at the threshold stays, a farther one does not."""
        points = [Point(1, vector(4, 0)), Point(2, vector(3, 0)), Point(3, vector(0.5, 0))]
        await make(store, *points, distance=distance)
        target = query(1, 0, score_threshold=threshold) if distance is not Distance.EUCLID else None
        target = target or query(2, 0, score_threshold=threshold)
        hits = await store.search("things", target)
        found = [hit for hit in ids(hits) if distance is not Distance.EUCLID or hit != 3]
        assert found == expected

    async def test_filters_before_it_ranks(self, store: VectorStore) -> None:
        """A page is full of points that meet the filter where there are enough."""
        await make_colored(store)
        assert ids(await store.search("things", query(1, 0, filter=RED, limit=2))) == [1, 3]
        assert ids(await store.search("things", query(1, 0, filter=RED, limit=2, exact=True))) == [1, 3]
        assert ids(await store.search("things", query(1, 0, filter=RED, limit=2, hnsw_ef=64))) == [1, 3]

    async def test_gives_the_parts_that_were_asked_for(self, store: VectorStore) -> None:
        """Payload comes whole, in part or not at all, and the vector when asked."""
        await make(
            store, Point(1, vector(1, 2), {"a": {"b": 1, "c": 2}, "d": [{"e": 1, "f": 2}]}), Point(2, vector(0, 0))
        )
        whole, empty = await store.search("things", query(1, 1))
        assert (whole.payload, whole.vector) == ({"a": {"b": 1, "c": 2}, "d": [{"e": 1, "f": 2}]}, None)
        assert empty.payload == {}
        assert (await store.search("things", query(1, 1, with_payload=False)))[0].payload is None
        part, nothing = await store.search("things", query(1, 1, with_payload=("a.c", "d[].e"), with_vectors=True))
        assert (part.payload, part.vector) == ({"a": {"c": 2}, "d": [{"e": 1}]}, vector(1, 2))
        assert nothing.payload == {}

    async def test_finds_neighbours_of_a_stored_point(self, store: VectorStore) -> None:
        """The neighbours of a stored point come without the point itself, with filter and offset."""
        await make_colored(store)
        assert ids(await store.search("things", SearchQuery(id=1, limit=3))) == [2, 3, 4]
        assert ids(await store.search("things", SearchQuery(id=1, filter=RED))) == [3, 5]
        assert ids(await store.search("things", SearchQuery(id=1, offset=1, limit=2))) == [3, 4]

    @pytest.mark.parametrize("missing", [99, UUID_1])
    async def test_says_which_point_is_missing(self, store: VectorStore, missing: int | UUID) -> None:
        """Neighbours of a point that does not exist are an error that names it, in a batch too."""
        await make_colored(store)
        with pytest.raises(PointNotFound, match=f"Point {missing} does not exist"):
            await store.search("things", SearchQuery(id=missing))
        with pytest.raises(PointNotFound, match=f"Point {missing} does not exist"):
            await store.search_batch("things", [SearchQuery(id=1), SearchQuery(id=missing)])

    async def test_searches_a_batch_in_order(self, store: VectorStore) -> None:
        """Each search of a batch answers as it would alone."""
        await make_colored(store)
        queries = [
            query(1, 0, limit=1),
            query(-1, 0, limit=2),
            SearchQuery(id=3, limit=1, filter=RED),
            query(1, 0, offset=4),
        ]
        assert await store.search_batch("things", queries) == tuple([await store.search("things", q) for q in queries])

    async def test_finds_nothing_in_an_empty_collection(self, store: VectorStore) -> None:
        """An empty collection gives no hits and no error."""
        await make(store)
        assert await store.search("things", query(1, 2)) == ()


class LifecycleContract:
    """Being asked, and ending."""

    async def test_answers_a_ping(self, store: VectorStore) -> None:
        """A store that is there says what it is, and that nothing has failed."""
        status = await store.ping()
        assert status.technology in ("memory", "qdrant", "qdrant-memory")
        assert status.last_failure is None

    async def test_is_unavailable_once_closed(self, store: VectorStore) -> None:
        """A closed store raises the one error that callers know, and can be closed again."""
        await store.aclose()
        await store.aclose()
        for call in (store.ping(), store.count("things", Filter()), store.search("things", query(1, 2))):
            with pytest.raises(BackendUnavailable) as caught:
                await call
            assert caught.value.failure is Failure.CLOSED


class VectorStoreContract(CollectionContract, PointContract, SearchContract, LifecycleContract):
    """The whole contract."""
