"""One operation on a backend: its total time, and the translation of what its driver raises."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from adapters.monitor import BackendMonitor
from adapters.timeout import Timeout
from domain.errors import CollectionConflict, Failure, HoldfastError

A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """How a driver's error is a failure of the backend. `retry_after` is in seconds, where it gave one."""

    failure: Failure
    retry_after: float | None = None


Translate = Callable[[Exception], Fault | HoldfastError]
"""What a driver's error means: a failure of the backend, or an error of the domain."""


class BackendCall:
    """`with BackendCall(...) as ask:` bounds the whole block in time; `await ask(call, read)` one driver's call.

    The translation covers the driver's call and the reading of its answer alone, so that an error of
    our own is never taken for one of the backend's. `timeout` is in seconds.
    """

    def __init__(self, monitor: BackendMonitor, operation: str, timeout: float, translate: Translate) -> None:
        self._monitor = monitor
        self._operation = operation
        self._translate = translate
        self._timeout = Timeout(timeout)

    def __enter__(self) -> Self:
        self._timeout.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._timeout.__exit__(kind, error, trace)
        except TimeoutError as timeout:
            raise self._monitor.failed(self._operation, Failure.TIMEOUT, timeout) from None

    async def __call__(self, awaitable: Awaitable[A], read: Callable[[A], T]) -> T:
        """What `read` makes of the driver's answer.

        Raises `BackendUnavailable`, also where `read` fails because the answer makes no sense, or
        the error of the domain that the driver's error means.
        """
        try:
            answer = await awaitable
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Nobody cancelled this task: gRPC does so to calls in flight when its channel is closed.
            raise self._monitor.failed(self._operation, Failure.CLOSED, error) from None
        except Exception as error:
            raise self._meaning(error) from None
        try:
            value = read(answer)
        except CollectionConflict:
            raise
        except Exception as error:
            raise self._monitor.failed(self._operation, Failure.GARBAGE, error) from None
        self._monitor.answered()
        return value

    def _meaning(self, error: Exception) -> HoldfastError:
        meaning = self._translate(error)
        if isinstance(meaning, Fault):
            return self._monitor.failed(self._operation, meaning.failure, error, meaning.retry_after)
        self._monitor.answered()
        return meaning
