"""Adapters that fail when a test says so, and the application on adapters of a test's choice."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from contextlib import asynccontextmanager

import httpx
from dependency_injector import providers

from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.settings import Settings
from containers import Container
from domain.models import Point, Record
from domain.ports import Block, Cache, PointSink, PointSource, Refused, VectorStore
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


class ListedSource(PointSource):
    """Blocks of points that a test lists: each item is a point, or the reason why its row is none."""

    def __init__(self, *rows: Point | str, broken: Exception | None = None) -> None:
        self.listed = rows
        self.total = len(rows)
        self.broken = broken
        self.read = 0

    def blocks(self, size: int, after: int = 0) -> Generator[Block, None, None]:
        numbered = list(enumerate(self.listed, start=1))[after:]
        while numbered:
            taken, numbered = numbered[:size], numbered[size:]
            points = [(row, point) for row, point in taken if isinstance(point, Point)]
            refused = [Refused(row, reason) for row, reason in taken if isinstance(reason, str)]
            self.read = end = taken[-1][0]
            yield Block(
                [point for _, point in points], [row for row, _ in points], refused, end, end / len(self.listed)
            )
        if self.broken is not None:
            raise self.broken


class ListedSink(PointSink):
    """Keeps what it was told, in order."""

    def __init__(self, error: Exception | None = None) -> None:
        self.told: list[object] = []
        self.records: list[Record] = []
        self.error = error

    def begin(self, size: int, *, uuids: bool) -> None:
        self.told.append(("begin", size, uuids))

    def write(self, records: Sequence[Record]) -> None:
        if self.error is not None:
            raise self.error
        self.records += records

    def finish(self) -> None:
        self.told.append("finish")

    def discard(self) -> None:
        self.told.append("discard")


@asynccontextmanager
async def serve_in_process(
    store: VectorStore, cache: Cache, settings: Settings | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, started, without a socket."""
    container = Container(
        settings=settings or Settings(), vector_store=providers.Object(store), cache=providers.Object(cache)
    )
    app = create_app(container)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client
