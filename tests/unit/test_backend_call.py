"""One operation on a backend is bounded, and only the domain's errors leave it."""

from __future__ import annotations

import asyncio

import pytest

from adapters.call import BackendCall, Fault
from adapters.monitor import BackendMonitor
from domain.errors import Backend, BackendUnavailable, CollectionConflict, CollectionNotFound, Failure, HoldfastError


def translate(error: Exception) -> Fault | HoldfastError:
    """A missing key is a missing collection, anything else a reset."""
    return CollectionNotFound("a") if isinstance(error, KeyError) else Fault(Failure.RESET, 3.0)


def call(timeout: float = 5.0) -> BackendCall:
    return BackendCall(BackendMonitor(Backend.CACHE), "op", timeout, translate)


async def raising(error: BaseException) -> None:
    raise error


async def test_gives_what_was_read() -> None:
    """The driver's answer comes as it was read."""
    with call() as ask:
        assert await ask(asyncio.sleep(0, "12"), int) == 12


async def test_translates_the_drivers_error() -> None:
    """A failure of the backend is `BackendUnavailable`, without the driver's error behind it."""
    with pytest.raises(BackendUnavailable) as caught, call() as ask:
        await ask(raising(OSError("secret")), bool)
    assert (caught.value.failure, caught.value.retry_after, caught.value.operation) == (Failure.RESET, 3.0, "op")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_passes_on_an_error_of_the_domain() -> None:
    """An error that means something to the caller comes as that."""
    with pytest.raises(CollectionNotFound), call() as ask:
        await ask(raising(KeyError()), bool)


async def test_an_answer_without_sense_is_garbage() -> None:
    """What cannot be read is a failure of the backend."""
    with pytest.raises(BackendUnavailable) as caught, call() as ask:
        await ask(asyncio.sleep(0, "x"), int)
    assert caught.value.failure is Failure.GARBAGE


async def test_a_reader_may_find_a_conflict() -> None:
    """An answer that makes sense and cannot be served is the domain's conflict."""

    def read(answer: str) -> None:
        raise CollectionConflict(answer, [])

    with pytest.raises(CollectionConflict), call() as ask:
        await ask(asyncio.sleep(0, "a"), read)


async def test_bounds_the_whole_block() -> None:
    """Several calls together take no longer than the time of the operation."""

    async def work() -> None:
        with call(timeout=0.02) as ask:
            for _ in range(100):
                await ask(asyncio.sleep(0.005), bool)

    with pytest.raises(BackendUnavailable) as caught:
        await work()
    assert caught.value.failure is Failure.TIMEOUT


async def test_an_error_of_ours_stays_what_it_is() -> None:
    """What is raised between the driver's calls is no failure of the backend."""
    with pytest.raises(ValueError, match="ours"), call():
        raise ValueError("ours")


async def test_a_cancellation_passes_untouched() -> None:
    """A caller who is cancelled is cancelled."""

    async def work() -> None:
        with call() as ask:
            await ask(asyncio.sleep(60), bool)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_that_nobody_asked_for_is_a_closed_client() -> None:
    """A driver that cancels the call by itself has closed its channel."""
    with pytest.raises(BackendUnavailable) as caught, call() as ask:
        await ask(raising(asyncio.CancelledError()), bool)
    assert caught.value.failure is Failure.CLOSED
