"""Adapters that fail when a test says so, and the application on adapters of a test's choice."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache as once

import httpx
from dependency_injector import providers
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.settings import Settings
from containers import Container
from domain.access import Grant
from domain.ports import Cache, VectorStore
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


def make_app(store: VectorStore, cache: Cache, settings: Settings | None = None) -> Starlette:
    """The application on these adapters."""
    return create_app(
        Container(settings=settings or _defaults(), vector_store=providers.Object(store), cache=providers.Object(cache))
    )


@asynccontextmanager
async def serve_in_process(
    store: VectorStore, cache: Cache, settings: Settings | None = None, grant: Grant | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, started, without a socket; with a grant, its requests come with that."""
    app = make_app(store, cache, settings)

    async def granted(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {"grant": grant}
        await app(scope, receive, send)

    transport = httpx.ASGITransport(app=app if grant is None else granted)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client
