"""The use case of writing the points of a collection to a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from uuid import UUID

from domain.collections import Collections
from domain.filters import Filter
from domain.models import Page, PointId
from domain.patience import Patience
from domain.points import Points
from domain.ports.rows import PointSink
from domain.threads import in_thread

PAGE = 500
"""How many points are read at a time."""

PAGE_NUMBERS = 500_000
"""How many numbers of vectors a page has at most, where one vector has not more."""

FIRST_UUID = UUID(int=0)


class Export:
    """Write the points of a collection to a file, in the order of their ids.

    It goes from page to page: a point that is written or deleted meanwhile is in the file or is not;
    every other one is there once.
    """

    def __init__(self, points: Points, collections: Collections) -> None:
        self._points = points
        self._collections = collections

    async def run(
        self,
        name: str,
        sink: PointSink,
        *,
        filter_: Filter,
        report: Callable[[int, int], None],
        patience: Patience | None = None,
    ) -> int:
        """Write the points that meet the filter, and report how many are written, and how many there were at the start.

        Gives how many were written. The file is there when this returns; when it raises, nothing is.

        Raises `CollectionNotFound`; `BackendUnavailable` and `Overloaded` when patience is at its end;
        and what the sink raises.
        """
        patience = patience or Patience()
        info = await self._collections.describe(name)
        total = await self._points.count(name, filter_)
        limit = page_of(info.collection.size)

        async def read(start: PointId | None, limit: int = limit) -> Page:
            return await patience.insist(
                lambda: self._points.scroll(name, filter_, limit=limit, start=start, with_vectors=True)
            )

        done = 0
        try:
            uuids = bool((await read(FIRST_UUID, 1)).points)
            await in_thread(sink.begin, info.collection.size, uuids=uuids)
            async with aclosing(_pages(read)) as pages:
                async for page in pages:
                    await in_thread(sink.write, page.points)
                    done += len(page.points)
                    report(done, total)
            await in_thread(sink.finish)
        finally:
            await in_thread(sink.discard)
        return done


def page_of(size: int) -> int:
    """How many points with vectors of this size are read at a time."""
    return max(1, min(PAGE, PAGE_NUMBERS // size))


async def _pages(read: Callable[[PointId | None], Awaitable[Page]]) -> AsyncGenerator[Page, None]:
    """All pages in order; the next one is read while one is worked with."""
    page: Page | None = await read(None)
    while page is not None:
        following = asyncio.create_task(_next(page, read))
        try:
            yield page
            page = await following
        finally:
            following.cancel()


async def _next(page: Page, read: Callable[[PointId], Awaitable[Page]]) -> Page | None:
    return None if page.next is None else await read(page.next)
