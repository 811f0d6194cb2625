"""Vectors straight from arrays of numbers: copied and checked many at a time, and never made Python's floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidInput
from domain.models import Vector
from domain.models.vector import MAX_SIZE

NOT_FINITE = "numbers that are finite in float32"

Numbers = NDArray[Any]


def is_number(dtype: np.dtype[Any]) -> bool:
    """Whether arrays of this type hold real numbers; true and false are none."""
    return dtype.kind in "fiu"


def to_vectors(numbers: Numbers, starts: Sequence[int], sizes: Sequence[int]) -> list[Vector | InvalidInput]:
    """The vectors that begin at `starts` and have `sizes`, or why one is none."""
    with np.errstate(over="ignore"):
        flat = np.ascontiguousarray(numbers, dtype="<f4")
    whole = bool(np.isfinite(flat).all())
    data = flat.view(np.uint8).data
    vectors: list[Vector | InvalidInput] = []
    for start, size in zip(starts, sizes, strict=True):
        if not 1 <= size <= MAX_SIZE:
            vectors.append(InvalidInput("", f"1 to {MAX_SIZE} numbers, got {size}"))
        elif not whole and not np.isfinite(flat[start : start + size]).all():
            vectors.append(InvalidInput("", NOT_FINITE))
        else:
            vectors.append(Vector.trusted(data[4 * start : 4 * (start + size)].tobytes()))
    return vectors
