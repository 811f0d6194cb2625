"""Two worlds in which a tenant does the same: one that he shares with others, and one where he is alone.

Whatever he is answered must be the same in both, but for ids that are another's: there his points are not
written. And whatever he does, the points of others stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from adapters.memory import InMemoryCache
from domain.access import Tenant
from domain.collections import Collections
from domain.errors import BackendUnavailable, HoldfastError
from domain.filters import Filter, Match
from domain.invalidation import Invalidation
from domain.models import Collection, Distance, Json, Payload, Point, PointId, Vector
from domain.points import Points
from domain.queries import SearchQuery, Selection
from domain.search import Search
from tests.properties.strategies import IDS, filters, payloads, points

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from domain.ports import VectorStore

HIS, ANOTHER = Tenant("a", "a"), Tenant("a", "1")
"""Their field is that of the payloads and filters which meet most often, and so are their values."""

_ids = st.sampled_from(IDS)
_some_ids = st.lists(_ids, min_size=1, max_size=3).map(tuple)
_vectors = st.tuples(st.integers(-3, 3), st.integers(-3, 3)).map(Vector.of)
_tricks: st.SearchStrategy[dict[str, Json]] = st.dictionaries(
    st.sampled_from(("a.a", "a[]", '"a"', "b", "")), st.sampled_from(("1", "a", None)), max_size=2
)
_own = st.tuples(payloads, _tricks, st.sampled_from(({}, {"a": "a"}))).map(
    lambda parts: {key: value for key, value in parts[0].items() if key != "a"} | parts[1] | parts[2]
)
_written = _own | _own | payloads
_batches = st.lists(st.builds(Point, _ids, _vectors, _written), min_size=1, max_size=3)
_selected = _some_ids.map(lambda ids: Selection(ids=ids)) | filters.map(lambda filter_: Selection(filter=filter_))
_narrowed = st.just(Filter()) | filters
_queries = st.builds(
    lambda target, filter_, limit, offset: SearchQuery(**target, filter=filter_, limit=limit, offset=offset),
    _ids.map(lambda id_: {"id": id_}) | _vectors.map(lambda vector: {"vector": vector}),
    _narrowed,
    st.integers(1, 5),
    st.integers(0, 2),
)

Act = tuple[Any, ...]
acts: st.SearchStrategy[list[Act]] = st.lists(
    st.one_of(
        st.tuples(st.just("upsert"), _batches, _narrowed),
        st.tuples(st.just("set_payload"), _own.filter(bool) | payloads, _selected),
        st.tuples(st.just("delete"), _selected),
        st.tuples(st.just("retrieve"), _some_ids),
        st.tuples(st.just("scroll"), _narrowed, st.integers(1, 3), st.none() | _ids),
        st.tuples(st.just("count"), _narrowed),
        st.tuples(st.just("search"), _queries),
        st.tuples(st.just("batch"), st.lists(_queries, min_size=1, max_size=3)),
        st.tuples(st.just("describe")),
    ),
    min_size=1,
    max_size=6,
)
tables = points


def is_his(payload: Payload) -> bool:
    """Whether a point is the tenant's, in other words than those of the domain."""
    value = payload.get("a")
    return "a" in (value if isinstance(value, list) else [value])


