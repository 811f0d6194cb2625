"""The embedded engine's process: how it dies, hangs, restarts and keeps its collections quick."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from adapters.edge import DirectoryInUse, EdgeVectorStore, EngineSupervisor
from domain.errors import BackendUnavailable, CollectionNotFound, Failure, InvalidInput
from domain.filters import Filter, Match, Range
from domain.models import Collection, Distance, IndexType, Point, Vector
from domain.queries import SearchQuery, Selection

SIZE = 4096
"""Large vectors, so that few points are enough for a graph."""

GRAPH = 10_000 * 1024 // (4 * SIZE) + 60
"""A few more points than need one."""

RANDOM = np.random.default_rng(7)

THINGS = Collection(name="things", size=SIZE, distance=Distance.COSINE)


def point(number: int) -> Point:
    """A point in a direction of its own."""
    return Point(
        number, Vector(RANDOM.standard_normal(SIZE, np.float32).tobytes()), {"n": number, "even": number % 2 == 0}
    )


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[EdgeVectorStore]:
    """A store with an engine of its own, and the collection `things`."""
    store = EdgeVectorStore(tmp_path / "data", EngineSupervisor(tmp_path / "data"), read_timeout=2.0)
    await store.create_collection(THINGS)
    yield store
    await store.aclose()


def engine(tmp_path: Path) -> int:
    """The id of the engine's process."""
    return int(json.loads((tmp_path / "data" / "engine.json").read_bytes())["pid"])


async def until(so: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(seconds):
        while not await so():  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)


def copied(tmp_path: Path) -> Callable[[], Awaitable[bool]]:
    """Whether a graph is being built on a copy."""

    async def so() -> bool:
        return any((tmp_path / "data" / "making").iterdir())

    return so


async def answers(store: EdgeVectorStore) -> bool:
    """Whether the engine is there."""
    try:
        await store.ping()
    except BackendUnavailable:
        return False
    return True


async def test_what_was_acknowledged_survives_the_engine(store: EdgeVectorStore, tmp_path: Path) -> None:
    """Killed in the middle of writes, the engine starts again by itself, and has all that it acknowledged."""
    written: list[int] = []

    async def write(number: int) -> None:
        await store.upsert("things", [point(number)])
        written.append(number)

    tasks = [asyncio.create_task(write(number)) for number in range(200)]
    await until(lambda: asyncio.sleep(0, len(written) > 50))
    os.kill(engine(tmp_path), signal.SIGKILL)
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    failures = {end.failure for end in ends if isinstance(end, BackendUnavailable)}
    assert failures <= {Failure.RESET, Failure.REFUSED}
    assert all(end is None or isinstance(end, BackendUnavailable) for end in ends)
    await until(lambda: answers(store))
    found = {record.id for record in await store.retrieve("things", written)}
    assert found == set(written)
    await store.upsert("things", [point(1000)])
    assert await store.count("things", Filter()) >= len(written) + 1


async def test_a_call_waits_for_an_engine_that_is_being_started(tmp_path: Path) -> None:
    """The first call after the start does not fail because the engine is not up yet."""
    store = EdgeVectorStore(tmp_path / "data", EngineSupervisor(tmp_path / "data"))
    try:
        assert await store.list_collections() == ()
    finally:
        await store.aclose()


async def test_without_an_engine_a_call_is_refused(tmp_path: Path) -> None:
    """Where no engine serves the directory, callers learn it after a short wait."""
    store = EdgeVectorStore(tmp_path, read_timeout=5.0)
    with pytest.raises(BackendUnavailable) as caught:
        await store.list_collections()
    assert caught.value.failure is Failure.REFUSED
    await store.aclose()


async def test_a_hung_engine_is_a_timeout(store: EdgeVectorStore, tmp_path: Path) -> None:
    """An engine that does not answer costs its time limit, and serves on when it goes on."""
    pid = engine(tmp_path)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(BackendUnavailable) as caught:
            await store.count("things", Filter())
    finally:
        os.kill(pid, signal.SIGCONT)
    assert caught.value.failure is Failure.TIMEOUT
    assert await store.count("things", Filter()) == 0


async def test_a_second_owner_is_told_who_has_the_directory(store: EdgeVectorStore, tmp_path: Path) -> None:
    """One process at a time has a directory, and the refusal names it."""
    with pytest.raises(DirectoryInUse, match=f"process {os.getpid()}"):
        EngineSupervisor(tmp_path / "data")


async def test_signals_to_the_group_leave_the_engine_to_its_owner(store: EdgeVectorStore, tmp_path: Path) -> None:
    """Ctrl-C, or a service manager that signals all processes, does not end the engine before its server."""
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(engine(tmp_path), number)
    await store.upsert("things", [point(1)])
    assert await store.count("things", Filter()) == 1


