"""What several bodies are made of: ids, vectors, and lists that are bounded before they are read."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal, TypeAlias

import msgspec

from domain.errors import InvalidInput, at
from domain.models import PointId, Vector, parse_uuid
from domain.models.point import check_point_id
from domain.points import MAX_POINTS

Id: TypeAlias = int | str
Ids: TypeAlias = Annotated[list[Id], msgspec.Meta(max_length=MAX_POINTS)]
VectorValue: TypeAlias = list[float] | str
"""A list of numbers, or base64 of little-endian float32."""
VectorForm: TypeAlias = bool | Literal["base64"]
"""Whether vectors are to come, and whether as base64 instead of lists of numbers."""


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A JSON object that must hold nothing else."""


def read_id(value: Id) -> PointId:
    """An id of a body: an integer, or a string that spells a UUID."""
    return parse_uuid(value) if isinstance(value, str) else check_point_id(value)


def read_ids(name: str, values: list[Id]) -> tuple[PointId, ...]:
    """Ids of a body. Raises `InvalidInput` at `name[i]`."""
    ids = []
    for index, value in enumerate(values):
        with at(f"{name}[{index}]"):
            ids.append(read_id(value))
    return tuple(ids)


def read_vector(value: VectorValue) -> Vector:
    """The vector. Raises `InvalidInput` at `vector`."""
    with at("vector"):
        if isinstance(value, list):
            return Vector.of(value)
        try:
            return Vector(base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError) as error:
            if isinstance(error, InvalidInput):
                raise
            raise InvalidInput("", "numbers, or base64 of little-endian float32") from None
