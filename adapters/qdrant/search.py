"""How a Qdrant server is searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qdrant_client import AsyncQdrantClient, models

from adapters.call import BackendCall
from adapters.qdrant.conversions import from_id, from_record, from_scored, to_id, to_selector, to_vector
from adapters.qdrant.filters import to_qdrant
from adapters.window import Window
from domain.errors import CollectionNotFound, PointNotFound, at
from domain.filters import HasId
from domain.models import Collection, Hit, PointId
from domain.queries import SearchQuery


@dataclass(frozen=True, slots=True)
class Asked:
    """A window, and the query's own vector as it is to be sent."""

    window: Window
    vector: list[float]

    def widened(self, hits: Sequence[Hit]) -> Asked:
        """The same for a window that reaches farther."""
        return replace(self, window=self.window.widened(hits))

    def request(self) -> models.QueryRequest:
        """What to ask the server."""
        window, query = self.window, self.window.query
        target = to_id(query.id) if query.id is not None else _Components(self.vector)
        return models.QueryRequest(
            # Not checked again, so that the components stay what they are.
            query=models.NearestQuery.model_construct(nearest=target),
            filter=None if query.filter.is_empty else to_qdrant(query.filter),
            params=_params(query),
            score_threshold=window.asked_threshold(),
            limit=window.stop - window.start,
            offset=window.start,
            with_payload=not window.bare and to_selector(query.with_payload),
            with_vector=not window.bare and query.with_vectors,
        )


def prepare(query: SearchQuery, collection: Collection) -> Asked:
    """What to ask for. Raises `InvalidInput` at `vector` where it does not fit the collection."""
    vector: list[float] = []
    if query.vector is not None:
        with at("vector"):
            vector = to_vector(query.vector, collection)
    return Asked(Window.around(query, collection.distance), vector)


def prepare_batch(queries: Sequence[SearchQuery], collection: Collection) -> list[Asked]:
    """What to ask for in a batch. Raises `InvalidInput` at `searches[i].vector`."""
    asked = []
    for index, query in enumerate(queries):
        with at(f"searches[{index}]"):
            asked.append(prepare(query, collection))
    return asked


async def run(
    ask: BackendCall, client: AsyncQdrantClient, collection: str, asked: Sequence[Asked]
) -> tuple[tuple[Hit, ...], ...]:
    """The page of each window, in order. Raises `CollectionNotFound` and `PointNotFound`."""
    pages = []
    for one, found in zip(asked, await _query(ask, client, collection, asked), strict=True):
        current, hits = one, found
        while current.window.cuts_group(hits):
            current = current.widened(hits)
            (hits,) = await _query(ask, client, collection, [current])
        page = current.window.page(hits)
        bare = current.window.bare
        pages.append(await _filled(ask, client, collection, current.window.query, page) if bare else page)
    return tuple(pages)


async def _filled(
    ask: BackendCall, client: AsyncQdrantClient, collection: str, query: SearchQuery, page: Sequence[Hit]
) -> tuple[Hit, ...]:
    """The hits with what the query asks for of each; those that were deleted meanwhile are left out.

    So are those that do not meet the filter any more: to whom it is a condition, they are not to be shown.
    """
    if not page or not (query.with_payload or query.with_vectors):
        return tuple(page)
    reading = client.scroll(
        collection,
        scroll_filter=to_qdrant(query.filter.narrowed(HasId(frozenset(hit.id for hit in page)))),
        limit=len(page),
        with_payload=to_selector(query.with_payload),
        with_vectors=query.with_vectors,
    )
    found = await ask(reading, lambda answer: {record.id: record for record in map(from_record, answer[0])})
    shown = [(hit, found[hit.id]) for hit in page if hit.id in found]
    return tuple(
        replace(hit, payload=record.payload if query.with_payload else None, vector=record.vector)
        for hit, record in shown
    )


async def _query(
    ask: BackendCall, client: AsyncQdrantClient, collection: str, asked: Sequence[Asked]
) -> list[list[Hit]]:
    def read(answers: Sequence[models.QueryResponse]) -> list[list[Hit]]:
        return [
            [
                from_scored(point, with_payload=bool(one.window.query.with_payload) and not one.window.bare)
                for point in answer.points
            ]
            for one, answer in zip(asked, answers, strict=True)
        ]

    try:
        return await ask(client.query_batch_points(collection, [one.request() for one in asked]), read)
    except CollectionNotFound:
        # The server says 404 of a missing point too.
        await check_exist(ask, client, collection, [one.window.query.id for one in asked])
        raise


async def check_exist(
    ask: BackendCall, client: AsyncQdrantClient, collection: str, ids: Sequence[PointId | None]
) -> None:
    """Raise `PointNotFound` for the first id that does not exist; None stands for none."""
    wanted = [point_id for point_id in ids if point_id is not None]
    if not wanted:
        return
    points = [to_id(point_id) for point_id in wanted]
    found = await ask(
        client.retrieve(collection, points, with_payload=False, with_vectors=False),
        lambda records: {from_id(record.id) for record in records},
    )
    for point_id in wanted:
        if point_id not in found:
            raise PointNotFound(collection, point_id)


def _params(query: SearchQuery) -> models.SearchParams | None:
    if query.hnsw_ef is None and not query.exact:
        return None
    return models.SearchParams(hnsw_ef=query.hnsw_ef, exact=query.exact)


class _Components(list[float]):
    """A vector that nobody changes: the client copies a request deeply, number by number, before it sends it."""

    def __deepcopy__(self, memo: object) -> _Components:
        return self
