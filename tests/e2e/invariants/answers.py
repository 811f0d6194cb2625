"""An answer to a search, read strictly: anything that is not documented is a violation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tests.e2e.invariants.history import Operation
from tests.e2e.invariants.timeline import EMPTY

HIT, STALE_HIT = "holdfast; hit", "holdfast; hit; detail=stale"
STORED, MISS, BYPASS = "holdfast; fwd=miss; stored", "holdfast; fwd=miss", "holdfast; fwd=bypass"

BATCH = 2
"""How many searches a batch has here."""


class Violation(Exception):
    """Something that must never happen."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a `Cache-Control` asks for, read by the test itself."""

    flags: frozenset[str]
    seconds: dict[str, float]

    @classmethod
    def read(cls, control: str) -> Demand:
        """The directives, a time that is not given being without end."""
        parts = [part.strip().partition("=") for part in control.split(",") if part.strip()]
        seconds = {name: float(value or math.inf) for name, _, value in parts if name.startswith(("max-", "stale-"))}
        return cls(frozenset(name for name, _, _ in parts) - set(seconds), seconds)

    @property
    def direct(self) -> bool:
        """Whether the store has to be asked for this caller alone."""
        return bool(self.flags & {"no-cache", "no-store"})

    def oldest(self, *, fresh: float, stale: float, is_stale: bool, away: bool) -> float | None:
        """The greatest age of a remembered answer; None where none may be remembered. `away`: the store may be."""
        allowed: list[float] = []
        if not self.direct and not is_stale:
            allowed.append(min(fresh, self.seconds.get("max-age", math.inf)))
        if not self.direct and "max-stale" in self.seconds:
            allowed.append(self.seconds["max-stale"])
        if "no-store" not in self.flags and is_stale and away:
            if "stale-if-error" in self.seconds:
                allowed.append(min(stale, self.seconds["stale-if-error"]))
            elif "no-cache" not in self.flags:
                allowed.append(min(stale, self.seconds.get("max-age", math.inf)))
        return max(allowed, default=None)


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one search: which state it shows, and what is said of the cache.

    In a batch that was remembered in part, nothing says which part: `cache` is then that of the whole,
    and `mixed` true.
    """

    state: int
    stale: bool
    cache: str
    age: int | None
    mixed: bool = False

    @classmethod
    def read(cls, operation: Operation) -> list[Answer]:
        """What is answered to a search, or to each of a batch. Raises `Violation` where anything is amiss."""
        cache, age = operation.headers.get("cache-status", ""), operation.headers.get("age")
        if cache not in {HIT, STALE_HIT, STORED, MISS, BYPASS}:
            raise Violation("a Cache-Status that is not documented")
        if (age is not None) != cache.startswith(HIT) or not (age or "0").isdigit():
            raise Violation("Age on an answer that was not remembered, or none on one that was")
        batch = operation.kind == "batch"
        results = [_result(item) for item in _items(operation.body)] if batch else [_result(operation.body)]
        mixed = batch and age is None
        if not mixed and any(stale for _, stale in results) != (cache == STALE_HIT):
            raise Violation("body and Cache-Status disagree whether it is stale")
        return [cls(state, stale, cache, None if age is None else int(age), mixed) for state, stale in results]


def _items(body: Any) -> list[Any]:
    if not isinstance(body, dict) or set(body) != {"results"} or len(body["results"]) != BATCH:
        raise Violation("a body that is not documented")
    return list(body["results"])


def _result(body: Any) -> tuple[int, bool]:
    if not isinstance(body, dict) or set(body) != {"hits", "stale"} or type(body["stale"]) is not bool:
        raise Violation("a body that is not documented")
    return _state(body["hits"]), body["stale"]


def _state(hits: Any) -> int:
    if hits == []:
        return EMPTY
    version = hits[0].get("id") if isinstance(hits, list) and len(hits) == 1 else None
    if type(version) is not int or hits[0] != {"id": version, "score": version, "payload": {"version": version}}:
        raise Violation("hits that nobody wrote")
    return version
