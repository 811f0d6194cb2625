"""Adapters that fail when a test says so, and the application on adapters of a test's choice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache as once

import httpx
from dependency_injector import providers
from starlette.applications import Starlette

from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.settings import Settings
from containers import Container
from domain.access import Grant
from domain.ports import Cache, KeyRing, VectorStore
from entrypoints.http import create_app


class FailingVectorStore(InMemoryVectorStore):
    """Raises `error` from every operation while it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None

    def _check_open(self, operation: str) -> None:
        if self.error is not None:
            raise self.error
        super()._check_open(operation)


class SlowVectorStore(InMemoryVectorStore):
    """Lists collections when it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def list_collections(self) -> tuple[str, ...]:
        self.asked.set()
        await self.go_on.wait()
        return await super().list_collections()


class FailingCache(InMemoryCache):
    """Raises `error` from every operation while it is set."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock=clock)
        self.error: Exception | None = None

    def _check_open(self, operation: str) -> None:
        if self.error is not None:
            raise self.error
        super()._check_open(operation)


@once
def _defaults() -> Settings:
    return Settings()


class OneGrant(KeyRing):
    """Gives one grant to whoever asks."""

    def __init__(self, grant: Grant) -> None:
        self._grant = grant

    @property
    def anonymous(self) -> Grant:
        return self._grant

    def find(self, secret: str) -> None:
        return None


def make_app(
    store: VectorStore, cache: Cache, settings: Settings | None = None, keys: KeyRing | None = None
) -> Starlette:
    """The application on these adapters, with the keys of the settings unless there are others."""
    parts = {"vector_store": store, "cache": cache} | ({} if keys is None else {"key_ring": keys})
    given = {name: providers.Object(part) for name, part in parts.items()}
    return create_app(Container(settings=settings or _defaults(), **given))


@asynccontextmanager
async def serve_in_process(
    store: VectorStore, cache: Cache, settings: Settings | None = None, grant: Grant | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, started, without a socket; with a grant, that is what everybody may do."""
    app = make_app(store, cache, settings, None if grant is None else OneGrant(grant))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client
