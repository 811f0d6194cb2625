"""Conditions on what a value is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from domain.errors import InvalidInput, at
from domain.models.payload import MAX_INTEGER, MIN_INTEGER, check_text
from domain.paths import parse_path

MAX_VALUES = 10_000
"""The most values in one `any` or `except`, and ids in one `has_id`."""

Scalar: TypeAlias = "str | int | bool"


def check_path(path: str) -> None:
    """Raise `InvalidInput` at `key` unless `path` is a path into a payload."""
    with at("key"):
        parse_path(path)


def _check_scalar(value: object, expected: str) -> None:
    if isinstance(value, str):
        check_text(value)
    elif not isinstance(value, int) or not MIN_INTEGER <= value <= MAX_INTEGER:
        raise InvalidInput("", expected)


def _check_choices(values: tuple[str, ...] | tuple[int, ...]) -> None:
    if not 1 <= len(values) <= MAX_VALUES:
        raise InvalidInput("", f"1 to {MAX_VALUES} values, got {len(values)}")
    strings = isinstance(values[0], str)
    for index, value in enumerate(values):
        if isinstance(value, bool) or isinstance(value, str) is not strings:
            raise InvalidInput(f"[{index}]", "values that are all strings or all integers")
        with at(f"[{index}]"):
            _check_scalar(value, "a string or an integer that fits 64 bits")


@dataclass(frozen=True, slots=True)
class Match:
    """The value is `value`, of the same type."""

    key: str
    value: Scalar

    def __post_init__(self) -> None:
        check_path(self.key)
        with at("match.value"):
            _check_scalar(self.value, "a string, a bool, or an integer that fits 64 bits")


@dataclass(frozen=True, slots=True)
class MatchAny:
    """The value is one of `values`: all strings, or all integers."""

    key: str
    values: tuple[str, ...] | tuple[int, ...]

    def __post_init__(self) -> None:
        check_path(self.key)
        with at("match.any"):
            _check_choices(self.values)


@dataclass(frozen=True, slots=True)
class MatchExcept:
    """There is a value that is not null and none of `values`: all strings, or all integers."""

    key: str
    values: tuple[str, ...] | tuple[int, ...]

    def __post_init__(self) -> None:
        check_path(self.key)
        with at("match.except"):
            _check_choices(self.values)


@dataclass(frozen=True, slots=True)
class IsEmpty:
    """There is no value: the path leads nowhere, to null, or to an empty list."""

    key: str

    def __post_init__(self) -> None:
        check_path(self.key)


@dataclass(frozen=True, slots=True)
class IsNull:
    """The value is null, or a list with a null in it. Absence is not null."""

    key: str

    def __post_init__(self) -> None:
        check_path(self.key)
