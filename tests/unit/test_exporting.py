"""The points of a collection written to a file."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from uuid import UUID

import pytest

from adapters.memory import FaultyVectorStore, InMemoryCache, InMemoryVectorStore
from domain import exporting
from domain.collections import Collections
from domain.errors import BackendUnavailable, CollectionNotFound
from domain.exporting import PAGE, Export
from domain.filters import Filter, Match
from domain.invalidation import Invalidation
from domain.models import Collection, Distance, Point, Record, Vector
from domain.patience import Patience
from domain.points import Points
from tests.listed import ListedSink

POINTS = [Point(index, Vector.of([1.0, index]), {"even": index % 2 == 0}) for index in range(2 * PAGE + 7)]


def export_from(store: FaultyVectorStore) -> Export:
    invalidation = Invalidation(InMemoryCache())
    return Export(Points(store, invalidation), Collections(store, InMemoryCache(), invalidation))


@pytest.fixture
async def filled() -> FaultyVectorStore:
    """More than two pages of points."""
    store = FaultyVectorStore(InMemoryVectorStore())
    await store.create_collection(Collection(name="fruit", size=2, distance=Distance.DOT))
    await store.upsert("fruit", POINTS)
    return store


async def test_writes_every_point_once(filled: FaultyVectorStore) -> None:
    """Points come in the order of their ids, with vectors and payloads, and progress is told."""
    sink, told = ListedSink(), list[tuple[int, int]]()
    done = await export_from(filled).run(
        "fruit", sink, filter_=Filter(), report=lambda written, total: told.append((written, total))
    )
    assert done == len(POINTS)
    assert sink.records == [Record(one.id, one.payload, one.vector) for one in POINTS]
    assert sink.told == [("begin", 2, False), "finish", "discard"]
    assert told == [(500, 1007), (1000, 1007), (1007, 1007)]


async def test_narrows_by_a_filter_and_tells_of_uuids(filled: FaultyVectorStore) -> None:
    """Points that do not meet the filter are left out, and the sink knows of UUIDs beforehand."""
    await filled.upsert("fruit", [Point(UUID(int=9), Vector.of([1, 1]), {"even": True})])
    sink = ListedSink()
    await export_from(filled).run(
        "fruit", sink, filter_=Filter(must=(Match("even", value=True),)), report=lambda *_: None
    )
    assert len(sink.records) == PAGE + 5
    assert sink.records[-1].id == UUID(int=9)
    assert sink.told[0] == ("begin", 2, True)


async def test_an_empty_collection_is_a_file_too(filled: FaultyVectorStore) -> None:
    """Nothing to write is written."""
    await filled.create_collection(Collection(name="none", size=3, distance=Distance.DOT))
    sink = ListedSink()
    assert await export_from(filled).run("none", sink, filter_=Filter(), report=lambda *_: None) == 0
    assert sink.told == [("begin", 3, False), "finish", "discard"]


async def test_outlasts_an_outage(filled: FaultyVectorStore) -> None:
    """A store that is away for a while costs no point."""
    filled.script.works(calls=4).down(calls=4)
    sink = ListedSink()
    patience = Patience(sleep=lambda _: asyncio.sleep(0))
    assert await export_from(filled).run(
        "fruit", sink, filter_=Filter(), report=lambda *_: None, patience=patience
    ) == len(POINTS)


async def test_leaves_nothing_behind_where_it_fails(filled: FaultyVectorStore) -> None:
    """A store that stays away, or a disk that is full, ends the export without a file."""
    sink = ListedSink()
    filled.script.works(calls=4).down()
    with pytest.raises(BackendUnavailable):
        await export_from(filled).run(
            "fruit", sink, filter_=Filter(), report=lambda *_: None, patience=Patience(seconds=0)
        )
    filled.script.recover()
    full = ListedSink(OSError("full"))
    with pytest.raises(OSError, match="full"):
        await export_from(filled).run("fruit", full, filter_=Filter(), report=lambda *_: None)
    assert sink.told[1:] == full.told[1:] == ["discard"]


async def test_a_missing_collection_is_said_at_once(filled: FaultyVectorStore) -> None:
    """No file is begun for it."""
    sink = ListedSink()
    with pytest.raises(CollectionNotFound):
        await export_from(filled).run("gone", sink, filter_=Filter(), report=lambda *_: None)
    assert sink.told == []


async def test_an_interruption_waits_for_the_write(filled: FaultyVectorStore) -> None:
    """A file is not removed while a thread still writes to it."""
    begun, goes_on = threading.Event(), threading.Event()

    class Slow(ListedSink):
        def write(self, records: Sequence[Record]) -> None:
            begun.set()
            goes_on.wait(10)
            self.told.append("written")

    sink = Slow()
    running = asyncio.create_task(export_from(filled).run("fruit", sink, filter_=Filter(), report=lambda *_: None))
    await asyncio.to_thread(begun.wait, 10)
    running.cancel()
    await asyncio.sleep(0)
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sink.told[1:] == ["written", "discard"]


def test_pages_of_long_vectors_are_short() -> None:
    """A page of the longest vectors still has one point, and of short ones no more than a page."""
    assert exporting.page_of(65_536) == 7
    assert exporting.page_of(1) == PAGE
    assert exporting.page_of(10**9) == 1
