"""The metrics of real processes: several workers, one that is killed, a backend that fails, and the engine."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.e2e.service import service, workers_of
from tests.servers.process import ChildProcess
from tests.servers.qdrant_rest import qdrant_rest_process

THINGS = "/v1/collections/things"
ASK = httpx.Client(headers={"Connection": "close"}, timeout=10)
"""Over a new connection each time, which whichever worker is free takes."""

PATIENCE = 60.0
"""Seconds for several processes to start: on a busy machine one takes ten."""

REQUESTS, CALLS = "holdfast_http_requests_total", "holdfast_backend_calls_total"


@contextmanager
def serving(process: ChildProcess) -> Iterator[None]:
    """The service, started and at the end ended."""
    try:
        process.start(wait=False)
        process.wait_ready(PATIENCE)
        yield
    finally:
        process.close()


def scrape(url: str) -> Callable[..., float]:
    """Gives the sum of the samples of a name with such labels, 0 where there is none."""
    answer = ASK.get(f"{url}/metrics")
    samples = [sample for family in parse(answer.text) for sample in family.samples]

    def found(name: str, **labels: str) -> float:
        return sum(each.value for each in samples if each.name == name and labels.items() <= each.labels.items())

    return found


def until(url: str, holds: Callable[[Callable[..., float]], bool], seconds: float = PATIENCE) -> Callable[..., float]:
    """The first scrape of which it holds. Fails when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            found = scrape(url)
        except httpx.TransportError:
            found = lambda name, **_: -1.0  # noqa: E731 - a worker that is being killed took it
        if holds(found):
            return found
        assert time.monotonic() < deadline
        time.sleep(0.05)


def files(directory: Path, pattern: str) -> int:
    return len(list(directory.glob(pattern)))


def search(url: str, value: int = 1) -> int:
    return ASK.post(f"{url}{THINGS}/search", json={"vector": [value, 0]}).status_code


def make_things(url: str) -> None:
    assert ASK.put(f"{url}{THINGS}", json={"vector": {"size": 2, "distance": "dot"}}).status_code == 201


async def test_any_worker_tells_the_sum_and_a_killed_one_leaves_its_counts(tmp_path: Path) -> None:
    """Counts of both workers are summed, and kept when each is killed in turn; what was in flight there is no more."""
    qdrant_url, qdrant = qdrant_rest_process(directory=tmp_path)
    url, process = service(QDRANT__URL=qdrant_url, QDRANT__READ_TIMEOUT=9.5, HTTP__WORKERS=2)
    process.env = {**(process.env or {}), "TMPDIR": str(tmp_path)}
    with qdrant, serving(process):
        make_things(url)
        for value in range(20):
            assert search(url, value) == 200
        for _ in range(8):
            found = scrape(url)
            assert found(REQUESTS, route="/v1/collections/{collection}/search", status="200") == 20
            assert found("holdfast_http_in_flight") == 1
            assert found(CALLS, backend="vector_store", operation="search", outcome="ok") == 20
        before = workers_of(process)
        assert len(before) == 2
        qdrant.pause()
        async with httpx.AsyncClient(timeout=20) as client:
            hung = asyncio.create_task(client.post(f"{url}{THINGS}/search", json={"vector": [99, 0]}))
            await asyncio.to_thread(until, url, lambda found: found("holdfast_http_in_flight") == 2)
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            qdrant.resume()
            with pytest.raises(httpx.TransportError):
                await hung
        until(url, lambda found: len(workers_of(process)) == 2 and found("holdfast_http_in_flight") == 1)
        assert not before & workers_of(process)
        assert search(url, 50) == 200
        found = scrape(url)
        assert found(REQUESTS, route="/v1/collections/{collection}/search", status="200") == 21
        assert found("holdfast_breaker_state", backend="vector_store", circuit="read", state="closed") == 1
        assert files(tmp_path, "holdfast-metrics-*/*") == 2
        process.stop()
    assert files(tmp_path, "holdfast-metrics-*") == 0


def test_failures_of_a_backend_are_counted_by_their_names(tmp_path: Path) -> None:
    """A backend that hangs is a timeout, one that is gone refuses, and then the breaker does, and is told as open."""
    qdrant_url, qdrant = qdrant_rest_process(directory=tmp_path)
    url, process = service(
        QDRANT__URL=qdrant_url, QDRANT__READ_TIMEOUT=0.3, RESILIENCE__BREAKER_MIN_OPEN=10, RESILIENCE__RETRY_TOKENS=0
    )
    with qdrant, serving(process):
        make_things(url)
        qdrant.pause()
        assert search(url) == 503
        qdrant.resume()
        qdrant.kill()
        assert [search(url, value) for value in range(2, 8)] == [503] * 6
        found = scrape(url)
        calls = {
            outcome: found(CALLS, backend="vector_store", operation="search", outcome=outcome)
            for outcome in ("ok", "timeout", "refused", "refused_by_breaker")
        }
        assert calls["timeout"] == 1
        assert calls["refused"] + found(CALLS, operation="search", outcome="reset") == 4
        assert calls["refused_by_breaker"] == 2
        assert found("holdfast_breaker_state", backend="vector_store", circuit="read", state="open") == 1
        assert found("holdfast_breaker_state", backend="vector_store", circuit="read", state="closed") == 0
        assert found("process_resident_memory_bytes") > 0


def test_the_engine_is_told_of(tmp_path: Path) -> None:
    """Collections that are open and starts anew are counted, and several workers tell of one engine."""
    url, process = service(QDRANT__URL=f"file:{tmp_path / 'data'}", HTTP__WORKERS=2)
    with serving(process):
        make_things(url)
        found = scrape(url)
        assert found("holdfast_engine_up") == found("holdfast_engine_collections_open") == 1
        assert found("holdfast_engine_restarts_total") == found("holdfast_engine_index_builds") == 0
        engine = int(json.loads((tmp_path / "data" / "engine.json").read_text())["pid"])
        os.kill(engine, signal.SIGKILL)
        found = until(url, lambda found: found("holdfast_engine_restarts_total") == 1)
        assert found("holdfast_engine_up") == 1
