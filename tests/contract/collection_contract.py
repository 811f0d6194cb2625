"""What every `VectorStore` must do with collections."""

from __future__ import annotations

import asyncio

import pytest

from domain.errors import (
    CollectionConflict,
    CollectionNotFound,
)
from domain.filters import Filter
from domain.models import (
    Collection,
    Distance,
    HnswOptions,
    IndexType,
    Point,
    Quantization,
    QuantizationType,
)
from domain.ports import VectorStore
from domain.queries import SearchQuery, Selection
from tests.contract.things import RED, make, query, vector


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
