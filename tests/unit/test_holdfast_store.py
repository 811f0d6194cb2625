"""What a Holdfast service says comes back as what the domain meant, through the whole application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from adapters.holdfast import HoldfastVectorStore
from adapters.holdfast.client import client_of
from adapters.holdfast.requests import batches
from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.settings import Settings
from domain.errors import (
    Backend,
    BackendUnavailable,
    CollectionConflict,
    CollectionNotFound,
    Failure,
    Forbidden,
    HoldfastError,
    InvalidInput,
    Overloaded,
    PointNotFound,
    Unauthenticated,
)
from domain.filters import Filter, Match
from domain.models import Collection, Distance, Point, Vector
from domain.queries import SearchQuery, Selection
from tests.contract.things import UUID_1, make, make_colored, query, vector
from tests.fakes import FailingVectorStore, make_app

COLLECTION = Collection(name="things", size=2, distance=Distance.DOT)


def service_on(store: InMemoryVectorStore, settings: Settings | None = None) -> HoldfastVectorStore:
    """A service on this store, through its application."""
    transport = httpx.ASGITransport(app=make_app(store, InMemoryCache(), settings))
    return HoldfastVectorStore(client_of(transport, "http://test"))


@asynccontextmanager
async def answered_by(answer: Callable[[httpx.Request], httpx.Response]) -> AsyncIterator[HoldfastVectorStore]:
    """A service that answers every request with what this gives."""
    store = HoldfastVectorStore(client_of(httpx.MockTransport(answer), "http://test/prefix"))
    yield store
    await store.aclose()


@pytest.mark.parametrize(
    ("error", "back"),
    [
        (CollectionNotFound("things"), CollectionNotFound("things")),
        (PointNotFound("things", UUID_1), PointNotFound("things", UUID_1)),
        (PointNotFound("things", 7), PointNotFound("things", 7)),
        (CollectionConflict("things", ["a is 1, not 2", "b.c is 3, not 4"]),) * 2,
        (Forbidden("write", "things"), Forbidden("write", "things")),
        (Unauthenticated(), BackendUnavailable(Backend.VECTOR_STORE, "count", Failure.UNAUTHORIZED)),
        (InvalidInput("points[3].vector", "383 numbers, got 384"),) * 2,
        (InvalidInput("", "something else: expected or not"),) * 2,
        (
            BackendUnavailable(Backend.VECTOR_STORE, "scroll", Failure.RESET, 7.0),
            BackendUnavailable(Backend.VECTOR_STORE, "count", Failure.UNREADY),
        ),
        (
            Overloaded(Backend.VECTOR_STORE, "count"),
            BackendUnavailable(Backend.VECTOR_STORE, "count", Failure.OVERLOADED),
        ),
        (RuntimeError(), BackendUnavailable(Backend.VECTOR_STORE, "count", Failure.FAULT)),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_an_error_comes_back_as_it_was(store: FailingVectorStore, error: Exception, back: HoldfastError) -> None:
    """What the store of the service raises is raised here, or the failure that it is seen from here."""
    await make(store)
    store.error = error
    with pytest.raises(type(back)) as caught:
        await service_on(store).count("things", Filter())
    if isinstance(caught.value, BackendUnavailable):
        told = caught.value.retry_after
        assert (caught.value.operation, caught.value.failure) == back.args[1:3]
        silent = isinstance(error, (RuntimeError, Unauthenticated))
        assert told is None if silent else told is not None and 1 <= told <= 9
    else:
        assert str(caught.value) == str(back)
        assert caught.value.args == back.args


async def test_a_service_without_its_store_does_not_answer_a_ping(store: FailingVectorStore) -> None:
    """The service alone is not enough to be there."""
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "ping", Failure.REFUSED)
    with pytest.raises(BackendUnavailable) as caught:
        await service_on(store).ping()
    assert caught.value.failure is Failure.UNREADY


async def test_asks_past_every_cache() -> None:
    """No request takes a remembered answer or leaves one, and the prefix of the URL stays."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"hits": [], "stale": False})

    async with answered_by(answer) as store:
        assert await store.search("things", query(1, 2)) == ()
    assert seen[0].headers["Cache-Control"] == "no-cache, no-store"
    assert seen[0].url.path == "/prefix/v1/collections/things/search"
    assert msgspec.json.decode(seen[0].content)["vector"] == "AACAPwAAAEA="


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda store: store.search("a", query(1, 2)), {"hits": [], "stale": True}),
        (lambda store: store.search_batch("a", [query(1, 2)] * 2), {"results": [{"hits": [], "stale": False}]}),
        (lambda store: store.delete_collection("a"), {"hello": "world"}),
        (lambda store: store.upsert("a", [Point(1, vector(1))]), {"hello": "world"}),
        (lambda store: store.retrieve("a", [1]), {"points": [{"id": 1, "payload": {}, "vector": "AAA"}]}),
        (lambda store: store.scroll("a", Filter(), limit=1), {"points": [{"id": "x", "payload": {}}], "next": None}),
    ],
    ids=["stale", "too few results", "no 204", "no count", "cut vector", "no id"],
)
async def test_an_answer_that_makes_no_sense_is_none(call: Callable[[HoldfastVectorStore], Any], answer: Any) -> None:
    """What is not the answer to the question is garbage, whatever its status says."""
    async with answered_by(lambda _: httpx.Response(200, json=answer)) as store:
        with pytest.raises(BackendUnavailable) as caught:
            await call(store)
    assert caught.value.failure is Failure.GARBAGE


