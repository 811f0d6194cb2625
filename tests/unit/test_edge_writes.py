"""Writes of the embedded engine: their turns, their steps, and when they are acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from adapters.edge.writes import Write, Writes

PANIC = BaseException("panic")


class Course:
    """What happened, in order; makes writes that note their steps and their end."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def write(self, name: str, steps: int, fails: BaseException | None = None) -> Write:
        """A write of so many steps."""

        def begin() -> Iterator[None]:
            for step in range(steps):
                self.events.append(f"{name}{step}")
                yield
            if fails is not None:
                raise fails

        return Write(begin, lambda error: self.events.append((name, error)))

    def once(self, name: str) -> Write:
        """A write that is done as it begins."""
        return Write(lambda: self.events.append(name), lambda error: self.events.append((name, error)))


async def settled(done: Callable[[], bool]) -> None:
    """Let the loop turn until it is so."""
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110 - the turns of the loop are what is waited for
            await asyncio.sleep(0)


async def test_collections_take_turns_and_one_keeps_its_order() -> None:
    """A long write of one collection lets those of another go between its steps, and none of its own."""
    course, writes = Course(), Writes(None)
    writes.put("a", course.write("a", 2))
    writes.put("a", course.write("b", 1))
    writes.put("c", course.write("c", 2))
    await settled(lambda: len(course.events) == 8)
    assert [event for event in course.events if event in ("a0", "a1", "b0") or event in {("a", None), ("b", None)}] == [
        "a0",
        "a1",
        ("a", None),
        "b0",
        ("b", None),
    ]
    assert course.events.index("c0") < course.events.index("a1")


async def test_the_loop_turns_between_steps() -> None:
    """A search that comes while a write is under way waits for one step."""
    course, writes = Course(), Writes(None)
    writes.put("a", course.write("a", 3))
    await settled(lambda: "a0" in course.events)
    assert "a2" not in course.events


async def test_a_failure_is_told_and_ends_that_write_alone() -> None:
    """Whatever a write raises, a panic of the engine included, the next ones are done."""
    course, writes = Course(), Writes(None)
    writes.put("a", course.write("a", 1, fails=PANIC))
    writes.put("a", course.once("b"))
    await settled(lambda: len(course.events) == 4)
    assert course.events == ["a0", ("a", PANIC), "b", ("b", None)]


async def test_is_acknowledged_once_synced() -> None:
    """With a sync, all that is done is synced once and then acknowledged."""
    course = Course()
    writes = Writes(lambda: course.events.append("sync"))
    for name in "abc":
        writes.put(name, course.once(name))
    await settled(lambda: len(course.events) == 7)
    assert course.events == ["a", "b", "c", "sync", ("a", None), ("b", None), ("c", None)]


async def test_what_was_not_synced_is_not_acknowledged() -> None:
    """A sync that fails is the failure of every write that waited for it."""
    failure = OSError("disk")

    def sync() -> None:
        raise failure

    course, writes = Course(), Writes(sync)
    writes.put("a", course.once("a"))
    await settled(lambda: len(course.events) == 2)
    assert course.events == ["a", ("a", failure)]


async def test_a_failed_write_waits_for_no_sync() -> None:
    """A refusal is told at once."""
    course, refusal = Course(), ValueError()
    writes = Writes(lambda: course.events.append("sync"))
    writes.put("a", course.write("a", 0, fails=refusal))
    await settled(lambda: bool(course.events))
    assert course.events == [("a", refusal)]


async def test_holds_a_collection_between_its_writes() -> None:
    """Who holds a collection gets it with no write half done; others go on, and its own afterwards."""
    course, writes = Course(), Writes(None)
    writes.put("a", course.write("a", 3))
    await settled(lambda: "a0" in course.events)
    async with writes.held("a"):
        assert course.events[-1] == ("a", None)
        writes.put("a", course.once("b"))
        writes.put("c", course.once("c"))
        await settled(lambda: ("c", None) in course.events)
        assert "b" not in course.events
    await settled(lambda: ("b", None) in course.events)


async def test_finishes_what_waits() -> None:
    """At the end all that waits is done, synced and acknowledged, without a turn of the loop."""
    course = Course()
    writes = Writes(lambda: course.events.append("sync"))
    writes.put("a", course.write("a", 2))
    writes.put("b", course.once("b"))
    writes.finish()
    assert course.events[-3:] == ["sync", ("b", None), ("a", None)]
