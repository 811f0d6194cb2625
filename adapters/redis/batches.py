"""Commands that are asked for at the same moment, sent together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from itertools import islice
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

MAX_SIZE = 256
"""The most that is sent together; what waits for the next batch is as well off."""


class Batches(Generic[Q, A]):
    """Serves each who asks by a batch that was sent after he asked, and maybe with others.

    One batch is under way at a time. Meanwhile the next one gathers, which is the larger the greater the
    load: waking the other side costs as much as a request, and two at a time serve fewer each.

    `send` gives the answers in the order of what is asked. Where it fails, its one error is raised to
    everybody whom the batch was to serve.
    """

    def __init__(self, send: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._send = send
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._under_way: asyncio.Task[None] | None = None
        self._scheduled = False
        self._loop: asyncio.AbstractEventLoop

    @property
    def busy(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiting) or self._scheduled or self._under_way is not None

    def ask(self, asked: Q) -> asyncio.Future[A]:
        """The answer, once it is there."""
        if not self._waiting:
            self._loop = asyncio.get_running_loop()
        future: asyncio.Future[A] = self._loop.create_future()
        self._waiting.append((asked, future))
        if not self._scheduled and self._under_way is None:
            # At the end of this turn of the loop, so that whoever asks in the same turn comes along.
            self._scheduled = True
            self._loop.call_soon(self._begin)
        return future

    async def aclose(self) -> None:
        """Let what is under way end."""
        while self._under_way is not None:
            await asyncio.wait([self._under_way])

    def _begin(self) -> None:
        self._scheduled = False
        waiting = (self._waiting.popleft() for _ in range(len(self._waiting)))
        batch = list(islice((each for each in waiting if not each[1].done()), MAX_SIZE))
        if batch:
            self._under_way = self._loop.create_task(self._serve(batch), context=Context())
            self._under_way.add_done_callback(self._landed)

    def _landed(self, _: asyncio.Task[None]) -> None:
        self._under_way = None
        if self._waiting:
            self._begin()

    async def _serve(self, batch: Sequence[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._send([asked for asked, _ in batch])
        except BaseException as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
                    # Seen, though who asked may be cancelled in this very turn.
                    future.exception()
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
