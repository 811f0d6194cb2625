"""Points: what a collection holds, and what reading it gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from domain.errors import InvalidInput, at
from domain.models.payload import Json, Payload, check_payload
from domain.models.vector import Vector

PointId: TypeAlias = "int | UUID"
"""An unsigned 64-bit integer, or a UUID. Integers come before UUIDs in every order."""

MAX_ID = 2**64 - 1

_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{4}\1[0-9a-fA-F]{12}")
_DIGITS = re.compile(r"[0-9]{1,20}")
_EXPECTED = "an unsigned 64-bit integer or a UUID"


def check_point_id(value: object) -> PointId:
    """`value`, where it is an id. Raises `InvalidInput` otherwise; true and false are no integers."""
    if isinstance(value, UUID):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_ID:
        return value
    raise InvalidInput("", _EXPECTED)


def check_ids(ids: Sequence[PointId]) -> None:
    """Raise `InvalidInput` naming the first of `ids` that is no id."""
    for index, point_id in enumerate(ids):
        with at(f"ids[{index}]"):
            check_point_id(point_id)


def parse_uuid(text: str) -> UUID:
    """The UUID that `text` spells, with or without hyphens. Raises `InvalidInput` otherwise."""
    if _UUID.fullmatch(text) is None:
        raise InvalidInput("", _EXPECTED)
    return UUID(text)


def parse_point_id(text: str) -> PointId:
    """The id that `text` spells: digits are an integer, all else must be a UUID."""
    return check_point_id(int(text)) if _DIGITS.fullmatch(text) else parse_uuid(text)


def id_order(point_id: PointId) -> tuple[bool, int]:
    """The key to sort ids by: integers first, then UUIDs, each by value."""
    return (True, point_id.int) if isinstance(point_id, UUID) else (False, point_id)


@dataclass(frozen=True, slots=True)
class Point:
    """A point to be written. Raises `InvalidInput` for a bad id or payload."""

    id: PointId
    vector: Vector
    payload: Payload = field(default_factory=dict)

    def __post_init__(self) -> None:
        # `with at(...)` costs as much as the checks themselves, for each of millions of points.
        where = "id"
        try:
            check_point_id(self.id)
            where = "payload"
            check_payload(self.payload)
        except InvalidInput as error:
            raise error.within(where) from None

    def with_value(self, key: str, value: Json) -> Point:
        """The point with one more value, which the caller has checked; to check the rest again would take its time."""
        point = object.__new__(Point)
        object.__setattr__(point, "id", self.id)
        object.__setattr__(point, "vector", self.vector)
        object.__setattr__(point, "payload", {**self.payload, key: value})
        return point


@dataclass(frozen=True, slots=True)
class Record:
    """A stored point as it was read. `vector` is None unless it was asked for."""

    id: PointId
    payload: Payload
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A point that a search found.

    `payload` is None when none was asked for, `vector` unless it was.
    """

    id: PointId
    score: float
    payload: Payload | None = None
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Points in the order of their ids, and the id that the next page starts at (None at the end)."""

    points: tuple[Record, ...]
    next: PointId | None