async def test_a_refusal_without_a_place_keeps_what_was_said() -> None:
    """A 422 in other words is still the caller's, and one line."""
    async with answered_by(lambda _: httpx.Response(422, json={"detail": "no\nway"})) as store:
        with pytest.raises(InvalidInput, match="it says: no way"):
            await store.count("things", Filter())


async def test_a_batch_of_many_searches_goes_in_parts() -> None:
    """More searches than one request takes are answered in order, and an error names its place among all."""
    store = service_on(InMemoryVectorStore())
    await make_colored(store)
    queries = [SearchQuery(id=1 + i % 5, limit=1) for i in range(150)]
    found = await store.search_batch("things", queries)
    assert found[:5] == found[100:105]
    assert len(found) == 150
    queries[120] = query(1)
    with pytest.raises(InvalidInput, match=r"^searches\[120\]\.vector: expected 2 numbers, got 1\.$"):
        await store.search_batch("things", queries)


async def test_asking_for_nothing_still_asks_for_the_collection() -> None:
    """No ids, no points and no searches are answered with nothing where the collection exists, and else it is named."""
    store = service_on(InMemoryVectorStore())
    for call in (store.retrieve("things", []), store.upsert("things", []), store.search_batch("things", [])):
        with pytest.raises(CollectionNotFound):
            await call
    await store.create_collection(COLLECTION)
    assert await store.retrieve("things", []) == ()
    assert await store.search_batch("things", []) == ()
    await store.upsert("things", [])


async def test_a_body_that_is_too_large_is_the_callers() -> None:
    """One point that the service takes no request for is refused with what to do."""
    store = service_on(InMemoryVectorStore(), Settings(http={"max_body_bytes": 1024}))  # type: ignore[arg-type]
    await store.create_collection(COLLECTION)
    with pytest.raises(InvalidInput, match="a smaller request"):
        await store.upsert("things", [Point(1, vector(1, 2), {"text": "x" * 2000})])


async def test_names_and_fields_of_every_kind_arrive() -> None:
    """What has a meaning in a URL is escaped in it."""
    store = service_on(InMemoryVectorStore())
    await make(store, Point(1, vector(1, 2), {"a/b ?#%": 1}))
    assert await store.create_index("things", '"a/b ?#%".c', "integer") is True  # type: ignore[arg-type]
    assert list((await store.describe_collection("things")).collection.indexes) == ['"a/b ?#%".c']
    await store.delete("things", Selection(filter=Filter(must=(Match('"a/b ?#%"', 1),))))
    assert await store.count("things", Filter()) == 0


def test_batches_are_bounded_in_every_way() -> None:
    """A batch ends before it holds too many items, objects or bytes, and one item goes alone if it must."""
    items = [b"{}", b"{}", b"{{{}", b"x" * 50, b"{}"]
    for bounds, sizes in (
        ({"most": 2, "most_objects": 100}, [2, 2, 1]),
        ({"most": 9, "most_objects": 4}, [2, 2, 1]),
        ({"most": 9, "most_objects": 99, "most_bytes": 40}, [3, 1, 1]),
    ):
        found = list(batches(items, **bounds))
        assert [len(batch.items) for batch in found] == sizes
        assert [batch.start for batch in found] == [sum(sizes[:index]) for index in range(len(sizes))]
    both = next(batches([b"1", b"2"], most=9, most_objects=9))
    assert both.body("points") == b'{"points":[1,2]}'
    assert both.body("points", b'{"a":{}}') == b'{"points":[1,2],"a":{}}'


async def test_vectors_come_exactly(store: FailingVectorStore) -> None:
    """Every bit of a vector comes back, also from a search, where it comes in numbers."""
    odd = Vector.of([1 / 3, 1e-45])
    service = service_on(store)
    await make(service, Point(1, odd))
    (record,) = await service.retrieve("things", [1], with_vectors=True)
    (hit,) = await service.search("things", query(1, 1, with_vectors=True))
    page = await service.scroll("things", Filter(), limit=5000, with_vectors=True)
    assert (record.vector, hit.vector, page.points[0].vector) == (odd, odd, odd)
