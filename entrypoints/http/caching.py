"""The cache in the headers of HTTP: `Cache-Control` of a request, `Cache-Status` and `Age` of an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from domain.errors import InvalidInput
from domain.freshness import Cached, Demand
from domain.invalidation import Written
from domain.search import SearchResult

NAME = "holdfast"
"""Who speaks in `Cache-Status` (RFC 9211)."""

_FLAGS = {"no-cache": "no_cache", "no-store": "no_store", "only-if-cached": "only_if_cached"}
_SECONDS = {"max-age": "max_age", "max-stale": "max_stale", "stale-if-error": "stale_if_error"}

_STATUS = {
    Cached.HIT: f"{NAME}; hit",
    Cached.STORED: f"{NAME}; fwd=miss; stored",
    Cached.MISS: f"{NAME}; fwd=miss",
    Cached.BYPASS: f"{NAME}; fwd=bypass",
}

ANY = Demand()


def read_demand(request: Request) -> Demand:
    """What the request's `Cache-Control` asks for; directives that are unknown are passed over, as RFC 9111 has it.

    Raises `InvalidInput` at `header.Cache-Control` for a time that is no number of seconds.
    """
    given = request.headers.getlist("cache-control")
    if not given:
        return ANY
    asked: dict[str, Any] = {}
    for directive in ",".join(given).split(","):
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


def search_headers(results: Sequence[SearchResult]) -> dict[str, str]:
    """`Cache-Status` of the answer, and `Age` where all of it was remembered: that of the oldest part."""
    kinds = {result.cached for result in results}
    first_missed = next((kind for kind in (Cached.BYPASS, Cached.MISS, Cached.STORED) if kind in kinds), Cached.HIT)
    status = _STATUS[first_missed]
    if first_missed is not Cached.HIT:
        return {"Cache-Status": status}
    age = max(result.age or 0.0 for result in results)
    detail = "; detail=stale" if any(result.stale for result in results) else ""
    return {"Cache-Status": status + detail, "Age": str(int(age))}


def write_headers(written: Written[Any]) -> dict[str, str]:
    """Says where other processes may still show what was before the write, for at most the fresh window."""
    return {} if written.invalidated else {"Cache-Status": f"{NAME}; fwd=method; detail=invalidation-pending"}
