"""What is a tenant's, where a look and a write are apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest

from adapters.memory import InMemoryCache, InMemoryVectorStore
from domain.access import Tenant
from domain.collections import Collections
from domain.errors import Backend, BackendUnavailable, Failure, Forbidden, InvalidInput, PointNotFound
from domain.filters import Filter, Match
from domain.freshness import Windows
from domain.invalidation import Invalidation
from domain.models import Payload, Point, PointId, Record
from domain.points import Points
from domain.ports import NO_METRICS
from domain.queries import SearchQuery, Selection
from domain.search import Search
from domain.tenancy import condition, owned, owns, within
from tests.contract.things import ids, make, query, vector
from tests.fakes import FailingVectorStore

ACME, BETA = Tenant("tenant", "acme"), Tenant("tenant", "beta")


T = TypeVar("T")


class Moving(InMemoryVectorStore):
    """After each look at point 1, before anything else is done, it becomes beta's, who moves it."""

    moved = False

    async def count(self, collection: str, filter_: Filter) -> int:
        return await self._then_move(super().count(collection, filter_))

    async def retrieve(
        self, collection: str, ids: Sequence[PointId], *, with_vectors: bool = False
    ) -> tuple[Record, ...]:
        return await self._then_move(super().retrieve(collection, ids, with_vectors=with_vectors))

    async def _then_move(self, look: Awaitable[T]) -> T:
        seen = await look
        self.moved = True
        await super().upsert("things", [Point(1, vector(0, 9), {"tenant": "beta"})])
        return seen


class Arriving(InMemoryVectorStore):
    """After points were counted, and before anything else is done, point 4 becomes acme's."""

    async def count(self, collection: str, filter_: Filter) -> int:
        counted = await super().count(collection, filter_)
        await super().upsert("things", [Point(4, vector(9, 9), {"tenant": "acme"})])
        return counted


async def made(store: InMemoryVectorStore) -> tuple[Points, Search]:
    """Use cases on `things`: 1 to 3 are acme's, in all directions, and 4 is beta's."""
    points = [Point(1, vector(1, 0)), Point(2, vector(9, 0)), Point(3, vector(0, 9))]
    await make(store, *owned(points, ACME), *owned([Point(4, vector(9, 9))], BETA))
    cache = InMemoryCache()
    invalidation = Invalidation(cache)
    return Points(store, invalidation), Search(store, cache, invalidation, Windows(fresh=0.0))


async def test_what_is_anothers_is_neither_changed_nor_given_away() -> None:
    """By its id it does not exist, a filter does not reach it, and no payload says another owner."""
    store = InMemoryVectorStore()
    points, _ = await made(store)
    with pytest.raises(PointNotFound, match="Point 4"):
        await points.set_payload("things", {"a": 1}, Selection(ids=(1, 4)), ACME)
    await points.set_payload("things", {"a": 1}, Selection(filter=Filter(must_not=(Match("b", 1),))), ACME)
    found = await store.retrieve("things", [1, 4])
    assert [record.payload for record in found] == [{"tenant": "acme", "a": 1}, {"tenant": "beta"}]
    with pytest.raises(InvalidInput, match=r"^points\[0\].payload.tenant: expected nothing else here than 'acme'"):
        await points.upsert("things", [Point(5, vector(1, 1), {"tenant": "beta"})], tenant=ACME)
    with pytest.raises(InvalidInput, match=r"^payload\.tenant: "):
        await points.set_payload("things", {"tenant": None}, Selection(ids=(1,)), ACME)
    assert await store.count("things", Filter()) == 4


async def test_what_becomes_the_tenants_meanwhile_can_be_changed() -> None:
    """Only an id that is still not his does not exist."""
    store = Arriving()
    points, _ = await made(store)
    await points.set_payload("things", {"a": 1}, Selection(ids=(1, 4)), ACME)
    found = await store.retrieve("things", [1, 4])
    assert [record.payload for record in found] == [{"tenant": "acme", "a": 1}] * 2


async def test_of_a_collection_a_tenant_sees_his_part() -> None:
    """Its description counts his points; and as a whole it is not his to change."""
    store, cache = InMemoryVectorStore(), InMemoryCache()
    await made(store)
    collections = Collections(store, cache, Invalidation(cache))
    assert (await collections.describe("things", ACME)).points == 3
    assert (await collections.describe("things")).points == 4
    with pytest.raises(Forbidden):
        await collections.delete("things", ACME)
    assert owns(None, {"tenant": "beta"})


def test_who_counts_nothing_tells_nothing() -> None:
    """Without metrics there is an empty text."""
    assert NO_METRICS.render("", {})[1] == b""


