"""Use cases about points."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access import Tenant
from domain.errors import InvalidInput, PointNotFound, at
from domain.filters import Filter
from domain.invalidation import Invalidation, Written
from domain.models import Page, Payload, Point, PointId, Record, check_collection_name
from domain.models.payload import check_payload
from domain.models.point import check_ids
from domain.ports import VectorStore
from domain.queries import MAX_LIMIT, Selection, check_integer
from domain.tenancy import EVERY, check_change, chosen, owned, owns, within

MAX_POINTS = 10_000
"""The most points or ids that one call takes."""


class Points:
    """Write and read points. To a `tenant`, those of others are as if they did not exist."""

    def __init__(self, store: VectorStore, invalidation: Invalidation) -> None:
        self._store = store
        self._invalidation = invalidation

    async def upsert(
        self, collection: str, points: Sequence[Point], *, only: Filter = EVERY, tenant: Tenant | None = None
    ) -> Written[int]:
        """Write the points; how many there are now with their ids. Of points with one id the last counts.

        Those that exist and do not meet `only`, or are not the tenant's, are left as they are, and count too.

        Raises `InvalidInput` at the point that does not fit, or that says it is not the tenant's, before
        anything is written.
        """
        check_collection_name(collection)
        check_batch("points", len(points))
        written, replaced = owned(points, tenant), within(only, tenant)

        async def write() -> int:
            await self._store.upsert(collection, written, only=None if replaced.is_empty else replaced)
            return len({point.id for point in points})

        return await self._invalidation.after(collection, write)

    async def set_payload(
        self, collection: str, payload: Payload, selection: Selection, tenant: Tenant | None = None
    ) -> Written[None]:
        """Merge `payload` into that of the selected points; a null removes the key.

        Raises `PointNotFound` for an id that does not exist, and `InvalidInput` for a payload that would take a
        point from the tenant, before anything is written.
        """
        check_collection_name(collection)
        check_batch("ids", len(selection.ids), least=0)
        with at("payload"):
            check_payload(payload)
            if not payload:
                raise InvalidInput("", "at least one key")
            check_change(payload, tenant)

        async def write() -> None:
            if tenant is not None and selection.ids:
                await self._check_owned(collection, selection.ids, tenant)
            await self._store.set_payload(collection, payload, _within(selection, tenant))

        return await self._invalidation.after(collection, write)

    async def delete(self, collection: str, selection: Selection, tenant: Tenant | None = None) -> Written[None]:
        """Delete the selected points; ids that do not exist are passed over."""
        check_collection_name(collection)
        check_batch("ids", len(selection.ids), least=0)
        selected = _within(selection, tenant)
        return await self._invalidation.after(collection, lambda: self._store.delete(collection, selected))

    async def get(
        self, collection: str, point_id: PointId, *, with_vectors: bool = False, tenant: Tenant | None = None
    ) -> Record:
        """The point with this id. Raises `PointNotFound`."""
        found = await self.retrieve(collection, [point_id], with_vectors=with_vectors, tenant=tenant)
        if not found:
            raise PointNotFound(collection, point_id)
        return found[0]

    async def retrieve(
        self,
        collection: str,
        ids: Sequence[PointId],
        *,
        with_vectors: bool = False,
        tenant: Tenant | None = None,
    ) -> tuple[Record, ...]:
        """The points with these ids in the order asked, each once, missing ones left out."""
        check_collection_name(collection)
        check_batch("ids", len(ids))
        check_ids(ids)
        found = await self._store.retrieve(collection, ids, with_vectors=with_vectors)
        return found if tenant is None else tuple(record for record in found if owns(tenant, record.payload))

    async def scroll(
        self,
        collection: str,
        filter_: Filter,
        *,
        limit: int = 10,
        start: PointId | None = None,
        with_vectors: bool = False,
        tenant: Tenant | None = None,
    ) -> Page:
        """A page of points that meet the filter in the order of their ids, from `start` on."""
        check_collection_name(collection)
        check_integer("limit", limit, 1, MAX_LIMIT)
        return await self._store.scroll(
            collection, within(filter_, tenant), limit=limit, start=start, with_vectors=with_vectors
        )

    async def count(self, collection: str, filter_: Filter, tenant: Tenant | None = None) -> int:
        """How many points meet the filter, exactly."""
        check_collection_name(collection)
        return await self._store.count(collection, within(filter_, tenant))

    async def _check_owned(self, collection: str, ids: Sequence[PointId], tenant: Tenant) -> None:
        """Raise `PointNotFound` for the first of the ids that is not the tenant's."""
        if await self._store.count(collection, chosen(ids, tenant)) == len(set(ids)):
            return
        found = {record.id for record in await self.retrieve(collection, ids, tenant=tenant)}
        for point_id in ids:
            if point_id not in found:
                raise PointNotFound(collection, point_id)


def _within(selection: Selection, tenant: Tenant | None) -> Selection:
    """The selected points that are the tenant's: by a filter, so that the store looks at them as it writes."""
    if tenant is None:
        return selection
    if selection.filter is not None:
        return Selection(filter=within(selection.filter, tenant))
    return Selection(filter=chosen(selection.ids, tenant))


def check_batch(name: str, size: int, least: int = 1) -> None:
    """Raise `InvalidInput` at `name` for a batch that is too small or too large."""
    if not least <= size <= MAX_POINTS:
        raise InvalidInput(name, f"{least} to {MAX_POINTS} items, got {size}")
