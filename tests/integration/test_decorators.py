"""Adapters that stand around another one: what a port answers by default comes from the one inside."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from adapters.memory import FaultyCache, FaultyVectorStore, InMemoryCache, InMemoryVectorStore
from adapters.otel import OtelTracing, TracedCache, TracedVectorStore
from adapters.policies import ResilienceSettings
from adapters.resilience import ResilientCache, ResilientVectorStore
from domain.ports import Cache, VectorStore

Around = Callable[[Any, OtelTracing], object]

STORES: dict[str, Around] = {
    "resilient": lambda inner, _: ResilientVectorStore(inner, ResilienceSettings()),
    "traced": lambda inner, tracing: TracedVectorStore(inner, tracing, "memory"),
    "faulty": lambda inner, _: FaultyVectorStore(inner),
}
CACHES: dict[str, Around] = {
    "resilient": lambda inner, _: ResilientCache(inner, ResilienceSettings()),
    "traced": lambda inner, tracing: TracedCache(inner, tracing, "memory"),
    "faulty": lambda inner, _: FaultyCache(inner),
}
OWN = {("resilient", "breakers")}
"""What is answered without the one inside: circuit breakers are this one's."""


def defaults(port: type) -> list[str]:
    """The methods that no adapter has to have."""
    methods = inspect.getmembers(port, inspect.isfunction)
    return [name for name, method in methods if name[0] != "_" and not hasattr(method, "__isabstractmethod__")]


def telling(adapter: type, port: type, asked: list[str]) -> object:
    """An adapter that notes which of those methods it was asked."""

    def noting(name: str) -> Callable[[object], Any]:
        def tell(self: object) -> dict[str, float]:
            asked.append(name)
            return {}

        async def tell_later(self: object) -> dict[str, float]:
            return tell(self)

        return tell_later if inspect.iscoroutinefunction(getattr(port, name)) else tell

    return type("Telling", (adapter,), {name: noting(name) for name in defaults(port)})()


CASES = [
    pytest.param(port, adapter, make, name, id=f"{kind}-{port.__name__}-{name}")
    for port, adapter, makers in ((VectorStore, InMemoryVectorStore, STORES), (Cache, InMemoryCache, CACHES))
    for kind, make in makers.items()
    for name in defaults(port)
    if (kind, name) not in OWN
]


@pytest.fixture
async def tracing() -> AsyncIterator[OtelTracing]:
    """Tells nobody."""
    tracing = OtelTracing(InMemorySpanExporter())
    yield tracing
    await tracing.aclose()


@pytest.mark.parametrize(("port", "adapter", "make", "name"), CASES)
async def test_what_has_a_default_is_passed_on(
    tracing: OtelTracing, port: type, adapter: type, make: Around, name: str
) -> None:
    """A method with a default asks the adapter inside, or a method that is added would be lost on the way."""
    asked: list[str] = []
    answer = getattr(make(telling(adapter, port, asked), tracing), name)()
    if inspect.isawaitable(answer):
        await answer
    assert asked == [name]
