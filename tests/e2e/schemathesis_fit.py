"""Moves what is good by itself in the body of a request to where it fits the rest; what is wrong by itself stays."""

from __future__ import annotations

import base64
import math
import re
import struct
from typing import Any

COLLECTIONS = {"cosine4": 4, "dot3": 3, "euclid2": 2}
"""The collections that there are, and how many numbers their vectors have."""

LARGEST = 1000.0
"""Components up to which no score leaves float32, whatever the distance."""

MANY = 50
"""Conditions in one clause, of which the whole filter then has less than it may."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")
_BASE64 = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def fitted(body: Any, size: int | None, *, nested: bool = False) -> Any:
    """The body for a collection of this size; `nested` where it is a part of a condition on the objects of a list."""
    if isinstance(body, list):
        return [fitted(item, size, nested=nested) for item in body]
    if isinstance(body, float) and body.is_integer() and abs(body) < 2**64:
        # An integer by JSON Schema, which the API takes in the form of one alone.
        return int(body)
    if not isinstance(body, dict):
        return body
    ids = body.get("has_id")
    if nested and len(body) == 1 and isinstance(ids, list) and ids and all(map(is_id, ids)):
        return {"is_null": {"key": "a"}}
    parts = {
        name: clamped(item) if name == "payload" else fitted(item, size, nested=nested or name == "nested")
        for name, item in body.items()
    }
    if size is not None and "vector" in parts:
        parts["vector"] = sized(parts["vector"], size)
    shorten_clauses(parts)
    put_upright(parts)
    return parts


def sized(vector: Any, size: int) -> Any:
    """The vector with so many numbers, not all zero."""
    if isinstance(vector, str) and len(vector) >= 8 and _BASE64.fullmatch(vector):
        return base64.b64encode(struct.pack(f"<{size}f", *[1.0] * size)).decode()
    if not isinstance(vector, list) or not 1 <= len(vector) <= 65_536 or not all(map(is_number, vector)):
        return vector
    numbers = [max(-LARGEST, min(LARGEST, number)) for number in (vector * size)[:size]]
    return numbers if math.hypot(*numbers) > 1e-6 else [1.0] * size


def shorten_clauses(filter_: dict[str, Any]) -> None:
    """Leave the filter some of its conditions, and let `min_count` be at most as many."""
    for name in ("must", "should", "must_not", "conditions"):
        if isinstance(filter_.get(name), list) and len(filter_[name]) <= 1000:
            filter_[name] = filter_[name][:MANY]
    conditions, least = filter_.get("conditions"), filter_.get("min_count")
    if isinstance(conditions, list) and conditions and type(least) is int and 1 <= least <= 1000:
        filter_["min_count"] = min(least, len(conditions))


def put_upright(box: dict[str, Any]) -> None:
    """Put the box's top north of its bottom."""
    top: Any = box.get("top_left")
    bottom: Any = box.get("bottom_right")
    if is_place(top) and is_place(bottom):
        low, high = sorted((top["lat"], bottom["lat"]))
        top["lat"], bottom["lat"] = (high, low) if low < high else (1.0, -1.0)


def clamped(payload: Any) -> Any:
    """The payload with integers that fit 64 bits."""
    if isinstance(payload, dict):
        return {key: clamped(item) for key, item in payload.items()}
    if isinstance(payload, list):
        return [clamped(item) for item in payload]
    return max(-(2**63), min(2**63 - 1, payload)) if type(payload) is int else payload


def is_name(text: str) -> bool:
    """Whether it may name a collection."""
    return _NAME.fullmatch(text) is not None


def is_id(value: object) -> bool:
    """Whether it may be the id of a point."""
    return (type(value) is int and 0 <= value < 2**64) or (isinstance(value, str) and len(value) == 36)


def is_number(value: object) -> bool:
    """Whether it may be a component of a vector."""
    return type(value) in (int, float) and abs(value) < 3.4028235677973366e38  # type: ignore[arg-type]


def is_place(value: Any) -> bool:
    """Whether it is a place on Earth."""
    if not isinstance(value, dict) or value.keys() != {"lat", "lon"}:
        return False
    return all(
        type(value[name]) in (int, float) and abs(value[name]) <= most for name, most in (("lat", 90), ("lon", 180))
    )
