"""Bodies that mean harm."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from typing import Any

MIB = 1024 * 1024
LARGEST = 32 * MIB

GOOD: list[Any] = [
    {"vector": [0.5, 1.5], "limit": 3, "filter": {"must": [{"key": "a", "match": {"value": "x"}}]}},
    {"points": [{"id": 1, "vector": [0.5, 1.5], "payload": {"a": "x", "list": [{"b": 1}]}}]},
    {"payload": {"a": None}, "ids": [1]},
    {"ids": [1, 2], "with_vectors": True},
    {"filter": {"must": [{"has_id": [1]}]}},
    {"searches": [{"vector": [0.5, 1.5]}, {"id": 1}]},
    {"vector": {"size": 2, "distance": "cosine"}, "indexes": {"a": "keyword"}},
    {"type": "keyword"},
]

ODD: list[bytes] = [
    b"1e99999", b"-1e99999", b"9" * 10_000, b"0." + b"9" * 10_000, b"NaN", b"Infinity", b"-0", b"1e400", b"null",
    b"true", b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"', b'"\xff"', b'"' + b"\xf0\x9f\x98\x80" * 50 + b'"', b"[]",
    b"{}", b'{"a":1,"a":2}', b"[[[[[[]]]]]]", b'"' + b"A" * 5_000 + b'"', b"18446744073709551616", b"01", b"+1", b".5",
]  # fmt: skip


def mutated(chance: random.Random) -> bytes:
    """A good body with some values, or some bytes, that are not."""
    data = json.dumps(chance.choice(GOOD)).encode()
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(data) + 1)
        odd = chance.choice(ODD) if chance.random() < 0.7 else chance.randbytes(chance.randint(0, 4))
        data = data[:at] + odd + data[at + chance.randint(0, 12) :]
    return data


def replaced(chance: random.Random) -> bytes:
    """A good body in which one value is an odd one."""
    data = json.dumps(chance.choice(GOOD)).encode()
    values = [sign for sign in (b"0.5", b'"x"', b"1", b"[1]", b"null", b"2", b'"keyword"') if sign in data]
    return data.replace(chance.choice(values), chance.choice(ODD), 1)


def encoded(chance: random.Random) -> bytes:
    """A good body in another coding."""
    text = json.dumps(chance.choice(GOOD))
    return chance.choice(
        [
            b"\xef\xbb\xbf" + text.encode(),
            text.encode("utf-16"),
            text.encode("utf-32-le"),
            gzip.compress(text.encode(), mtime=0),
            text.encode("cp037"),
            text.encode()[: chance.randrange(len(text))],
        ]
    )


def noise(chance: random.Random) -> bytes:
    """Any bytes."""
    return chance.randbytes(chance.randint(0, 2_000))


def deep(chance: random.Random, size: int) -> bytes:
    """As deep as so many bytes can be, closed or not."""
    opening, closing = chance.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'{"must":[', b"]}"), (b'[{"a":', b"}]")])
    before = chance.choice([b"", b'{"points":', b'{"points":[{"id":1,"vector":[1,2],"payload":', b'{"filter":'])
    depth = size // (len(opening) + len(closing))
    return before + opening * depth + (closing * depth if chance.random() < 0.5 else b"")


def wide(chance: random.Random, size: int) -> bytes:
    """As many values as so many bytes can hold, in a body that is right until then."""
    piece = chance.choice(
        [b"{},", b"[],", b"1,", b'"a",', b'"\\u0000",', b'{"a":{}},', b"1e5,", b"null,", b"0.5,", b" "]
    )
    before = chance.choice(
        [
            b'{"points":[{"id":1,"vector":[0.5,1],"payload":{"a":[',
            b'{"points":[{"id":1,"vector":[',
            b'{"points":[',
            b'{"searches":[',
            b'{"ids":[',
            b'{"vector":[',
            b'{"filter":{"must":[',
            b'{"filter":{"must":[{"has_id":[',
            b"[",
        ]
    )
    return before + piece * (size // len(piece))


def points(chance: random.Random, size: int) -> bytes:
    """Points that are right, but for the last: as many bytes of them."""
    payload = {"a": ["x" * chance.randint(0, 9)] * chance.randint(0, 30), "b": [{"id": 1}, {"id": 2}]}
    point = json.dumps({"id": chance.randint(0, 9), "vector": [0.25, 1.5], "payload": payload}).encode()
    return b'{"points":[' + b",".join([point] * (size // len(point))) + b',{"id":"x"}]}'


def digits(chance: random.Random, size: int) -> bytes:
    """One value that is as long as it can be."""
    value = chance.choice([b"9" * size, b'"' + b"A" * size + b'"', b"0." + b"1" * size, b'"' + b"\\n" * (size // 2)])
    return chance.choice([b'{"vector":', b'{"points":[{"id":1,"vector":', b'{"payload":{"a":']) + value + b"}"


SMALL: list[Callable[[random.Random], bytes]] = [mutated, replaced, encoded, noise]
LARGE: list[Callable[[random.Random, int], bytes]] = [deep, wide, points, digits]
