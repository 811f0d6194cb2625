"""The ports behind which points are read from files in bulk, and written to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.models import Point, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What in a row is what. A file without columns or keys takes no notice.

    `payload` names what becomes the payload's keys. By default it is what stands under `payload`,
    or, in a file without that, everything besides id and vector. With `numbered` the id is the
    number of the row, from 0.
    """

    id: str = "id"
    vector: str = "vector"
    payload: tuple[str, ...] | None = None
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is no point, or none that the collection takes: its number from 1, and why.

    The reason says where and what was expected: `$.vector: expected 384 numbers, got 3`.
    """

    row: int
    reason: str

    @classmethod
    def by(cls, row: int, error: InvalidInput) -> Refused:
        """The row was refused by this error, whose path starts at the row."""
        joint = "." if error.where and not error.where.startswith("[") else ""
        return cls(row, f"${joint}{error.where}: expected {error.expected}")


@dataclass(frozen=True, slots=True)
class Block:
    """Rows that were read in one go, up to the row `end`.

    `rows` has the number of each of `points`; a row that is neither there nor refused was empty.
    `share` says how much of the file was read with this block, from 0 to 1.
    """

    points: Sequence[Point]
    rows: Sequence[int]
    refused: Sequence[Refused]
    end: int
    share: float


class PointSource(ABC):
    """A file of points. Making one raises `InvalidInput` where the file cannot be what it should be.

    `total` is how many rows there are, None where only reading tells. `notes` are lines for whoever
    asked for the file to be read: what of it is left out.
    """

    total: int | None = None
    notes: tuple[str, ...] = ()

    @abstractmethod
    def blocks(self, size: int, after: int = 0) -> Generator[Block, None, None]:
        """The rows behind the row `after`, in order, in blocks of at most `size` rows, and of bounded bytes.

        Only what is asked for is read. Each call starts anew. A row that is no point is refused, and
        the rest goes on.

        Raises `InvalidInput` where the file is cut or broken, and `OSError` where it cannot be read.
        """


class PointSink(ABC):
    """A file to be made of points, which is there when it is whole, and not before.

    Making one raises `InvalidInput` for what can never be written.
    """

    notes: tuple[str, ...] = ()

    @abstractmethod
    def begin(self, size: int, *, uuids: bool) -> None:
        """Vectors of `size` numbers follow. Without `uuids` all ids are integers."""

    @abstractmethod
    def write(self, records: Sequence[Record]) -> None:
        """Append the records, which have vectors. Raises `InvalidInput` for an id of a kind that was not announced."""

    @abstractmethod
    def finish(self) -> None:
        """Make the file be there under its name, in one step."""

    @abstractmethod
    def discard(self) -> None:
        """Leave nothing behind. After `finish` it does nothing."""
