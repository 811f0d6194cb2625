"""One question for several servers, of which some may hang."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Asking(Generic[T]):
    """Asks several at once, of whom the first that answers counts."""

    def __init__(self) -> None:
        self._left: set[asyncio.Future[T]] = set()

    async def first(self, questions: Iterable[Awaitable[T]], better: Callable[[T], int]) -> T:
        """The first answer, and of those that come together the one for which `better` is greatest.

        What is still under way then is cancelled, and not waited for: the driver may be slow to give
        up while it connects. Raises the last error where there is no answer.
        """
        pending = {asyncio.ensure_future(question) for question in questions}
        error: BaseException = LookupError("nobody to ask")
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                error = next((failure for task in done if (failure := task.exception())), error)
                answers = [task.result() for task in done if task.exception() is None]
                if answers:
                    return max(answers, key=better)
            raise error
        finally:
            for task in pending:
                self._left.add(task)
                task.add_done_callback(self._end)
                task.cancel()

    async def aclose(self) -> None:
        """Wait until everything that was cancelled has ended."""
        await asyncio.gather(*self._left, return_exceptions=True)

    def _end(self, task: asyncio.Future[T]) -> None:
        self._left.discard(task)
        _seen(task)


class Shared(Generic[T]):
    """Work that all who ask for it at once share, done in at most `timeout` seconds, whoever leaves meanwhile."""

    def __init__(self, work: Callable[[], Awaitable[T]], timeout: float) -> None:
        self._work = work
        self._timeout = timeout
        self._task: asyncio.Task[T] | None = None

    def start(self) -> asyncio.Task[T]:
        """The work that is under way, or that begins now."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._bounded())
            self._task.add_done_callback(_seen)
        return self._task

    async def __call__(self) -> T:
        """What the work gives. Raises what it raises, or `TimeoutError`."""
        return await asyncio.shield(self.start())

    async def aclose(self) -> None:
        """End what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _bounded(self) -> T:
        async with asyncio.timeout(self._timeout):
            return await self._work()


def _seen(task: asyncio.Future[T]) -> None:
    if not task.cancelled():
        # Seen, though nobody may have waited for it.
        task.exception()
