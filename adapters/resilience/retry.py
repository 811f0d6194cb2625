"""One retry, where it may help and cannot do harm."""

from __future__ import annotations

import asyncio
import random as chance
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.policies import ResilienceSettings
from domain.errors import BackendUnavailable, Failure

T = TypeVar("T")

UNDONE = frozenset({Failure.REFUSED, Failure.OVERLOADED})
"""Failures of a single request to the backend that had no effect."""

TRANSIENT = UNDONE | {Failure.RESET, Failure.UNREADY}
"""Failures that may be over a moment later. A timeout is none: it has cost the time already, and adds load."""


class Retry:
    """Retries once after 50 to 200 ms (a setting), as long as the budget lasts.

    A retry costs one token, a success earns a part of one: when most calls fail, retries end, and the
    load on a backend in trouble is not doubled. `random` gives numbers from 0 to 1; `sleep` waits for
    seconds.
    """

    def __init__(
        self,
        settings: ResilienceSettings,
        *,
        random: Callable[[], float] = chance.random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._random = random
        self._sleep = sleep
        self._tokens = float(settings.retry_tokens)

    async def run(self, call: Callable[[], Awaitable[T]], *, on: frozenset[Failure], left: Callable[[], float]) -> T:
        """What `call` gives, or gives when it is made again after a failure that is in `on`.

        `left` gives the seconds that are left; where they are over before the pause is, there is no
        retry. Raises what the last call raised, or the first where the second was not made.
        """
        try:
            result = await call()
        except BackendUnavailable as error:
            pause = self._pause(error.retry_after)
            if error.failure not in on or pause >= left() or self._tokens < 1:
                raise
            self._tokens -= 1
            await self._sleep(pause)
            result = await self._again(call, error)
        # Rounded, since ten tenths make less than one.
        self._tokens = round(min(self._tokens + self._settings.retry_refund, self._settings.retry_tokens), 6)
        return result

    async def _again(self, call: Callable[[], Awaitable[T]], first: BackendUnavailable) -> T:
        try:
            return await call()
        except BackendUnavailable as second:
            if second.failure is Failure.OPEN:
                # It was refused here, and what became of the first is as unknown as before.
                raise first from None
            raise

    def _pause(self, retry_after: float | None) -> float:
        least, most = self._settings.retry_min_wait, self._settings.retry_max_wait
        return (retry_after or 0.0) + least + (most - least) * self._random()