async def test_a_search_is_by_the_vector_that_was_seen_to_be_the_tenants() -> None:
    """Where the point changes hands before the search, its new vector has no part in it; afterwards it is gone."""
    store = Moving()
    _, search = await made(store)
    asked = SearchQuery(id=1)
    found = await search.search("things", asked, tenant=ACME)
    assert [(hit.id, hit.score) for hit in found.hits] == [(2, 9.0), (3, 0.0)]
    with pytest.raises(PointNotFound):
        await search.search_batch("things", [query(1, 0), replace(asked, limit=3)], tenant=ACME)


async def test_a_point_that_changes_hands_before_the_write_is_left_alone() -> None:
    """Payload is set on the points that are the tenant's at the moment of the write."""
    store = Moving()
    points, _ = await made(store)
    await points.set_payload("things", {"seen": 1}, Selection(ids=(1, 2)), ACME)
    assert store.moved
    assert [record.payload for record in await store.retrieve("things", [1, 2])] == [
        {"tenant": "beta"},
        {"tenant": "acme", "seen": 1},
    ]


async def test_a_search_by_a_point_has_stale_answers() -> None:
    """While the store is away the tenant is shown what was remembered for him, and another is not."""
    store = FailingVectorStore()
    _, search = await made(store)
    fresh = await search.search("things", SearchQuery(id=1), tenant=ACME)
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "retrieve", Failure.REFUSED)
    stale = await search.search("things", SearchQuery(id=1), tenant=ACME)
    assert (ids(fresh.hits), fresh.stale, stale.hits, stale.stale) == ([2, 3], False, fresh.hits, True)
    with pytest.raises(BackendUnavailable):
        await search.search("things", SearchQuery(id=1), tenant=BETA)


@pytest.mark.parametrize(
    ("payload", "is_his"),
    [
        ({"tenant": "acme"}, True),
        ({"tenant": ["beta", "acme"]}, True),
        ({"tenant": [["acme"]]}, False),
        ({"tenant": {"acme": "acme"}}, False),
        ({"tenant": "ACME"}, False),
        ({"tenant": "acme corp"}, False),
        ({"tenant": None}, False),
        ({"tenant": []}, False),
        ({"x": {"tenant": "acme"}}, False),
        ({}, False),
    ],
)
async def test_a_record_is_judged_as_the_store_judges_it(payload: Payload, *, is_his: bool) -> None:
    """What is read by its id is the tenant's just where a filter of the store says so."""
    store = InMemoryVectorStore()
    await make(store, Point(1, vector(1, 1), payload))
    assert await store.count("things", within(Filter(), ACME)) == is_his
    assert owns(ACME, payload) is is_his


async def test_a_field_is_a_key_and_no_path() -> None:
    """A tenant's field with a dot or a bracket in it is one key of the payload, and leads nowhere else."""
    for name in ("a.b", "a[]", "ключ", "two words", ""):
        tenant = Tenant(name, "acme")
        store = InMemoryVectorStore()
        (point,) = owned([Point(1, vector(1, 1), {"a": {"b": "beta"}})], tenant)
        await make(store, point, Point(2, vector(1, 1), {"a": {"b": "acme"}}), Point(3, vector(1, 1), {"a": ["acme"]}))
        found = await store.scroll("things", within(Filter(), tenant), limit=9)
        assert [record.payload for record in found.points] == [{"a": {"b": "beta"}, name: "acme"}]


@pytest.mark.parametrize(("field", "value"), [('a"b', "x"), ("a\\", "x"), ("a\n", "x"), ("a" * 1025, "x"), ("a", 7)])
def test_a_tenant_that_no_filter_can_tell_cannot_be(field: str, value: str) -> None:
    """A field that no path can name, or a value that is no text, is refused when the tenant is made."""
    with pytest.raises(InvalidInput):
        Tenant(field, value)


@pytest.mark.parametrize(
    "clauses", [lambda own: Filter(should=own), lambda own: Filter(must_not=own), lambda own: Filter(must=own)]
)
def test_the_condition_stands_beside_the_whole_filter(clauses: Callable[[tuple[Match, ...]], Filter]) -> None:
    """It is one of the conditions that must all hold, once, whatever the filter's own clauses are."""
    filter_ = clauses((condition(BETA),))
    narrowed = within(filter_, ACME)
    assert narrowed.must == (condition(ACME), *filter_.must)
    assert (narrowed.should, narrowed.must_not) == (filter_.should, filter_.must_not)
    assert within(narrowed, ACME) is narrowed
    assert within(filter_, None) is filter_


def test_a_tenants_search_is_another_than_that_of_who_states_his_filter() -> None:
    """Who sees all may search by any point, so what he finds is not what a tenant is shown who asks alike."""
    by_id = SearchQuery(id=1)
    stated = SearchQuery(id=1, filter=Filter(must=(condition(ACME),)))
    asked = [by_id, stated, by_id.of(ACME), stated.of(BETA), by_id.of(BETA)]
    assert len({one.fingerprint for one in asked}) == 5
    assert stated.of(ACME).fingerprint == by_id.of(ACME).fingerprint
    assert by_id.of(ACME).of(ACME).tenant == ACME