async def test_starts_again_with_what_it_had(tmp_path: Path) -> None:
    """Collections, points, indexes and options are there after an end in order."""
    made = Collection(name="made", size=2, distance=Distance.EUCLID, indexes={"n": IndexType.INTEGER})
    for attempt in range(2):
        store = EdgeVectorStore(tmp_path, EngineSupervisor(tmp_path, synced=attempt == 0))
        assert await store.create_collection(made) is (attempt == 0)
        if attempt == 0:
            await store.upsert("made", [Point(1, Vector.of([1, 2]), {"n": 3})])
        assert (await store.describe_collection("made")).collection == made
        assert [record.payload for record in await store.retrieve("made", [1])] == [{"n": 3}]
        await store.aclose()


async def test_a_damaged_collection_fails_alone(store: EdgeVectorStore, tmp_path: Path) -> None:
    """A collection whose files say nothing is a failure of its own; the others serve."""
    await store.create_collection(Collection(name="broken", size=2, distance=Distance.DOT))
    folder = tmp_path / "data" / "collections" / "broken"
    (folder / "collection.json").write_text("{")
    with pytest.raises(BackendUnavailable) as caught:
        await store.count("broken", Filter())
    assert caught.value.failure is Failure.FAULT
    assert await store.count("things", Filter()) == 0
    await store.delete_collection("broken")
    with pytest.raises(CollectionNotFound):
        await store.count("broken", Filter())


async def test_a_refused_batch_leaves_nothing(store: EdgeVectorStore) -> None:
    """One vector that does not fit refuses the whole batch, far down it too, before anything is written."""
    batch = [point(number) for number in range(600)]
    for bad in (Vector.of([1.0]), Vector.of([0.0] * SIZE)):
        with pytest.raises(InvalidInput, match=r"points\[599\].vector"):
            await store.upsert("things", [*batch[:599], Point(599, bad)])
    assert await store.count("things", Filter()) == 0


async def test_builds_the_graph_beside_the_collection(store: EdgeVectorStore, tmp_path: Path) -> None:
    """While a graph is built, searches and writes go on; what was written meanwhile is in it, and nothing is lost."""
    points = [point(number) for number in range(GRAPH)]
    for start in range(0, GRAPH, 500):
        await store.upsert("things", points[start : start + 500])

    async def building() -> bool:
        return (await store.describe_collection("things")).building

    assert await building()
    await until(copied(tmp_path))
    await store.upsert("things", [point(GRAPH)])
    await store.delete("things", Selection(ids=(0,)))
    await store.set_payload("things", {"new": True}, Selection(ids=(1,)))
    await store.create_index("things", "n", IndexType.INTEGER)
    while await building():
        (hit, *_) = await store.search("things", SearchQuery(vector=points[5].vector, limit=1))
        assert hit.id == 5
    assert await store.count("things", Filter()) == GRAPH
    assert [record.payload.get("new") for record in await store.retrieve("things", [0, 1, GRAPH])] == [True, None]
    assert (await store.describe_collection("things")).collection.indexes == {"n": IndexType.INTEGER}


async def test_an_index_that_comes_late_is_right(store: EdgeVectorStore) -> None:
    """With an index that was made after points and graph, a filtered search finds what an exact one finds."""
    points = [point(number) for number in range(GRAPH)]
    for start in range(0, GRAPH, 500):
        await store.upsert("things", points[start : start + 500])
    described = store.describe_collection

    async def graph_there() -> bool:
        info = await described("things")
        return not info.building and (info.indexed_vectors or 0) > 0

    await until(graph_there)
    await store.create_index("things", "n", IndexType.INTEGER)
    for filter_ in (Filter(must=(Range(key="n", lt=GRAPH // 10),)), Filter(must=(Match(key="even", value=True),))):
        for number in range(10):
            asked = {"vector": points[number].vector, "filter": filter_, "limit": 10}
            exact = await store.search("things", SearchQuery(**asked, exact=True))  # type: ignore[arg-type]
            found = await store.search("things", SearchQuery(**asked))  # type: ignore[arg-type]
            assert len({hit.id for hit in found} & {hit.id for hit in exact}) >= 9
            # Compared as int8, and ranked by the vectors themselves.
            scores = {hit.id: hit.score for hit in exact}
            assert all(hit.score == pytest.approx(scores.get(hit.id, hit.score), abs=1e-5) for hit in found)


async def test_a_collection_can_go_while_its_graph_is_built(store: EdgeVectorStore, tmp_path: Path) -> None:
    """Deleting in the middle of the building leaves nothing behind, and the name can be used again."""
    for start in range(0, GRAPH, 500):
        await store.upsert("things", [point(number) for number in range(start, min(start + 500, GRAPH))])

    await until(copied(tmp_path))
    await store.delete_collection("things")
    assert await store.list_collections() == ()
    assert await store.create_collection(THINGS)
    assert await store.count("things", Filter()) == 0
