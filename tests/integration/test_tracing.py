"""Traces, as a collector on a real socket gets them."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from dependency_injector import providers
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from adapters.memory import FaultyVectorStore, InMemoryVectorStore
from adapters.otel import OtelTracing, TracedVectorStore
from adapters.resilience import ResilientVectorStore
from adapters.settings import Settings
from adapters.telemetry import TelemetrySettings
from containers import Container
from entrypoints.http import create_app
from entrypoints.logs import configure_logging
from tests.e2e.service import ROOT, holdfast
from tests.servers.otlp import Collector, attributes, serve_collector
from tests.servers.process import HOST, free_port

THINGS = "/v1/collections/things"
ROUTE = "/v1/collections/{collection}/search"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET = "span-payload-9c1e"
ON = Settings(telemetry=TelemetrySettings(traces=True))


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that OpenTelemetry's variables name."""
    with serve_collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        yield collector


@asynccontextmanager
async def serving(store: FaultyVectorStore | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """The service with traces and the collection `things`; all spans are sent once it has ended."""
    container = Container(settings=ON)
    if store is not None:
        tracing = container.tracing()
        assert tracing is not None
        guarded = ResilientVectorStore(store, ON.resilience)
        container.vector_store.override(providers.Object(TracedVectorStore(guarded, tracing, "fake")))
    app = create_app(container)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        await client.put(THINGS, json={"vector": {"size": 2, "distance": "dot"}})
        yield client


async def search(client: httpx.AsyncClient, headers: dict[str, str] | None = None) -> httpx.Response:
    return await client.post(f"{THINGS}/search", json={"vector": [1, 0]}, headers=headers)


async def test_a_request_and_its_calls_are_one_trace(collector: Collector) -> None:
    """The span of a request is in its client's trace, names its route and its answer; that of a call is its child."""
    async with serving() as client:
        answer = await search(client, {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "mine"})
        assert answer.status_code == 200
    (request,) = collector.named(f"POST {ROUTE}")
    (call,) = collector.named("search qdrant")
    assert (request.trace_id.hex(), request.parent_span_id.hex(), request.kind) == (
        TRACE,
        PARENT,
        Span.SPAN_KIND_SERVER,
    )
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": ROUTE,
        "http.response.status_code": 200,
        "url.path": f"{THINGS}/search",
        "url.scheme": "http",
        "holdfast.request_id": "mine",
    }
    assert (call.trace_id, call.parent_span_id, call.kind) == (
        request.trace_id,
        request.span_id,
        Span.SPAN_KIND_CLIENT,
    )
    assert attributes(call) == {"db.system.name": "qdrant", "db.operation.name": "search"}
    assert collector.resource["service.name"] == "holdfast"


async def test_nothing_that_a_client_stores_or_keeps_secret_is_told(collector: Collector) -> None:
    """No payload, vector, key or query is in what is sent."""
    point = {"id": 1, "vector": [0.12345678, 1], "payload": {"text": SECRET}}
    async with serving() as client:
        await client.put(f"{THINGS}/points", json={"points": [point]}, headers={"Authorization": f"Bearer {SECRET}"})
        await client.get(f"{THINGS}/points/1?with_vectors={SECRET}")
        await client.request(f"BREW-{SECRET}", "/")
    assert collector.named("upsert qdrant")
    assert SECRET.encode() not in collector.received
    assert b"0.12345678" not in collector.received


async def test_joined_searches_share_the_span_of_who_began(collector: Collector) -> None:
    """Of searches at the same moment one asks the store, and the call is a part of its trace alone."""
    store = FaultyVectorStore(InMemoryVectorStore())
    async with serving(store) as client:
        store.script.slow(0.05)
        traces = [f"{number:032x}" for number in range(1, 6)]
        await asyncio.gather(*(search(client, {"traceparent": f"00-{trace}-{PARENT}-01"}) for trace in traces))
    (call,) = collector.named("search fake")
    requests = {span.span_id: span for span in collector.named(f"POST {ROUTE}")}
    assert len(requests) == 5
    assert requests[call.parent_span_id].trace_id == call.trace_id


async def test_failures_are_errors_in_both_spans(collector: Collector) -> None:
    """A backend that refuses marks its call by the failure's name, and the request by its status."""
    store = FaultyVectorStore(InMemoryVectorStore())
    async with serving(store) as client:
        store.script.lost()
        assert (await search(client)).status_code == 503
    (call,) = collector.named("search fake")
    (request,) = collector.named(f"POST {ROUTE}")
    assert (attributes(call)["error.type"], call.status.code) == ("reset", Status.STATUS_CODE_ERROR)
    assert (attributes(request)["error.type"], request.status.code) == ("503", Status.STATUS_CODE_ERROR)
    assert not call.events
    assert not call.status.message


async def test_lines_of_the_log_carry_the_trace(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the line of a request leads to its trace; a trace that is not recorded is not named."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logging(format="json", level="info")
    async with serving() as client:
        await search(client, {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "recorded"})
        await search(client, {"traceparent": f"00-{TRACE}-{PARENT}-00", "X-Request-ID": "left-out"})
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    told = {line["request_id"]: line.get("trace_id") for line in lines if line["event"] == "request"}
    assert (told["recorded"], told["left-out"]) == (TRACE, None)


@pytest.mark.parametrize("state", ["hangs", "is away"])
async def test_a_collector_that_fails_disturbs_nobody(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are answered while the collector hangs or is away, and the service ends in time."""
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1] if state == "hangs" else free_port()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{HOST}:{port}")
        async with serving() as client:
            for _ in range(50):
                assert (await search(client)).status_code == 200
            begun = time.monotonic()
        assert time.monotonic() - begun < 6
    # With its collector the call that hung has ended, and nothing is tried again.
    for thread in threading.enumerate():
        if "SpanRecord" in thread.name:
            await asyncio.to_thread(thread.join, 5)
            assert not thread.is_alive()


def outermost(container: Container) -> str:
    middleware: Any = create_app(container).user_middleware[0].cls
    return str(middleware.__name__)


def test_off_means_that_nothing_is_there() -> None:
    """Without the setting there is neither the middleware nor a decorator."""
    container = Container(settings=Settings())
    assert container.tracing() is None
    assert type(container.vector_store()) is ResilientVectorStore
    assert outermost(container) == "RequestContext"
    on = Container(settings=ON)
    assert isinstance(on.tracing(), OtelTracing)
    assert outermost(on) == "RequestTraces"


def test_a_missing_extra_is_named() -> None:
    """Traces without OpenTelemetry are one line that says what to install, and the exit code of wrong settings."""
    without = "import sys; sys.modules['opentelemetry'] = None; from entrypoints.cli import main; main(['serve'])"
    command, env = holdfast(TELEMETRY__TRACES="true")
    run = subprocess.run(  # noqa: S603
        [command[0], "-c", without], env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 78
    needs = "needs OpenTelemetry, which is not installed: pip install 'holdfast[otel]'"
    assert run.stderr == f"holdfast: SOCIAL_TELEMETRY__TRACES: {needs}\n"
