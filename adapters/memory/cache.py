"""The cache that needs nothing: one process remembers for itself."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from domain.errors import Backend, BackendUnavailable, Failure
from domain.ports import BackendStatus, Cache, Entry, Recollection


class InMemoryCache(Cache):
    """Keeps at most `max_entries` entries, the most recently used ones. `clock` counts seconds.

    A generation is written `epoch.token`; forgetting changes the epoch, invalidating the token.
    """

    def __init__(self, max_entries: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_entries = max_entries
        self._clock = clock
        self._generations: dict[str, str] = {}
        self._entries: OrderedDict[tuple[str, str], tuple[float, Entry]] = OrderedDict()
        self._closed = False

    async def recall(self, collection: str, key: str) -> Recollection:
        self._check_open("recall")
        generation = self._generations.setdefault(collection, f"{_token()}.{_token()}")
        expiry, entry = self._entries.get((collection, key), (0.0, None))
        if entry is None or expiry <= self._clock() or _epoch(entry.generation) != _epoch(generation):
            self._entries.pop((collection, key), None)
            return Recollection(generation, None)
        self._entries.move_to_end((collection, key))
        return Recollection(generation, entry)

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        self._check_open("remember")
        self._entries[collection, key] = (self._clock() + ttl, entry)
        self._entries.move_to_end((collection, key))
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    async def invalidate(self, collection: str) -> None:
        self._check_open("invalidate")
        epoch = _epoch(self._generations.get(collection, _token()))
        self._generations[collection] = f"{epoch}.{_token()}"

    async def forget(self, collection: str) -> None:
        self._check_open("forget")
        self._generations[collection] = f"{_token()}.{_token()}"

    async def ping(self) -> BackendStatus:
        self._check_open("ping")
        return BackendStatus("memory")

    async def aclose(self) -> None:
        self._closed = True
        self._entries.clear()

    def _check_open(self, operation: str) -> None:
        if self._closed:
            raise BackendUnavailable(Backend.CACHE, operation, Failure.CLOSED)


def _token() -> str:
    return secrets.token_hex(8)


def _epoch(generation: str) -> str:
    return generation.partition(".")[0]
