"""The fakes of an outage do as their script says, call by call."""

from __future__ import annotations

import asyncio
import doctest
import inspect
import re
import runpy
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from adapters.memory import FaultyCache, FaultyVectorStore, InMemoryCache, InMemoryVectorStore, Script, faulty, script
from domain.errors import BackendUnavailable, CollectionNotFound, Failure
from domain.filters import Filter
from domain.models import Point
from domain.ports import VectorStore
from tests.contract.things import make, query, vector
from tests.integration.operations import CACHE_CALLS, STORE_CALLS

ROOT = Path(__file__).resolve().parents[2]
GUIDE = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/testing.md").read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
async def store() -> FaultyVectorStore:
    """The collection `things` with one point, and no call counted."""
    store = FaultyVectorStore(InMemoryVectorStore())
    await make(store, Point(1, vector(1, 2)))
    store.calls.clear()
    return store


async def outcome(store: VectorStore) -> Failure | None:
    """How counting the points fails, if it does."""
    try:
        assert await store.count("things", Filter()) == 1
    except BackendUnavailable as error:
        return error.failure
    return None


async def outcomes(store: VectorStore, calls: int) -> list[Failure | None]:
    return [await outcome(store) for _ in range(calls)]


@pytest.mark.parametrize("name", STORE_CALLS)
async def test_every_operation_of_a_store_can_fail(name: str) -> None:
    """A call that fails names its operation, and is counted under it."""
    store = FaultyVectorStore(InMemoryVectorStore(), Script().down(retry_after=7))
    with pytest.raises(BackendUnavailable) as caught:
        await STORE_CALLS[name](store)
    assert caught.value.args == ("vector_store", name, Failure.REFUSED, 7)
    assert store.calls == [name]


@pytest.mark.parametrize("name", CACHE_CALLS)
async def test_every_operation_of_a_cache_can_fail(name: str) -> None:
    """A call that fails names its operation, and is counted under it."""
    cache = FaultyCache(InMemoryCache(), Script().garbage())
    with pytest.raises(BackendUnavailable) as caught:
        await CACHE_CALLS[name](cache)
    assert caught.value.args == ("cache", name, Failure.GARBAGE, None)
    assert cache.calls == [name]


async def test_fails_until_it_recovers(store: FaultyVectorStore) -> None:
    """A step without a number of calls lasts, and after the recovery all is there as before."""
    store.script.down()
    assert await outcomes(store, 3) == [Failure.REFUSED] * 3
    store.script.recover()
    assert await outcome(store) is None
    assert store.calls.count("count") == 4


async def test_tells_of_its_last_failure(store: FaultyVectorStore) -> None:
    """After a recovery a ping says how and when the backend failed, as one of a real backend does."""
    store.script.garbage(calls=1)
    await outcome(store)
    last = (await store.ping()).last_failure
    assert last is not None
    assert (last.operation, last.failure) == ("count", Failure.GARBAGE)


async def test_goes_through_its_steps(store: FaultyVectorStore) -> None:
    """Steps for a number of calls follow each other, and after the last one calls work."""
    store.script.works(calls=2).down(calls=2).fail(Failure.OVERLOADED, calls=1)
    expected = [None, None, Failure.REFUSED, Failure.REFUSED, Failure.OVERLOADED, None]
    assert await outcomes(store, 6) == expected


async def test_a_new_step_ends_one_without_a_number(store: FaultyVectorStore) -> None:
    """A step that lasts is replaced by the next one told, and one with calls left is not."""
    store.script.down()
    await outcome(store)
    store.script.garbage(calls=1).down().lost()
    assert await outcomes(store, 2) == [Failure.GARBAGE, Failure.RESET]


@pytest.mark.parametrize("only", ["search", ["search", "upsert"]])
async def test_spares_other_operations(store: FaultyVectorStore, only: str | list[str]) -> None:
    """A step for some operations lets others work, and does not count them."""
    store.script.down(only=only, calls=1)
    assert await outcomes(store, 2) == [None, None]
    with pytest.raises(BackendUnavailable):
        await store.search("things", query(1, 2))
    assert len(await store.search("things", query(1, 2))) == 1


async def test_flaky_calls_fail_alike_for_one_seed(store: FaultyVectorStore) -> None:
    """About the share of calls fails, the same ones each time, and others for another seed."""
    runs = []
    for seed in (1, 1, 2):
        store.script.recover().flaky(0.25, seed=seed)
        runs.append(await outcomes(store, 200))
    assert runs[0] == runs[1] != runs[2]
    assert 30 <= runs[0].count(Failure.RESET) <= 70


@pytest.mark.parametrize(("share", "expected"), [(0, None), (1, Failure.REFUSED)])
async def test_a_share_may_be_none_or_all(store: FaultyVectorStore, share: float, expected: Failure | None) -> None:
    """With a share of 0 no call fails, and with 1 each does."""
    store.script.flaky(share, failure=Failure.REFUSED)
    assert await outcomes(store, 20) == [expected] * 20


