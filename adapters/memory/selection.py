"""Which part of a payload goes into an answer, as Qdrant's engine selects it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeAlias

from domain.models import Json, Payload
from domain.paths import Step, parse_path
from domain.queries import PayloadSelection

_Paths: TypeAlias = Sequence[tuple[Step, ...]]
"""What is left of the selected paths on the way down."""


def select(payload: Payload, selection: PayloadSelection) -> dict[str, Json] | None:
    """All of `payload`, none of it (None), or what the paths lead to with the objects and lists around it.

    The result shares no list and no object with `payload`. Where a path goes on below a number, a
    string or null, that value is kept. Of a list, `[]` keeps every element, while an index or a key
    keeps none.
    """
    if selection is False:
        return None
    if selection is True:
        return copy.deepcopy(dict(payload))
    return _fields(payload, [parse_path(path) for path in selection])


def _fields(value: Payload, paths: _Paths) -> dict[str, Json]:
    below = {key: _below(paths, key) for key in value}
    return {key: _part(item, below[key]) for key, item in value.items() if below[key]}


def _part(value: Json, paths: _Paths) -> Json:
    if () in paths:
        return copy.deepcopy(value)
    if isinstance(value, dict):
        return _fields(value, paths)
    if isinstance(value, list):
        below = _below(paths, None)
        return [_part(item, below) for item in value] if below else []
    return value


def _below(paths: _Paths, step: Step) -> _Paths:
    return [path[1:] for path in paths if path[0] == step]
