"""How every `VectorStore` must search."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.errors import (
    InvalidInput,
    PointNotFound,
)
from domain.models import (
    Distance,
    Point,
)
from domain.ports import VectorStore
from domain.queries import SearchQuery
from tests.contract.things import MAX_ID, RED, UUID_1, UUID_2, ids, make, make_colored, near, query, vector


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

    async def test_names_the_search_of_a_batch_that_is_wrong(self, store: VectorStore) -> None:
        """An error about a query says which one it is, also where the batch has no other."""
        await make_colored(store)
        for queries in ([query(1, 0, 0)], [query(1, 0), query(1, 0, 0)]):
            with pytest.raises(InvalidInput) as caught:
                await store.search_batch("things", queries)
            assert caught.value.where == f"searches[{len(queries) - 1}].vector"

    async def test_finds_nothing_in_an_empty_collection(self, store: VectorStore) -> None:
        """An empty collection gives no hits and no error."""
        await make(store)
        assert await store.search("things", query(1, 2)) == ()
