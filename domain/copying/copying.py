"""The use case that moves collections between stores."""

from __future__ import annotations

import asyncio
import random as chance
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from domain.copying.verification import SAMPLE, Verdict, verify
from domain.errors import BackendUnavailable, CollectionConflict, CollectionNotFound, Failure
from domain.filters import Filter
from domain.invalidation import Invalidation
from domain.models import CollectionInfo, Page, Point, PointId, Record
from domain.patience import Patience
from domain.ports import VectorStore

PAGE_POINTS, PAGE_BYTES = 500, 4 * 1024 * 1024
"""The most points of one page, and how many bytes of float32 they are to hold."""

POINT_BYTES = 1024
"""What a point is taken to hold besides its vector."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the copy of a collection is.

    All points before the id `next` are copied; None is the beginning, and with `done` the end. `copied`
    counts them, and `sample` holds ids among them, by chance, to be compared at the end.
    """

    next: PointId | None = None
    copied: int = 0
    sample: tuple[PointId, ...] = ()
    done: bool = False


class Copying:
    """Copies collections from `source` to `target`, in the order of ids, and compares the two.

    Up to `in_flight` pages are written at a time while the next one is read. `invalidation` is that of the
    target, whose cached results the copy outdates. `patience` bears failures of both. `random` draws the sample.
    """

    def __init__(
        self,
        source: VectorStore,
        target: VectorStore,
        invalidation: Invalidation,
        *,
        patience: Patience | None = None,
        in_flight: int = 4,
        random: chance.Random | None = None,
    ) -> None:
        self._source = source
        self._target = target
        self._invalidation = invalidation
        self._patience = patience or Patience()
        self._in_flight = in_flight
        self._random = random or chance.Random()  # noqa: S311 - a sample for a comparison # nosec B311

    async def names(self) -> tuple[str, ...]:
        """The names of all collections of the source."""
        return await self._patience.insist(self._source.list_collections)

    async def examine(self, name: str, *, resumed: bool = False) -> CollectionInfo:
        """The collection of the source, once it is known that it may be copied. Nothing is changed.

        Raises `CollectionNotFound`, and `CollectionConflict` where the target has one of the name that
        differs, or that holds points, unless the copy of it is `resumed`.
        """
        info = await self._patience.insist(lambda: self._source.describe_collection(name))
        try:
            there = await self._patience.insist(lambda: self._target.describe_collection(name))
        except CollectionNotFound:
            return info
        differences = there.collection.differences(info.collection)
        if there.points and not resumed:
            differences.append(f"points is {there.points}, not 0")
        if differences:
            raise CollectionConflict(name, differences)
        return info

    async def copy(
        self, info: CollectionInfo, begin: Position, advanced: Callable[[Position], None] = lambda _: None
    ) -> Position:
        """Make the collection with its indexes, and copy its points from `begin` on; how far it came, at the end.

        `advanced` is told of each page that is written, once all before it are. Raises what ends the copy.
        """
        name = info.collection.name
        await self._patience.insist(
            lambda: self._invalidation.after(
                name, lambda: self._target.create_collection(info.collection), forget=True, changed=bool
            )
        )
        if begin.done:
            return begin
        return await self._copy_points(info, begin, advanced)

    async def _copy_points(
        self, info: CollectionInfo, begin: Position, advanced: Callable[[Position], None]
    ) -> Position:
        name, position, start = info.collection.name, begin, begin.next
        limit = max(1, min(PAGE_POINTS, PAGE_BYTES // (4 * info.collection.size + POINT_BYTES)))
        writing: deque[tuple[asyncio.Task[None], Page]] = deque()
        try:
            while True:
                page, limit = await self._read(name, start, limit)
                writing.append((asyncio.create_task(self._write(name, page.points)), page))
                while writing and (len(writing) >= self._in_flight or page.next is None):
                    task, written = writing[0]
                    await task
                    writing.popleft()
                    position = self._after(position, written)
                    advanced(position)
                if page.next is None:
                    return position
                start = page.next
        finally:
            for task, _ in writing:
                task.cancel()
            await asyncio.gather(*(task for task, _ in writing), return_exceptions=True)

    async def verify(self, name: str, sample: Sequence[PointId]) -> Verdict:
        """Compare the two collections: by count, by the points of the sample, and by exact searches."""
        return await verify(self._source, self._target, name, sample, self._patience)

    async def _read(self, name: str, start: PointId | None, limit: int) -> tuple[Page, int]:
        """A page, and how many points the next one may hold: fewer where this one took too long."""

        async def read() -> Page:
            nonlocal limit
            try:
                return await self._source.scroll(name, Filter(), limit=limit, start=start, with_vectors=True)
            except BackendUnavailable as error:
                if error.failure is Failure.TIMEOUT:
                    limit = max(1, limit // 2)
                raise

        return await self._patience.insist(read), limit

    async def _write(self, name: str, records: Sequence[Record]) -> None:
        points = [_point(name, record) for record in records]
        if points:
            await self._patience.insist(
                lambda: self._invalidation.after(name, lambda: self._target.upsert(name, points))
            )

    def _after(self, position: Position, page: Page) -> Position:
        """The position once the page is written. Each point has the same chance to be in the sample."""
        sample, copied = list(position.sample), position.copied
        for record in page.points:
            copied += 1
            if len(sample) < SAMPLE:
                sample.append(record.id)
            elif (place := self._random.randrange(copied)) < SAMPLE:
                sample[place] = record.id
        return Position(page.next, copied, tuple(sample), done=page.next is None)


def _point(name: str, record: Record) -> Point:
    if record.vector is None:
        raise CollectionConflict(name, [f"its point {record.id} has no vector"])
    return Point(record.id, record.vector, record.payload)
