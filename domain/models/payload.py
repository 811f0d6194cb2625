"""Payloads: the JSON objects that points carry."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from domain.errors import InvalidInput

Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"
Payload: TypeAlias = Mapping[str, Json]

MAX_DEPTH = 32
"""How deep lists and objects of a payload may nest; the payload itself is the first level."""

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
"""Integers of a payload are signed and fit 64 bits."""


def check_payload(payload: Payload) -> None:
    """Raise `InvalidInput` for anything that no backend could keep as it is.

    The path in the error starts at the payload: `author.born`, `tags[3]`.
    """
    if not isinstance(payload, dict):
        raise InvalidInput("", "an object")
    _check_object(payload, 1)


def check_text(text: str) -> None:
    """Raise `InvalidInput` for text with a lone surrogate, which has no form in UTF-8."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput("", "text that can be written as UTF-8") from None


def _check_object(value: dict[str, Json], depth: int) -> None:
    for key, item in value.items():
        if not isinstance(key, str):
            raise InvalidInput("", "keys that are strings")
        # `with at(...)` costs as much as the checks themselves, for each of millions of points.
        try:
            check_text(key)
            _check_value(item, depth)
        except InvalidInput as error:
            raise error.within(key) from None


def _check_value(value: Json, depth: int) -> None:
    if isinstance(value, str):
        check_text(value)
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, int):
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            raise InvalidInput("", "an integer that fits 64 bits, signed")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInput("", "a finite number")
    elif isinstance(value, (dict, list)):
        _check_container(value, depth + 1)
    else:
        raise InvalidInput("", f"a value of JSON, got {type(value).__name__}")


def _check_container(value: dict[str, Json] | list[Json], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidInput("", f"at most {MAX_DEPTH} levels of objects and lists")
    if isinstance(value, dict):
        _check_object(value, depth)
        return
    for index, item in enumerate(value):
        try:
            _check_value(item, depth)
        except InvalidInput as error:
            raise error.within(f"[{index}]") from None
