"""What happened to a backend lately is remembered, in little room."""

from __future__ import annotations

import pytest

from adapters.memory import FaultyVectorStore, InMemoryCache, InMemoryVectorStore
from adapters.monitor import BackendMonitor
from adapters.policies import ResilienceSettings
from adapters.resilience import ResilientVectorStore
from domain.errors import Backend, BackendUnavailable, Failure
from domain.health import Health
from domain.ports import Change
from entrypoints.http.answers import describe_backend
from tests.clock import Clock


async def test_the_history_tells_of_outages_and_breakers() -> None:
    """When it began to fail and how, what the breaker did, and when it answered again, oldest first."""
    clock, inner = Clock(), FaultyVectorStore(InMemoryVectorStore())
    store = ResilientVectorStore(inner, ResilienceSettings(retry_tokens=0), clock=clock, random=lambda: 0.0)
    await store.list_collections()
    assert store.history() == ()
    inner.script.down()
    for _ in range(5):
        with pytest.raises(BackendUnavailable):
            await store.list_collections()
    inner.script.recover()
    clock.now += 1
    await store.ping()
    told = describe_backend((await Health(store, InMemoryCache()).check()).vector_store)["history"]
    assert [{name: value for name, value in event.items() if name != "at"} for event in told] == [
        {"event": "failed", "operation": "list_collections", "failure": "refused"},
        {"event": "breaker_opened", "breaker": "read", "open_seconds": 1.0},
        {"event": "breaker_half_open", "breaker": "read"},
        {"event": "recovered", "after_seconds": told[3]["after_seconds"]},
        {"event": "breaker_closed", "breaker": "read"},
    ]
    assert [event["at"] for event in told] == sorted(event["at"] for event in told)


def test_a_long_outage_does_not_push_its_beginning_out_of_the_history() -> None:
    """However often breakers change meanwhile, the failure is told, and the whole stays small."""
    monitor = BackendMonitor(Backend.VECTOR_STORE)
    monitor.failed("search", Failure.TIMEOUT, TimeoutError())
    for _ in range(500):
        monitor.breaker_changed(Change.BREAKER_OPENED, "read", 30.0)
    assert [event.change for event in monitor.history()] == [Change.FAILED, *[Change.BREAKER_OPENED] * 10]
