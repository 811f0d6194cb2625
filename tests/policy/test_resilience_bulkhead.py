"""A bulkhead lets so many calls in, in the order in which they came, and loses no place."""

from __future__ import annotations

import asyncio
import pickle

import pytest

from adapters.resilience.bulkhead import Bulkhead
from domain.errors import Backend, Overloaded

LONG = 60.0


class Guests:
    """Callers of a bulkhead, who stay until they are let go."""

    def __init__(self, limit: int, wait: float = LONG) -> None:
        self.bulkhead = Bulkhead(Backend.VECTOR_STORE, limit, wait)
        self.inside: list[int] = []
        self.leave: dict[int, asyncio.Event] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}

    async def come(self, *names: int, left: float = LONG) -> None:
        """So many more callers, of which each has come as far as it gets."""
        for name in names:
            self.leave[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._stay(name, left))
            await asyncio.sleep(0)

    async def go(self, name: int) -> None:
        """One ends its call."""
        self.leave[name].set()
        await self.tasks[name]
        await settle()

    async def _stay(self, name: int, left: float) -> None:
        async with self.bulkhead.place("search", left):
            self.inside.append(name)
            try:
                await self.leave[name].wait()
            finally:
                self.inside.remove(name)

    async def end(self) -> None:
        """All leave."""
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_lets_so_many_in() -> None:
    """The next one waits until one leaves, and the first to come is the first to get in."""
    guests = Guests(2)
    await guests.come(1, 2, 3, 4)
    assert guests.inside == [1, 2]
    await guests.go(1)
    assert guests.inside == [2, 3]
    await guests.come(5)
    await guests.go(2)
    await guests.go(3)
    assert guests.inside == [4, 5]
    await guests.end()


@pytest.mark.parametrize(("wait", "left"), [(0.002, LONG), (LONG, 0.002)])
async def test_turns_away_who_waited_in_vain(wait: float, left: float) -> None:
    """Who gets no place in time is told that there is too much load, and takes no place later."""
    guests = Guests(1, wait)
    await guests.come(1)
    await guests.come(2, left=left)
    with pytest.raises(Overloaded) as caught:
        await guests.tasks[2]
    assert (caught.value.backend, caught.value.operation) == (Backend.VECTOR_STORE, "search")
    await guests.go(1)
    await guests.come(3)
    assert guests.inside == [3]
    await guests.end()


async def test_who_is_cancelled_leaves_the_place_to_the_next() -> None:
    """Inside or waiting, a caller who goes is no longer counted."""
    guests = Guests(1)
    await guests.come(1, 2, 3)
    guests.tasks[2].cancel()
    guests.tasks[1].cancel()
    await settle()
    assert guests.inside == [3]
    await guests.end()


async def test_a_place_given_to_who_is_cancelled_at_that_moment_is_not_lost() -> None:
    """It goes to the next who waits, and then to whoever comes."""
    guests = Guests(1)
    async with guests.bulkhead.place("search", LONG):
        await guests.come(1, 2)
    guests.tasks[1].cancel()
    await settle()
    assert guests.inside == [2]
    await guests.go(2)
    await guests.come(3)
    assert guests.inside == [3]
    await guests.end()


async def test_an_error_inside_comes_out_and_frees_the_place() -> None:
    """Also a timeout of the caller's own is not taken for that of the wait."""
    bulkhead = Bulkhead(Backend.CACHE, 1, LONG)
    for error in (KeyError(), TimeoutError()):
        with pytest.raises(type(error)) as caught:
            async with bulkhead.place("search", LONG):
                raise error
        assert caught.value is error


async def test_without_time_a_free_place_is_had_all_the_same() -> None:
    """Nobody is turned away while there is a place."""
    async with Bulkhead(Backend.CACHE, 1, LONG).place("search", 0.0):
        await asyncio.sleep(0)


def test_overload_says_what_was_not_begun() -> None:
    """In one sentence, also after a journey to another process."""
    copied = pickle.loads(pickle.dumps(Overloaded(Backend.VECTOR_STORE, "upsert")))  # noqa: S301
    assert str(copied) == "vector_store overloaded: upsert was not begun"
