"""Any cache, with a span for each call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.ports import BackendStatus, Cache, Entry, Event, Recollection, Tracing


class TracedCache(Cache):
    """Passes calls on to `inner`, which is called `system` in spans."""

    def __init__(self, inner: Cache, tracing: Tracing, system: str) -> None:
        self.inner = inner
        self._tracing = tracing
        self._system = system

    async def recall(self, collection: str, key: str) -> Recollection:
        with self._tracing.call(self._system, "recall"):
            return await self.inner.recall(collection, key)

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        with self._tracing.call(self._system, "remember"):
            await self.inner.remember(collection, key, entry, ttl)

    async def invalidate(self, collection: str) -> None:
        with self._tracing.call(self._system, "invalidate"):
            await self.inner.invalidate(collection)

    async def forget(self, collection: str) -> None:
        with self._tracing.call(self._system, "forget"):
            await self.inner.forget(collection)

    async def ping(self) -> BackendStatus:
        with self._tracing.call(self._system, "ping"):
            return await self.inner.ping()

    def history(self) -> Sequence[Event]:
        return self.inner.history()

    def breakers(self) -> Mapping[str, str]:
        return self.inner.breakers()

    async def aclose(self) -> None:
        await self.inner.aclose()
