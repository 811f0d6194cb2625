"""Files of points that are none: a test lists what is in them."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from domain.models import Point, Record
from domain.ports import Block, PointSink, PointSource, Refused


class ListedSource(PointSource):
    """Blocks of points that a test lists: each item is a point, or the reason why its row is none."""

    def __init__(self, *rows: Point | str, broken: Exception | None = None) -> None:
        self.listed = rows
        self.total = len(rows)
        self.broken = broken
        self.read = 0

    def blocks(self, size: int, after: int = 0) -> Generator[Block, None, None]:
        numbered = list(enumerate(self.listed, start=1))[after:]
        while numbered:
            taken, numbered = numbered[:size], numbered[size:]
            points = [(row, point) for row, point in taken if isinstance(point, Point)]
            refused = [Refused(row, reason) for row, reason in taken if isinstance(reason, str)]
            self.read = end = taken[-1][0]
            yield Block(
                [point for _, point in points], [row for row, _ in points], refused, end, end / len(self.listed)
            )
        if self.broken is not None:
            raise self.broken


class ListedSink(PointSink):
    """Keeps what it was told, in order."""

    def __init__(self, error: Exception | None = None) -> None:
        self.told: list[object] = []
        self.records: list[Record] = []
        self.error = error

    def begin(self, size: int, *, uuids: bool) -> None:
        self.told.append(("begin", size, uuids))

    def write(self, records: Sequence[Record]) -> None:
        if self.error is not None:
            raise self.error
        self.records += records

    def finish(self) -> None:
        self.told.append("finish")

    def discard(self) -> None:
        self.told.append("discard")


def everything(source: PointSource, size: int = 2, after: int = 0) -> tuple[list[Point], list[Refused]]:
    """All points of the source, and all rows that it refuses."""
    blocks = list(source.blocks(size, after))
    return [one for block in blocks for one in block.points], [one for block in blocks for one in block.refused]
