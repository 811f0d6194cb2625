"""What is counted, and how it is told."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from adapters.backends import QdrantSettings
from adapters.policies import ResilienceSettings
from adapters.prometheus import PrometheusMetrics
from adapters.prometheus.definitions import IN_FLIGHT, POINTS_WRITTEN
from adapters.prometheus.slots import Slots
from adapters.resilience import ResilientCache, ResilientVectorStore
from adapters.settings import HttpSettings, Settings, load_settings
from domain.errors import Backend, BackendUnavailable, Failure, HoldfastError, Overloaded
from entrypoints.cli.sharing import shared_metrics
from tests.fakes import FailingCache, FailingVectorStore, serve_in_process

THINGS = "/v1/collections/things"
SEARCH = "/v1/collections/{collection}/search"
REQUESTS, OUTCOMES = "holdfast_http_requests_total", "holdfast_cache_outcomes_total"

Samples = dict[tuple[str, tuple[str, ...]], float]


def read(text: str) -> Samples:
    """Every sample by its name and the values of its labels, which stand in the order of the labels' names."""
    samples = (sample for family in parse(text) for sample in family.samples)
    return {(each.name, tuple(each.labels[name] for name in sorted(each.labels))): each.value for each in samples}


def rendered(metrics: PrometheusMetrics) -> Samples:
    return read(metrics.render("", {})[1].decode())


def files(directory: Path) -> int:
    return len(list(directory.iterdir()))


