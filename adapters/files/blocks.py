"""Columns of values become points, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias
from uuid import UUID

from domain.errors import InvalidInput
from domain.models import Point, Vector
from domain.ports import Block, Columns, Refused

IdCell: TypeAlias = "int | UUID | InvalidInput | None"
"""An id, None where there is none, or what is wrong with it."""
VectorCell: TypeAlias = "Vector | InvalidInput"
PayloadCell: TypeAlias = "dict[str, Any] | InvalidInput"


def to_block(
    after: int,
    ids: Sequence[IdCell],
    vectors: Sequence[VectorCell],
    payloads: Sequence[PayloadCell],
    *,
    columns: Columns,
    share: float,
) -> Block:
    """The block of the rows behind the row `after`."""
    points: list[Point] = []
    rows: list[int] = []
    refused: list[Refused] = []
    for row, (point_id, vector, payload) in enumerate(zip(ids, vectors, payloads, strict=True), start=after + 1):
        try:
            if isinstance(point_id, InvalidInput):
                raise point_id.within("id")
            if isinstance(vector, InvalidInput):
                raise vector.within(columns.vector)
            if isinstance(payload, InvalidInput):
                raise payload
            points.append(Point(point_id, vector, payload))  # type: ignore[arg-type]
            rows.append(row)
        except InvalidInput as error:
            refused.append(Refused.by(row, _named(error, columns)))
    return Block(points, rows, refused, after + len(ids), share)


def _named(error: InvalidInput, columns: Columns) -> InvalidInput:
    """The error under the name that the file has for the id."""
    return InvalidInput(columns.id, error.expected) if error.where == "id" else error
