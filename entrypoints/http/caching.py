"""The cache in the headers of HTTP: `Cache-Control` of a request, `Cache-Status` and `Age` of an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from starlette.types import Scope

from domain.errors import InvalidInput
from domain.freshness import ANY, Cached, Demand
from domain.invalidation import Written
from domain.search import SearchResult

NAME = "holdfast"
"""Who speaks in `Cache-Status` (RFC 9211)."""

_FLAGS = {"no-cache": "no_cache", "no-store": "no_store", "only-if-cached": "only_if_cached"}
_SECONDS = {"max-age": "max_age", "max-stale": "max_stale", "stale-if-error": "stale_if_error"}

_STATUS = {
    Cached.HIT: (b"cache-status", f"{NAME}; hit".encode()),
    Cached.STORED: (b"cache-status", f"{NAME}; fwd=miss; stored".encode()),
    Cached.MISS: (b"cache-status", f"{NAME}; fwd=miss".encode()),
    Cached.BYPASS: (b"cache-status", f"{NAME}; fwd=bypass".encode()),
}

_STALE = (b"cache-status", f"{NAME}; hit; detail=stale".encode())

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as ASGI has them."""


def read_demand(scope: Scope) -> Demand:
    """What the request's `Cache-Control` asks for; directives that are unknown are passed over, as RFC 9111 has it.

    Raises `InvalidInput` at `header.Cache-Control` for a time that is no number of seconds.
    """
    given = [value for name, value in scope["headers"] if name == b"cache-control"]
    if not given:
        return ANY
    asked: dict[str, Any] = {}
    for directive in b",".join(given).decode("latin-1").split(","):
        name, _, value = directive.strip().partition("=")
        name = name.strip().lower()
        if name in _FLAGS:
            asked[_FLAGS[name]] = True
        elif name in _SECONDS:
            asked[_SECONDS[name]] = _read_seconds(name, value.strip().strip('"'))
    return Demand(**asked)


def _read_seconds(name: str, value: str) -> float:
    if name == "max-stale" and not value:
        return math.inf
    if not (value.isascii() and value.isdigit() and len(value) <= 10):
        raise InvalidInput("header.Cache-Control", f"whole seconds after {name}=")
    return float(value)


def search_headers(results: Sequence[SearchResult]) -> RawHeaders:
    """`Cache-Status` of the answer, and `Age` where all of it was remembered: that of the oldest part."""
    status, age = _STATUS[Cached.HIT], 0.0
    for result in results:
        if result.cached is not Cached.HIT:
            return [_STATUS[_least_cached(results)]]
        age = max(age, result.age or 0.0)
        if result.stale:
            status = _STALE
    return [status, (b"age", b"%d" % age)]


def _least_cached(results: Sequence[SearchResult]) -> Cached:
    kinds = {result.cached for result in results}
    return next(kind for kind in (Cached.BYPASS, Cached.MISS, Cached.STORED) if kind in kinds)


def write_headers(written: Written[Any]) -> dict[str, str]:
    """Says where other processes may still show what was before the write, for at most the fresh window."""
    return {} if written.invalidated else {"Cache-Status": f"{NAME}; fwd=method; detail=invalidation-pending"}
