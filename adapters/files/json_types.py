"""Which types of Arrow become which values of JSON."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pyarrow as pa

from domain.errors import InvalidInput


def is_text(type_: pa.DataType) -> bool:
    """Whether it holds text, in whatever way."""
    if pa.types.is_dictionary(type_):
        type_ = type_.value_type
    return any(is_kind(type_) for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def readable(type_: pa.DataType) -> pa.DataType:
    """The type without the name that an extension gives to it."""
    return type_.storage_type if isinstance(type_, pa.BaseExtensionType) else type_


def json_type(name: str, type_: pa.DataType) -> Callable[[pa.Array], list[Any]]:
    """Reads a column of this type as values of JSON. Raises `InvalidInput` for a type that JSON has no form for.

    Times become text in RFC 3339, in UTC and to the microsecond; one without a zone counts as UTC.
    """
    wanted, spelt = _wanted(name, type_)
    mapped, fine = "map<" in str(wanted), "[ns" in str(type_)

    def read(column: pa.Array) -> list[Any]:
        # Not safe cuts off what is below the microsecond, and wraps around what is too great.
        cast = column if wanted == type_ else column.cast(wanted, safe=not fine)
        # Without the option it is eight times as quick.
        values: list[Any] = cast.to_pylist(maps_as_pydicts="strict") if mapped else cast.to_pylist()
        return [written(value) for value in values] if spelt else values

    return read


def _wanted(name: str, type_: pa.DataType) -> tuple[pa.DataType, bool]:
    """The type to cast to, and whether values of it are still to be spelt as text."""
    kind = pa.types
    if is_text(type_):
        return type_, False
    if kind.is_boolean(type_) or kind.is_integer(type_) or kind.is_floating(type_) or kind.is_null(type_):
        return type_, False
    if kind.is_timestamp(type_):
        return pa.timestamp("us"), True
    if kind.is_date(type_) or isinstance(type_, pa.UuidType):
        return type_, True
    if kind.is_dictionary(type_):
        return _wanted(name, type_.value_type)
    if kind.is_list(type_) or kind.is_large_list(type_) or kind.is_fixed_size_list(type_):
        inner, spelt = _wanted(f"{name}[]", type_.value_type)
        return (type_ if inner == type_.value_type else pa.list_(inner)), spelt
    if kind.is_struct(type_):
        fields = [(field.name, *_wanted(f"{name}.{field.name}", field.type)) for field in type_]
        return pa.struct([(field, inner) for field, inner, _ in fields]), any(spelt for *_, spelt in fields)
    if kind.is_map(type_) and is_text(type_.key_type):
        inner, spelt = _wanted(f"{name}[]", type_.item_type)
        return pa.map_(type_.key_type, inner), spelt
    raise InvalidInput(name, f"a type that JSON has a form for, and the column is of {type_}; it has to be left out")


def written(value: Any) -> Any:
    """The value with times, dates and UUIDs as text."""
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list):
        return [written(item) for item in value]
    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    return value
