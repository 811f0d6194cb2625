"""The cache that needs nothing: one process remembers for itself."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from domain.errors import Backend, BackendUnavailable, Failure
from domain.ports import BackendStatus, Cache, Entry, Recollection

K = TypeVar("K")
V = TypeVar("V")


class InMemoryCache(Cache):
    """Keeps at most `max_entries` entries and generations, the most recently used ones. `clock` counts seconds.

    A generation is written `epoch.token`; forgetting changes the epoch, invalidating the token. A
    collection whose generation was let go gets a new epoch, so that its entries do not come either.
    """

    def __init__(self, max_entries: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_entries = max_entries
        self._clock = clock
        self._generations: OrderedDict[str, str] = OrderedDict()
        self._entries: OrderedDict[tuple[str, str], tuple[float, Entry]] = OrderedDict()
        self._closed = False

    async def recall(self, collection: str, key: str) -> Recollection:
        self._check_open("recall")
        generation = self._generations.setdefault(collection, f"{_token()}.{_token()}")
        _let_go(self._generations, collection, self._max_entries)
        expiry, entry = self._entries.get((collection, key), (0.0, None))
        if entry is None or expiry <= self._clock() or _epoch(entry.generation) != _epoch(generation):
            self._entries.pop((collection, key), None)
            return Recollection(generation, None)
        self._entries.move_to_end((collection, key))
        return Recollection(generation, entry)

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        self._check_open("remember")
        self._entries[collection, key] = (self._clock() + ttl, entry)
        _let_go(self._entries, (collection, key), self._max_entries)

    async def invalidate(self, collection: str) -> None:
        self._check_open("invalidate")
        if collection in self._generations:
            self._generations[collection] = f"{_epoch(self._generations[collection])}.{_token()}"

    async def forget(self, collection: str) -> None:
        self._check_open("forget")
        self._generations.pop(collection, None)

    async def ping(self) -> BackendStatus:
        self._check_open("ping")
        return BackendStatus("memory")

    async def aclose(self) -> None:
        self._closed = True
        self._entries.clear()

    def _check_open(self, operation: str) -> None:
        if self._closed:
            raise BackendUnavailable(Backend.CACHE, operation, Failure.CLOSED)


def _let_go(kept: OrderedDict[K, V], used: K, most: int) -> None:
    """Mark `used` as the most recently used, and drop the least recently used where there are too many."""
    kept.move_to_end(used)
    if len(kept) > most:
        kept.popitem(last=False)


def _token() -> str:
    return secrets.token_hex(8)


def _epoch(generation: str) -> str:
    return generation.partition(".")[0]
