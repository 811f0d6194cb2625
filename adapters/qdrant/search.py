"""How a Qdrant server is searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qdrant_client import AsyncQdrantClient, models

from adapters.call import BackendCall
from adapters.qdrant.conversions import from_id, from_record, from_scored, to_id, to_selector, to_vector
from adapters.qdrant.window import Window
from domain.errors import CollectionNotFound, PointNotFound, at
from domain.models import Collection, Hit, PointId
from domain.queries import SearchQuery


def window(query: SearchQuery, collection: Collection) -> Window:
    """What to ask for. Raises `InvalidInput` at `vector` where it does not fit the collection."""
    vector = None
    if query.vector is not None:
        with at("vector"):
            vector = to_vector(query.vector, collection)
    return Window.around(query, collection.distance, vector)


def windows(queries: Sequence[SearchQuery], collection: Collection) -> list[Window]:
    """What to ask for in a batch. Raises `InvalidInput` at `searches[i].vector`."""
    asked = []
    for index, query in enumerate(queries):
        with at(f"searches[{index}]"):
            asked.append(window(query, collection))
    return asked


async def run(
    ask: BackendCall, client: AsyncQdrantClient, collection: str, asked: Sequence[Window]
) -> tuple[tuple[Hit, ...], ...]:
    """The page of each window, in order. Raises `CollectionNotFound` and `PointNotFound`."""
    pages = []
    for one, found in zip(asked, await _query(ask, client, collection, asked), strict=True):
        current, hits = one, found
        while current.cuts_group(hits):
            current = current.widened(hits)
            (hits,) = await _query(ask, client, collection, [current])
        page = current.page(hits)
        pages.append(await _filled(ask, client, collection, current, page) if current.bare else page)
    return tuple(pages)


async def _filled(
    ask: BackendCall, client: AsyncQdrantClient, collection: str, window: Window, page: Sequence[Hit]
) -> tuple[Hit, ...]:
    """The hits with what the query asks for of each; those that were deleted meanwhile are left out."""
    query = window.query
    if not page or not (query.with_payload or query.with_vectors):
        return tuple(page)
    points = [to_id(hit.id) for hit in page]
    reading = client.retrieve(
        collection, points, with_payload=to_selector(query.with_payload), with_vectors=query.with_vectors
    )
    found = await ask(reading, lambda records: {record.id: record for record in map(from_record, records)})
    shown = [(hit, found[hit.id]) for hit in page if hit.id in found]
    return tuple(
        replace(hit, payload=record.payload if query.with_payload else None, vector=record.vector)
        for hit, record in shown
    )


async def _query(
    ask: BackendCall, client: AsyncQdrantClient, collection: str, asked: Sequence[Window]
) -> list[list[Hit]]:
    def read(answers: Sequence[models.QueryResponse]) -> list[list[Hit]]:
        return [
            [from_scored(point, with_payload=bool(one.query.with_payload) and not one.bare) for point in answer.points]
            for one, answer in zip(asked, answers, strict=True)
        ]

    try:
        return await ask(client.query_batch_points(collection, [one.request() for one in asked]), read)
    except CollectionNotFound:
        # The server says 404 of a missing point too.
        await check_exist(ask, client, collection, [one.query.id for one in asked if one.query.id is not None])
        raise


async def check_exist(ask: BackendCall, client: AsyncQdrantClient, collection: str, ids: Sequence[PointId]) -> None:
    """Raise `PointNotFound` for the first id that does not exist."""
    if not ids:
        return
    points = [to_id(point_id) for point_id in ids]
    found = await ask(
        client.retrieve(collection, points, with_payload=False, with_vectors=False),
        lambda records: {from_id(record.id) for record in records},
    )
    for point_id in ids:
        if point_id not in found:
            raise PointNotFound(collection, point_id)