async def test_a_write_may_be_done_and_its_answer_lost(store: FaultyVectorStore) -> None:
    """Of a lost call the work is done, and of another failed one it is not."""
    store.script.lost(calls=1).down(calls=1)
    for point in (2, 3):
        with pytest.raises(BackendUnavailable):
            await store.upsert("things", [Point(point, vector(1, 2))])
    assert [record.id for record in await store.retrieve("things", [1, 2, 3])] == [1, 2]


async def test_an_error_may_be_lost_too(store: FaultyVectorStore) -> None:
    """The backend's objection is an answer: it is lost where answers are, and comes where they come."""
    store.script.lost(calls=1)
    with pytest.raises(BackendUnavailable):
        await store.count("none", Filter())
    with pytest.raises(CollectionNotFound):
        await store.count("none", Filter())


async def test_is_slow_by_the_clock_it_is_given() -> None:
    """A slow call works after its delay, and one that runs into a time limit fails after it."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    store = FaultyVectorStore(InMemoryVectorStore(), Script(sleep=sleep))
    await make(store, Point(1, vector(1, 2)))
    store.script.slow(2.5, calls=1).fail(Failure.TIMEOUT, delay=5, calls=1)
    assert await outcomes(store, 3) == [None, Failure.TIMEOUT, None]
    assert slept == [2.5, 5]


async def test_hangs_until_it_recovers(store: FaultyVectorStore) -> None:
    """Calls that hang wait, go on when the backend recovers, and do not end each other's wait."""
    store.script.hang()
    tasks = [asyncio.create_task(outcome(store)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.wait(tasks[:1])
    assert [task.done() for task in tasks] == [True, False, False]
    store.script.recover()
    assert await asyncio.gather(*tasks[1:]) == [None, None]
    assert tasks[0].cancelled()


async def test_the_work_of_a_hanging_call_may_be_done(store: FaultyVectorStore) -> None:
    """A caller who gives up waiting for the answer finds that his write was done, and no call hangs after it."""
    store.script.hang(done=True, calls=1)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(store.upsert("things", [Point(2, vector(1, 2))]), 0.001)
    assert await store.count("things", Filter()) == 2


async def test_one_who_hangs_late_recovers(store: FaultyVectorStore) -> None:
    """A recovery between a call's work and its wait lets it go on too."""
    store.script.hang()
    step = store.script.take("count")
    store.script.recover()
    await asyncio.wait_for(store.script.wait(step), 5)


def test_can_be_told_from_another_thread() -> None:
    """Calls that hang in a loop of another thread go on when the script recovers in this one."""
    cache = FaultyCache(InMemoryCache(), Script().hang())
    thread = threading.Thread(target=lambda: asyncio.run(cache.invalidate("things")))
    thread.start()
    while thread.is_alive():
        cache.script.recover()
        thread.join(0.001)
    assert cache.calls == ["invalidate"]


async def test_two_fakes_may_follow_one_script(store: FaultyVectorStore) -> None:
    """One outage can take the store and the cache away together."""
    cache = FaultyCache(InMemoryCache(), store.script)
    store.script.down()
    for call in (cache.ping, store.ping):
        with pytest.raises(BackendUnavailable):
            await call()
    assert (cache.calls, store.calls) == (["ping"], ["ping"])


async def test_closing_always_works(store: FaultyVectorStore) -> None:
    """The adapter inside is closed even while it is down."""
    store.script.down()
    await store.aclose()
    assert await outcome(store) is Failure.REFUSED
    store.script.recover()
    assert await outcome(store) is Failure.CLOSED


@pytest.mark.parametrize(
    "tell",
    [
        lambda script: script.down(only="serach"),
        lambda script: script.down(only=["search", "aclose"]),
        lambda script: script.down(calls=0),
        lambda script: script.flaky(1.5),
        lambda script: script.slow(-1),
    ],
    ids=["misspelt", "closing", "no_calls", "share", "delay"],
)
def test_refuses_a_step_without_sense(tell: Callable[[Script], object]) -> None:
    """What no call could ever meet is an error of the test that says it."""
    with pytest.raises(ValueError, match=r"operation|step|share"):
        tell(Script())


@pytest.mark.parametrize("module", [faulty, script], ids=lambda module: module.__name__)
def test_the_examples_work(module: ModuleType) -> None:
    """What the docstrings show is so."""
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize("snippet", GUIDE, ids=lambda snippet: snippet.partition("def ")[2].partition("(")[0])
def test_the_guide_works(snippet: str, tmp_path: Path) -> None:
    """Each example of docs/testing.md is a test that passes."""
    path = tmp_path / "snippet.py"
    path.write_text(snippet)
    examples = [value for name, value in runpy.run_path(str(path)).items() if name.startswith("test_")]
    assert examples
    for example in examples:
        made = example()
        if inspect.iscoroutine(made):
            asyncio.run(made)
