"""How old an answer may be: what the service allows, and what a caller asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Windows:
    """How long a result is `fresh`, and for how long it may be shown as `stale` while the store is away; in seconds.

    With both 0 nothing is remembered.
    """

    fresh: float = 60.0
    stale: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a caller asks of the cache, in the terms of `Cache-Control` (RFC 9111); times in seconds.

    `no_cache`: ask the store, and show nothing stale unless `stale_if_error` stands beside it.
    `no_store`: neither read nor remember. `max_age`: an older entry is none. `max_stale`: an entry
    that a write outdated, or that is past its window, is good up to this age. `stale_if_error`: how
    old an answer may be while the store is away, at most the window. `only_if_cached`: never ask the
    store.
    """

    no_cache: bool = False
    no_store: bool = False
    max_age: float | None = None
    max_stale: float | None = None
    stale_if_error: float | None = None
    only_if_cached: bool = False

    def allows_fresh(self, age: float, windows: Windows) -> bool:
        """Whether an entry of the present generation and of this age will do."""
        return not self.no_cache and age < windows.fresh and (self.max_age is None or age <= self.max_age)

    def allows_old(self, age: float) -> bool:
        """Whether an entry of this age will do, whatever its generation."""
        return not self.no_cache and self.max_stale is not None and age <= self.max_stale

    def allows_stale_on_error(self, age: float, windows: Windows) -> bool:
        """Whether an entry of this age will do while the store is away."""
        if self.stale_if_error is None:
            wanted = self.max_age is None or age <= self.max_age
            return wanted and not self.no_cache and age <= windows.stale
        return age <= min(self.stale_if_error, windows.stale)


ANY = Demand()
"""Asks for nothing in particular."""


class Cached(StrEnum):
    """What the cache had to do with a result."""

    HIT = "hit"
    """It was remembered, and nothing was asked of the store."""
    STORED = "stored"
    """The store was asked, and the result is remembered."""
    MISS = "miss"
    """The store was asked, and the result could not be remembered."""
    BYPASS = "bypass"
    """The caller wanted the cache left out."""
