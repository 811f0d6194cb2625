"""Use cases about points."""

from __future__ import annotations

from collections.abc import Sequence

from domain.errors import InvalidInput, PointNotFound, at
from domain.filters import Filter
from domain.invalidation import Invalidation, Written
from domain.models import Page, Payload, Point, PointId, Record, check_collection_name
from domain.models.payload import check_payload
from domain.models.point import check_ids
from domain.ports import VectorStore
from domain.queries import MAX_LIMIT, Selection, check_integer

EVERY = Filter()

MAX_POINTS = 10_000
"""The most points or ids that one call takes."""


class Points:
    """Write and read points."""

    def __init__(self, store: VectorStore, invalidation: Invalidation) -> None:
        self._store = store
        self._invalidation = invalidation

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter = EVERY) -> Written[int]:
        """Write the points; how many there are now with their ids. Of points with one id the last counts.

        Those that exist and do not meet `only` are left as they are, and count too.

        Raises `InvalidInput` at the point that does not fit, before anything is written.
        """
        check_collection_name(collection)
        check_batch("points", len(points))

        async def write() -> int:
            await self._store.upsert(collection, points, only=None if only.is_empty else only)
            return len({point.id for point in points})

        return await self._invalidation.after(collection, write)

    async def set_payload(self, collection: str, payload: Payload, selection: Selection) -> Written[None]:
        """Merge `payload` into that of the selected points; a null removes the key.

        Raises `PointNotFound` for an id that does not exist, before anything is written.
        """
        check_collection_name(collection)
        check_batch("ids", len(selection.ids), least=0)
        with at("payload"):
            check_payload(payload)
            if not payload:
                raise InvalidInput("", "at least one key")
        return await self._invalidation.after(
            collection, lambda: self._store.set_payload(collection, payload, selection)
        )

    async def delete(self, collection: str, selection: Selection) -> Written[None]:
        """Delete the selected points; ids that do not exist are passed over."""
        check_collection_name(collection)
        check_batch("ids", len(selection.ids), least=0)
        return await self._invalidation.after(collection, lambda: self._store.delete(collection, selection))

    async def get(self, collection: str, point_id: PointId, *, with_vectors: bool = False) -> Record:
        """The point with this id. Raises `PointNotFound`."""
        found = await self.retrieve(collection, [point_id], with_vectors=with_vectors)
        if not found:
            raise PointNotFound(collection, point_id)
        return found[0]

    async def retrieve(
        self, collection: str, ids: Sequence[PointId], *, with_vectors: bool = False
    ) -> tuple[Record, ...]:
        """The points with these ids in the order asked, each once, missing ones left out."""
        check_collection_name(collection)
        check_batch("ids", len(ids))
        check_ids(ids)
        return await self._store.retrieve(collection, ids, with_vectors=with_vectors)

    async def scroll(
        self,
        collection: str,
        filter_: Filter,
        *,
        limit: int = 10,
        start: PointId | None = None,
        with_vectors: bool = False,
    ) -> Page:
        """A page of points that meet the filter in the order of their ids, from `start` on."""
        check_collection_name(collection)
        check_integer("limit", limit, 1, MAX_LIMIT)
        return await self._store.scroll(collection, filter_, limit=limit, start=start, with_vectors=with_vectors)

    async def count(self, collection: str, filter_: Filter) -> int:
        """How many points meet the filter, exactly."""
        check_collection_name(collection)
        return await self._store.count(collection, filter_)


def check_batch(name: str, size: int, least: int = 1) -> None:
    """Raise `InvalidInput` at `name` for a batch that is too small or too large."""
    if not least <= size <= MAX_POINTS:
        raise InvalidInput(name, f"{least} to {MAX_POINTS} items, got {size}")