@pytest.fixture
async def client(store: FailingVectorStore, cache: FailingCache) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with the collection `things` and one point."""
    async with serve_in_process(store, cache) as client:
        await client.put(THINGS, json={"vector": {"size": 2, "distance": "dot"}})
        await client.put(f"{THINGS}/points", json={"points": [{"id": 1, "vector": [1, 0]}]})
        yield client


async def scrape(client: httpx.AsyncClient) -> Samples:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    return read(answer.text)


async def test_counts_requests_by_template_and_nothing_that_clients_choose(client: httpx.AsyncClient) -> None:
    """Paths and methods that clients think of make no series of their own, and no path, name or id is told."""
    for _ in range(2):
        await client.post(f"{THINGS}/search", json={"vector": [1, 0]})
    await client.post(f"{THINGS}/search", json={"vector": "no"})
    await client.get(f"{THINGS}/search")
    await client.get(f"{THINGS}/points/7")
    await client.get("/secret-path")
    await client.request("BREW", "/secret-path")
    text = (await client.get("/metrics")).text
    found = read(text)
    assert found[REQUESTS, ("POST", SEARCH, "200")] == 2
    assert found[REQUESTS, ("POST", SEARCH, "422")] == 1
    assert found[REQUESTS, ("GET", SEARCH, "405")] == 1
    assert found[REQUESTS, ("GET", "/v1/collections/{collection}/points/{id}", "404")] == 1
    assert found[REQUESTS, ("GET", "unmatched", "404")] == found[REQUESTS, ("other", "unmatched", "404")] == 1
    assert found["holdfast_http_request_seconds_count", (SEARCH,)] == 4
    assert found["holdfast_http_in_flight", ()] == 1
    assert found["holdfast_points_written_total", ()] == 1
    assert "things" not in text
    assert "secret" not in text


async def test_counts_what_the_cache_did(client: httpx.AsyncClient, store: FailingVectorStore) -> None:
    """Each search counts once under what the cache had to do with it, those of a batch too; errors under nothing."""
    body = {"vector": [1, 0]}
    for control in ("", "", "no-store"):
        await client.post(f"{THINGS}/search", json=body, headers={"Cache-Control": control})
    await client.post(f"{THINGS}/search/batch", json={"searches": [body, {"vector": [2, 0]}]})
    await client.put(f"{THINGS}/points", json={"points": [{"id": 2, "vector": [5, 0]}]})
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "search", Failure.REFUSED)
    await client.post(f"{THINGS}/search", json=body)
    await client.post(f"{THINGS}/search", json={"vector": [3, 0]})
    found = await scrape(client)
    counted = {outcome: found[OUTCOMES, (outcome,)] for outcome in ("hit", "stored", "miss", "bypass", "stale")}
    assert counted == {"hit": 2, "stored": 2, "miss": 0, "bypass": 1, "stale": 1}


async def test_speaks_openmetrics_to_who_asks_for_it(client: httpx.AsyncClient) -> None:
    """The `Accept` header chooses the format, and both are whole."""
    plain = await client.get("/metrics")
    assert plain.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    accept = "application/openmetrics-text; version=1.0.0"
    open_ = await client.get("/metrics", headers={"Accept": accept})
    assert open_.headers["Content-Type"].startswith(accept)
    parse_open: Any = openmetrics.text_string_to_metric_families
    assert {family.name for family in parse_open(open_.text)} == {
        family.name.removesuffix("_total") for family in parse(plain.text)
    }


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (BackendUnavailable(Backend.CACHE, "recall", Failure.REFUSED), "refused"),
        (BackendUnavailable(Backend.CACHE, "recall", Failure.TIMEOUT), "timeout"),
        (BackendUnavailable(Backend.CACHE, "recall", Failure.OPEN), "refused_by_breaker"),
        (Overloaded(Backend.CACHE, "recall"), "overloaded"),
        (HoldfastError(), "ok"),
    ],
)
async def test_counts_calls_by_how_they_ended(error: HoldfastError, outcome: str) -> None:
    """A failure counts by its name, and an error of the domain as an answer."""
    metrics, cache = PrometheusMetrics(), FailingCache()
    guarded = ResilientCache(cache, ResilienceSettings(), metrics=metrics)
    cache.error = error
    with pytest.raises(type(error)):
        await guarded.recall("a", "b")
    found = rendered(metrics)
    assert found["holdfast_backend_calls_total", ("cache", "recall", outcome)] == 1
    assert found["holdfast_backend_seconds_count", ("cache", "recall")] == 1


async def test_tells_the_state_of_breakers() -> None:
    """A breaker that opens is told as open and not as closed, and the calls that it refuses are counted as such."""
    metrics, store = PrometheusMetrics(), FailingVectorStore()
    settings = ResilienceSettings(breaker_failures_in_row=1, retry_tokens=0)
    guarded = ResilientVectorStore(store, settings, metrics=metrics)
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "count", Failure.RESET)
    for _ in range(2):
        with pytest.raises(BackendUnavailable):
            await guarded.list_collections()
    found = rendered(metrics)
    states = {key[1][1:]: value for key, value in found.items() if key[0] == "holdfast_breaker_state"}
    assert {key for key, value in states.items() if value} == {("read", "open"), ("write", "closed")}
    assert len(states) == 6
    calls = {key[1][1:]: value for key, value in found.items() if key[0] == "holdfast_backend_calls_total"}
    assert calls == {("list_collections", "reset"): 1, ("list_collections", "refused_by_breaker"): 1}


async def test_workers_are_summed_and_the_dead_keep_their_counts_alone(tmp_path: Path) -> None:
    """Any worker tells the sum; of one that ended its counters count on, its gauges do not, and another goes on."""
    one, other = PrometheusMetrics(tmp_path), PrometheusMetrics(tmp_path)
    for metrics in (one, other):
        metrics.request_began()
        metrics.points_written(2)
        metrics.called("cache", "recall", "ok", 0.003)
    for metrics in (one, other):
        found = rendered(metrics)
        assert found["holdfast_points_written_total", ()] == 4
        assert found["holdfast_http_in_flight", ()] == 2
        assert found["holdfast_backend_seconds_bucket", ("cache", "0.005", "recall")] == 2
        assert found["holdfast_backend_seconds_bucket", ("cache", "0.002", "recall")] == 0
    await other.aclose()
    other.points_written(100)
    found = rendered(one)
    assert (found["holdfast_points_written_total", ()], found["holdfast_http_in_flight", ()]) == (4, 1)
    heir = PrometheusMetrics(tmp_path)
    heir.points_written(1)
    found = rendered(one)
    assert (found["holdfast_points_written_total", ()], found["holdfast_http_in_flight", ()]) == (5, 1)
    assert files(tmp_path) == 2
    for metrics in (one, heir):
        await metrics.aclose()


def test_a_name_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    """A worker that is killed while it writes a name spoils nothing of what stands before and after."""
    first = Slots(tmp_path)
    first.values[first.find(POINTS_WRITTEN)] = 3.0
    (path,) = tmp_path.iterdir()
    with path.open("ab") as file:
        file.write(b'\n["holdfast_http')
    first.find(IN_FLIGHT)
    first.close()
    heir = Slots(tmp_path)
    assert {each.definition: each.numbers for each in heir.read()} == {POINTS_WRITTEN: (3.0,), IN_FLIGHT: (0.0,)}
    heir.close()


def test_counts_alone_where_the_directory_is_gone(tmp_path: Path) -> None:
    """A worker starts and counts all the same."""
    metrics = PrometheusMetrics(tmp_path / "gone")
    metrics.points_written(1)
    assert rendered(metrics)["holdfast_points_written_total", ()] == 1


def test_workers_share_a_directory_that_ends_with_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is made for several workers alone; what a killed server left is deleted, and what another uses is not."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, used = tmp_path / "holdfast-metrics-left", tmp_path / "holdfast-metrics-used"
    for path in (left, used):
        path.mkdir()
        os.utime(path, (0, 0))
    held = os.open(used, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)
    remote = QdrantSettings(url="http://127.0.0.1:1")
    with shared_metrics(Settings(qdrant=remote, http=HttpSettings(workers=2))):
        made = load_settings(qdrant=remote).telemetry.metrics_directory
        assert made is not None
        assert made.is_dir()
        with shared_metrics(Settings()):
            assert files(tmp_path) == 2
    os.close(held)
    assert [path.name for path in tmp_path.iterdir()] == ["holdfast-metrics-used"]
