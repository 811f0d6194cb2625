"""The use case of reading many points from a file into a collection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import dataclass

from domain.collections import Collections
from domain.errors import InvalidInput, at
from domain.models import Collection, Distance, Point, PointId
from domain.patience import Patience
from domain.points import MAX_POINTS, Points
from domain.ports.rows import Block, PointSource, Refused
from domain.queries import check_integer

IN_FLIGHT = 3
"""How many blocks are written at a time, while the next one is read. The embedded engine gets no quicker with more."""


@dataclass(frozen=True, slots=True)
class Imported:
    """All rows up to `row` are dealt with: so many more were written, these were refused, and this share is read."""

    row: int
    written: int
    refused: tuple[Refused, ...]
    share: float


@dataclass(frozen=True, slots=True)
class _Sent:
    """A block that is being written."""

    block: Block
    ids: frozenset[PointId]
    writing: asyncio.Task[list[Refused]]


class Import:
    """Write the points of a file into a collection."""

    def __init__(self, points: Points, collections: Collections) -> None:
        self._points = points
        self._collections = collections

    async def create(self, name: str, source: PointSource, distance: Distance) -> bool:
        """Make the collection for the vectors of the source, by the first that there is; True where it was made.

        Raises `CollectionConflict` where it exists and differs, `InvalidInput` where no row is a point.
        """
        blocks = _Ahead(source.blocks(1))
        try:
            while (block := await blocks.next()) is not None:
                for point in block.points:
                    wanted = Collection(name=name, size=len(point.vector), distance=distance)
                    return (await self._collections.create(wanted)).value
        finally:
            await blocks.aclose()
        raise InvalidInput("", "a file with at least one point, since its vector says which size the collection has")

    async def run(
        self,
        name: str,
        source: PointSource,
        report: Callable[[Imported], None],
        *,
        batch: int = 500,
        after: int = 0,
        patience: Patience | None = None,
    ) -> None:
        """Write what the source has behind the row `after`, in batches; report each when all before it are done too.

        A row that is refused, by the source or by the collection, does not keep the others from being
        written. Of rows with one id the last counts. A store that goes away meanwhile is waited for.
        Whoever is interrupted goes on behind the last row that was reported; a few rows are then
        written again.

        Raises `CollectionNotFound`; `BackendUnavailable` and `Overloaded` when patience is at its end;
        and what the source raises.
        """
        check_integer("batch", batch, 1, MAX_POINTS)
        patience = patience or Patience()
        info = await self._collections.describe(name)
        sent: deque[_Sent] = deque()
        blocks = _Ahead(source.blocks(batch, after))
        try:
            while (block := await blocks.next()) is not None:
                ids = frozenset(point.id for point in block.points)
                # Two batches with one id must not overtake each other.
                while sent and (len(sent) >= IN_FLIGHT or not all(ids.isdisjoint(other.ids) for other in sent)):
                    await _acknowledge(sent, report)
                writing = asyncio.create_task(self._write(info.collection, block, patience))
                sent.append(_Sent(block, ids, writing))
            while sent:
                await _acknowledge(sent, report)
        finally:
            for other in sent:
                other.writing.cancel()
            await asyncio.gather(*(other.writing for other in sent), return_exceptions=True)
            await blocks.aclose()

    async def _write(self, collection: Collection, block: Block, patience: Patience) -> list[Refused]:
        """Write the points of the block but for those that are refused, which it gives."""
        refused: list[Refused] = []
        parts = deque([list(zip(block.rows, block.points, strict=True))] if block.points else [])
        while parts:
            part = parts.popleft()
            points = [point for _, point in part]
            try:
                await patience.insist(lambda points=points: self._points.upsert(collection.name, points))  # type: ignore[misc]
            except InvalidInput as error:
                parts.extendleft(reversed(_sift(collection, part, error, refused)))
        return refused


async def _acknowledge(sent: deque[_Sent], report: Callable[[Imported], None]) -> None:
    """Wait for the first of the blocks, and report it."""
    block = sent[0].block
    late = await sent[0].writing
    sent.popleft()
    refused = sorted([*block.refused, *late], key=lambda one: one.row)
    report(Imported(block.end, len(block.points) - len(late), tuple(refused), block.share))


_Part = list[tuple[int, Point]]


def _sift(collection: Collection, part: _Part, error: InvalidInput, refused: list[Refused]) -> list[_Part]:
    """What to write instead of a part that was refused as a whole, in order. Adds to `refused` what is the cause."""
    good = []
    for row, point in part:
        try:
            with at("vector"):
                collection.check(point.vector)
            good.append((row, point))
        except InvalidInput as own:
            refused.append(Refused.by(row, own))
    if len(good) < len(part):
        return [good] if good else []
    if len(part) == 1:
        where = error.where.removeprefix("points[0]").removeprefix(".")
        refused.append(Refused.by(part[0][0], InvalidInput(where, error.expected)))
        return []
    # Nothing that is known here: it may be one of them, or their number.
    middle = len(part) // 2
    return [part[:middle], part[middle:]]


class _Ahead:
    """Reads the next block in a thread, while the last one is worked with."""

    def __init__(self, blocks: Generator[Block, None, None]) -> None:
        self._blocks = blocks
        self._reading = self._read()

    def _read(self) -> asyncio.Future[Block | None]:
        return asyncio.get_running_loop().run_in_executor(None, next, self._blocks, None)

    async def next(self) -> Block | None:
        """The next block, None at the end."""
        block = await asyncio.shield(self._reading)
        if block is not None:
            self._reading = self._read()
        return block

    async def aclose(self) -> None:
        """Wait for what is being read, and close what it is read from."""
        with suppress(Exception):
            await self._reading
        self._blocks.close()
