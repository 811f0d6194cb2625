"""Vectors: immutable sequences of float32."""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.errors import InvalidInput

MAX_SIZE = 65_536
"""The most components that a vector can have (the limit of Qdrant)."""

MAX_NORM = 1e18
"""The greatest Euclidean norm of a vector that is not normalised.

By Cauchy and Schwarz a dot product is then at most 1e36, and a squared distance at most 4e36, so no
score leaves the range of float32 (3.4e38) on its way.
"""

NOT_ZERO = "a vector that is not zero, since cosine has no direction for it"

UNIT_TOLERANCE = 1e-6
"""A squared norm this near to 1 counts as 1, as Qdrant's own `cosine_preprocess` has it."""


_FLOAT32 = struct.Struct("<f")

_AS_IN_MEMORY = sys.byteorder == "little"
"""Whether the machine keeps numbers as vectors do, so that they can be looked at in place: in half the time."""


def float32(value: float) -> float:
    """The float32 nearest to `value`. Raises `InvalidInput` where that is not finite."""
    try:
        rounded: float = _FLOAT32.unpack(_FLOAT32.pack(value))[0]
    except OverflowError:
        rounded = math.inf
    if not math.isfinite(rounded):
        raise InvalidInput("", "a number that is finite in float32")
    return rounded


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector of 1 to 65,536 finite float32 components.

    `data` holds them little-endian, four bytes each. Equal data is an equal vector.

    Raises `InvalidInput` where `data` is empty, too long, cut, or holds NaN or an infinity.
    """

    data: bytes

    def __post_init__(self) -> None:
        size, rest = divmod(len(self.data), 4)
        if rest:
            raise InvalidInput("", f"a multiple of 4 bytes of float32, got {len(self.data)}")
        _check(size, memoryview(self.data).cast("f") if _AS_IN_MEMORY else self)

    @classmethod
    def of(cls, values: Iterable[float]) -> Vector:
        """The vector of these numbers, each rounded to float32."""
        numbers = values if isinstance(values, list) else list(values)
        try:
            data = struct.pack(f"<{len(numbers)}f", *numbers)
        except OverflowError:
            raise InvalidInput("", "numbers that are finite in float32") from None
        except struct.error:
            raise InvalidInput("", "a list of numbers") from None
        # Checked as they came: to read them from the data again takes as long as to write them.
        _check(len(numbers), numbers)
        return cls.trusted(data)

    @classmethod
    def trusted(cls, data: bytes) -> Vector:
        """The vector of data that the caller has checked already, as a driver does for many vectors in one step.

        Nothing is looked at here: it must be what this class takes, in length and in that all of it is finite.
        """
        vector = object.__new__(cls)
        object.__setattr__(vector, "data", data)
        return vector

    def __len__(self) -> int:
        return len(self.data) // 4

    def __iter__(self) -> Iterator[float]:
        return iter(self.to_tuple())

    def to_tuple(self) -> tuple[float, ...]:
        """The components as Python floats."""
        return struct.unpack(f"<{len(self)}f", self.data)

    def norm(self) -> float:
        """The Euclidean norm, computed in float64."""
        return math.hypot(*self.to_tuple())

    def unit(self) -> Vector:
        """The vector of norm 1 in this direction. Raises `InvalidInput` for the zero vector."""
        norm = self.norm()
        if norm == 0.0:
            raise InvalidInput("", NOT_ZERO)
        if abs(norm * norm - 1.0) <= UNIT_TOLERANCE:
            return self
        return Vector(struct.pack(f"<{len(self)}f", *(value / norm for value in self.to_tuple())))


def _check(size: int, numbers: Iterable[float]) -> None:
    """Raise `InvalidInput` for too few, too many, NaN or an infinity; the numbers are looked at where the size fits."""
    if not 1 <= size <= MAX_SIZE:
        raise InvalidInput("", f"1 to {MAX_SIZE} numbers, got {size}")
    if not math.isfinite(sum(numbers)):
        raise InvalidInput("", "numbers that are finite in float32")