@dataclass
class World:
    """A store with its use cases, and a cache that all callers share."""

    store: VectorStore
    name: str = "things"
    search: Search = field(init=False)
    points: Points = field(init=False)
    collections: Collections = field(init=False)

    def __post_init__(self) -> None:
        cache = InMemoryCache()
        invalidation = Invalidation(cache)
        self.points = Points(self.store, invalidation)
        self.search = Search(self.store, cache, invalidation)
        self.collections = Collections(self.store, cache, invalidation)

    async def fill(self, table: Mapping[PointId, Payload]) -> None:
        """Make the collection with these points."""
        await self.store.create_collection(Collection(name=self.name, size=2, distance=Distance.DOT))
        written = [Point(id_, Vector.of([number, 1]), payload) for number, (id_, payload) in enumerate(table.items())]
        if written:
            await self.store.upsert(self.name, written)

    async def kept(self) -> dict[PointId, tuple[Payload, Vector | None]]:
        """All points that there are."""
        page = await self.store.scroll(self.name, Filter(), limit=100, with_vectors=True)
        return {record.id: (record.payload, record.vector) for record in page.points}

    async def poison(self, query: SearchQuery) -> None:
        """Let others ask the same before, with and without the tenant's condition."""
        asked = SearchQuery(
            vector=query.vector,
            id=query.id,
            filter=Filter(must=(Match("a", "a"), *query.filter.must), should=query.filter.should),
            limit=query.limit,
            offset=query.offset,
        )
        for one, tenant in ((query, None), (asked, None), (query, ANOTHER), (asked, ANOTHER)):
            await answer_of(self.search.search(self.name, one, tenant=tenant))

    async def act(self, act: Act, left_out: frozenset[PointId] = frozenset()) -> Any:
        """What the tenant is answered. Points with the ids that are left out are not even sent."""
        match act:
            case ("upsert", sent, only):
                return await self._upsert(sent, only, left_out)
            case ("set_payload", payload, selection):
                return await answer_of(self.points.set_payload(self.name, payload, selection, HIS))
            case ("delete", selection):
                return await answer_of(self.points.delete(self.name, selection, HIS))
            case ("retrieve", asked):
                got = await answer_of(self.points.get(self.name, asked[0], with_vectors=True, tenant=HIS))
                return got, await answer_of(self.points.retrieve(self.name, asked, tenant=HIS))
            case ("scroll", filter_, limit, start):
                page = self.points.scroll(self.name, filter_, limit=limit, start=start, with_vectors=True, tenant=HIS)
                return await answer_of(page)
            case ("count", filter_):
                return await answer_of(self.points.count(self.name, filter_, HIS))
            case ("search", query):
                await self.poison(query)
                result = await answer_of(self.search.search(self.name, query, tenant=HIS))
                return getattr(result, "hits", result)
            case ("batch", queries):
                results = await answer_of(self.search.search_batch(self.name, queries, tenant=HIS))
                return results if results[0] is HoldfastError else [result.hits for result in results]
        info = await self.collections.describe(self.name, HIS)
        return info.points, info.building, info.indexed, info.indexed_vectors

    async def _upsert(self, sent: Sequence[Point], only: Filter, left_out: frozenset[PointId]) -> Any:
        rest = [point for point in sent if point.id not in left_out]
        if all(point.payload.get("a", "a") == "a" for point in sent) and len(rest) < len(sent):
            if rest:
                await self.points.upsert(self.name, rest, only=only, tenant=HIS)
            return len({point.id for point in sent})
        written = await answer_of(self.points.upsert(self.name, sent, only=only, tenant=HIS))
        return getattr(written, "value", written)


async def answer_of(call: Any) -> Any:
    """What the call gives, or what its error says. That the store is away is no answer."""
    try:
        return await call
    except BackendUnavailable:
        raise
    except HoldfastError as error:
        return HoldfastError, type(error), str(error)


async def check(shared: World, alone: World, table: Mapping[PointId, Payload], done: Sequence[Act]) -> None:
    """Whether the tenant can tell the worlds apart, or did anything to others."""
    await shared.fill(table)
    his = {id_: payload for id_, payload in table.items() if is_his(payload)}
    await alone.fill(table)
    rest = tuple(set(table) - set(his))
    if rest:
        await alone.store.delete(alone.name, Selection(ids=rest))
    others = {id_: kept for id_, kept in (await shared.kept()).items() if id_ not in his}
    for act in done:
        assert await shared.act(act) == await alone.act(act, frozenset(others))
        kept = await shared.kept()
        assert {id_: kept.get(id_) for id_ in others} == others
        own = {id_: one for id_, one in kept.items() if id_ not in others}
        assert own == await alone.kept()
        assert all(is_his(payload) for payload, _ in own.values())
