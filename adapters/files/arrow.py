"""Columns of Arrow as ids, vectors and payloads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import pyarrow as pa

from adapters.files.blocks import IdCell, PayloadCell, VectorCell
from adapters.files.json_types import is_text, json_type, readable
from adapters.files.vectors import NOT_FINITE, to_vectors
from domain.errors import InvalidInput
from domain.models import parse_point_id

T = TypeVar("T")

_object: msgspec.json.Decoder[dict[str, Any] | None] = msgspec.json.Decoder(dict[str, Any] | None)

UNREADABLE = (UnicodeDecodeError, pa.ArrowException, ValueError, OverflowError)
"""How one value that Python has no form for ends the reading of a whole column."""


def find(schema: pa.Schema, name: str) -> pa.Field:
    """The column. Raises `InvalidInput` where there is none, or more than one."""
    found = schema.get_all_field_indices(name)
    if len(found) != 1:
        raise InvalidInput(name, f"one column of this name, and there are {', '.join(schema.names) or 'none'}")
    return schema.field(found[0])


def id_reader(schema: pa.Schema, name: str) -> Callable[[pa.RecordBatch], Sequence[IdCell]]:
    """Reads ids: integers, UUIDs as text, or as 16 bytes. Raises `InvalidInput` for a column of another type."""
    type_ = find(schema, name).type
    if pa.types.is_integer(type_) or isinstance(type_, pa.UuidType):
        return lambda batch: batch.column(name).to_pylist()
    if is_text(type_):
        return lambda batch: _each(batch.column(name), _id_of_text)
    if pa.types.is_fixed_size_binary(type_) and type_.byte_width == 16:
        return lambda batch: _each(batch.column(name), lambda data: UUID(bytes=data))
    raise InvalidInput(name, f"integers, or text of UUIDs, and the column is of {type_}")


def vector_reader(schema: pa.Schema, name: str) -> Callable[[pa.RecordBatch], Sequence[VectorCell]]:
    """Reads vectors: lists of numbers. Raises `InvalidInput` for a column of another type."""
    type_ = find(schema, name).type
    kind = pa.types
    is_list = kind.is_fixed_size_list(type_) or kind.is_list(type_) or kind.is_large_list(type_)
    if not is_list or not (kind.is_floating(type_.value_type) or kind.is_integer(type_.value_type)):
        raise InvalidInput(name, f"lists of numbers, and the column is of {type_}")
    return lambda batch: _vectors(batch.column(name))


def payload_reader(schema: pa.Schema, names: Sequence[str]) -> Callable[[pa.RecordBatch], Sequence[PayloadCell]]:
    """Reads columns as keys of payloads; one without a value is left out."""
    columns = [json_type(name, find(schema, name).type) for name in names]

    def read(batch: pa.RecordBatch) -> list[PayloadCell]:
        lists = [column(batch.column(name)) for name, column in zip(names, columns, strict=True)]
        if not lists:
            return [{} for _ in range(batch.num_rows)]
        if any(batch.column(name).null_count for name in names):
            rows = zip(*lists, strict=True)
            return [{n: v for n, v in zip(names, row, strict=True) if v is not None} for row in rows]
        return [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]

    return lambda batch: _by_rows(batch, read, "a payload that JSON can hold, with text in UTF-8")


def object_reader(schema: pa.Schema, name: str) -> Callable[[pa.RecordBatch], Sequence[PayloadCell]]:
    """Reads one column as payloads: JSON as text, or structs and maps, of which nulls are left out."""
    type_ = readable(find(schema, name).type)
    if is_text(type_):
        return lambda batch: [_decoded(name, cell) for cell in _each(batch.column(name), lambda text: text)]
    if not (pa.types.is_struct(type_) or pa.types.is_map(type_)):
        raise InvalidInput(name, f"objects, or JSON as text, and the column is of {type_}")
    column = json_type(name, type_)

    def read(batch: pa.RecordBatch) -> list[PayloadCell]:
        return [
            {key: value for key, value in (cell or {}).items() if value is not None}
            for cell in column(batch.column(name))
        ]

    return lambda batch: _by_rows(batch, read, "a payload that JSON can hold, with text in UTF-8")


def _by_rows(
    batch: pa.RecordBatch, read: Callable[[pa.RecordBatch], list[PayloadCell]], expected: str
) -> list[PayloadCell]:
    """What `read` gives; where it fails, row by row, and of the row that is the cause an error."""
    try:
        return read(batch)
    except UNREADABLE:
        if batch.num_rows == 1:
            return [InvalidInput("", expected)]
    return [cell for index in range(batch.num_rows) for cell in _by_rows(batch.slice(index, 1), read, expected)]


def _each(column: pa.Array, read: Callable[[Any], T]) -> list[T | InvalidInput | None]:
    """Each value as `read` has it; None where there is none."""
    column = readable_array(column)
    try:
        values = column.to_pylist()
    except UnicodeDecodeError:
        if len(column) == 1:
            return [InvalidInput("", "text in UTF-8")]
        return [cell for index in range(len(column)) for cell in _each(column.slice(index, 1), read)]
    cells: list[T | InvalidInput | None] = []
    for value in values:
        try:
            cells.append(None if value is None else read(value))
        except InvalidInput as error:
            cells.append(error)
    return cells


def readable_array(column: pa.Array) -> pa.Array:
    """The column without the name that an extension gives to its type."""
    return column.storage if isinstance(column.type, pa.BaseExtensionType) else column


def _id_of_text(text: str) -> IdCell:
    return parse_point_id(text)


def _decoded(name: str, cell: str | InvalidInput | None) -> PayloadCell:
    if isinstance(cell, InvalidInput):
        return cell.within(name)
    try:
        return {} if cell is None else _object.decode(cell) or {}
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return InvalidInput(name, "a JSON object")


def _vectors(column: pa.Array) -> list[VectorCell]:
    """The vectors of a list column."""
    starts, ends = _bounds(column)
    base = starts[0] if starts else 0
    values = column.values.slice(base, (ends[-1] if ends else 0) - base)
    numbers = values.to_numpy(zero_copy_only=False)
    sizes = [end - start for start, end in zip(starts, ends, strict=True)]
    vectors: list[VectorCell] = list(to_vectors(numbers, [start - base for start in starts], sizes))
    if values.null_count:
        for index, (start, size) in enumerate(zip(starts, sizes, strict=True)):
            if values.slice(start - base, size).null_count:
                vectors[index] = InvalidInput("", NOT_FINITE)
    if column.null_count:
        for row, absent in enumerate(column.is_null().to_pylist()):
            if absent:
                vectors[row] = InvalidInput("", "a list of numbers")
    return vectors


def _bounds(column: pa.Array) -> tuple[list[int], list[int]]:
    """Where each list begins and ends in the array of all values."""
    if pa.types.is_fixed_size_list(column.type):
        size = column.type.list_size
        offsets = range(column.offset * size, (column.offset + len(column) + 1) * size, size) if size else []
        bounds = list(offsets) or [0] * (len(column) + 1)
    else:
        bounds = column.offsets.to_pylist()
    return bounds[:-1], bounds[1:]
