"""Searches of a tenant by one of his points: by the vector of the very record that was seen to be his."""

from __future__ import annotations

from collections.abc import Sequence

from domain.errors import PointNotFound
from domain.models import Hit
from domain.ports import VectorStore
from domain.queries import SearchQuery
from domain.tenancy import owns


async def search(store: VectorStore, collection: str, query: SearchQuery) -> tuple[Hit, ...]:
    """What `VectorStore.search` gives; a point that is not the tenant's does not exist."""
    return await store.search(collection, (await _resolved(store, collection, [query]))[0])


async def search_batch(
    store: VectorStore, collection: str, queries: Sequence[SearchQuery]
) -> tuple[tuple[Hit, ...], ...]:
    """What `VectorStore.search_batch` gives; a point that is not its tenant's does not exist."""
    return await store.search_batch(collection, await _resolved(store, collection, queries))


async def _resolved(store: VectorStore, collection: str, queries: Sequence[SearchQuery]) -> Sequence[SearchQuery]:
    """The queries by vectors, where a tenant asks by a point. A look beforehand would not hold until the search."""
    ids = list(dict.fromkeys(query.id for query in queries if query.id is not None and query.tenant is not None))
    if not ids:
        return queries
    records = {record.id: record for record in await store.retrieve(collection, ids, with_vectors=True)}
    resolved = []
    for query in queries:
        if query.id is None or query.tenant is None:
            resolved.append(query)
            continue
        record = records.get(query.id)
        if record is None or record.vector is None or not owns(query.tenant, record.payload):
            raise PointNotFound(collection, query.id)
        resolved.append(query.resolved(record.vector))
    return resolved
