"""Bodies of searches by number, so that the load generator makes as many different ones as it needs.

A body is a query's own, with two components replaced: `head + token + middle + token + tail`. All
bodies of one query have the same length. `load.lua` puts them together in the same way.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from pathlib import Path
from string import ascii_letters, digits
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

PATH = "/v1/collections/packages/search"
QUERIES = 16
"""How many queries of the sample are used at most; more would only take more room."""

Ask = Callable[[Any], object]
"""What gives the body that asks for the neighbours of a vector, a list or text."""

_SLOTS = ("@first@", "@second@")
_BASE64_SLOTS = (0, 16)
"""Characters in base64 that hold the lowest bits of components 0 and 3."""


class Encoding(StrEnum):
    """How a vector is written in a body."""

    LIST = "list"
    BASE64 = "base64"


class Template(NamedTuple):
    """A body without its two tokens."""

    head: str
    middle: str
    tail: str


@dataclass(frozen=True, slots=True)
class Questions:
    """All bodies of one encoding. Those of two numbers below 4096 * 4096 * the number of templates differ."""

    encoding: Encoding
    templates: list[Template]
    tokens: list[str]

    @classmethod
    def of(cls, queries: NDArray[np.float32], encoding: Encoding, limit: int = 10, ask: Ask | None = None) -> Questions:
        """Bodies that ask for `limit` hits near each of the first queries, or for what `ask` says near every one."""
        make = _list_template if encoding is Encoding.LIST else _base64_template
        if ask is None:
            queries, ask = queries[:QUERIES], lambda vector: {"vector": vector, "limit": limit}
        return cls(encoding, [make(query, ask) for query in queries], _tokens(encoding))

    def body(self, number: int) -> bytes:
        """The body of this number."""
        rest, index = divmod(number, len(self.templates))
        second, first = divmod(rest, len(self.tokens))
        head, middle, tail = self.templates[index]
        return (head + self.tokens[first] + middle + self.tokens[second % len(self.tokens)] + tail).encode()

    def write(self, path: Path) -> None:
        """Write them for `load.lua`: the tokens, then a template on each line."""
        lines = [" ".join(self.tokens), *("\t".join(template) for template in self.templates)]
        path.write_text("\n".join(lines) + "\n", encoding="ascii")


def _tokens(encoding: Encoding) -> list[str]:
    if encoding is Encoding.LIST:
        return [f"0.01{number:04}" for number in range(4096)]
    alphabet = ascii_letters + digits + "+/"
    return ["".join(pair) for pair in product(alphabet, alphabet)]


def _list_template(query: NDArray[np.float32], ask: Ask) -> Template:
    body = json.dumps(ask([*_SLOTS, *query[2:].tolist()]))
    head, rest = body.split(f'"{_SLOTS[0]}"')
    return Template(head, *rest.split(f'"{_SLOTS[1]}"'))


def _base64_template(query: NDArray[np.float32], ask: Ask) -> Template:
    text = as_base64(query)
    body = json.dumps(ask(text))
    first, second = (body.index(text) + slot for slot in _BASE64_SLOTS)
    return Template(body[:first], body[first + 2 : second], body[second + 2 :])


def as_base64(vector: NDArray[np.float32]) -> str:
    """The vector as base64 of little-endian float32."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()
