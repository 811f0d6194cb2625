"""Paths into a payload: `section`, `author.name`, `items[].price`, `tags[0]`, `"a key with spaces".x`.

The grammar is that of Qdrant's payload keys. A key is letters, digits, `_` and `-`, or anything
between double quotes but a backslash. `[]` stands for each element of a list, `[2]` for the third.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

from domain.errors import InvalidInput

Step: TypeAlias = "str | int | None"
"""A key of an object, an index of a list, or None for each element of a list."""

MAX_LENGTH = 1024
"""The most characters that a path may have."""

MAX_INDEX = 2**32 - 1

_KEY = re.compile(r'"([^"\\]*)"|[\w-]+')
_BRACKETS = re.compile(r"\[([0-9]{0,10})\]")


@lru_cache(maxsize=1024)
def parse_path(path: str) -> tuple[Step, ...]:
    """The steps of `path`. Raises `InvalidInput` where it is no path."""
    if not isinstance(path, str) or not 0 < len(path) <= MAX_LENGTH or not path.isprintable():
        raise _no_path()
    steps: list[Step] = []
    position = 0
    while True:
        key = _KEY.match(path, position)
        if key is None:
            raise _no_path()
        steps.append(key[0] if key[1] is None else key[1])
        position = key.end()
        while brackets := _BRACKETS.match(path, position):
            steps.append(_index(brackets[1]))
            position = brackets.end()
        if position == len(path):
            return tuple(steps)
        if path[position] != ".":
            raise _no_path()
        position += 1


def _index(digits: str) -> int | None:
    if digits and int(digits) > MAX_INDEX:
        raise _no_path()
    return int(digits) if digits else None


def _no_path() -> InvalidInput:
    return InvalidInput("", "a path such as author.name or items[].price")
