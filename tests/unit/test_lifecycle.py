"""The application starts without backends, and stops after its requests."""

from __future__ import annotations

import asyncio
import gc
import json

import httpx
import pytest
from dependency_injector import providers
from starlette.types import Message
from structlog.testing import capture_logs

from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.settings import HttpSettings, Settings
from containers import Container
from domain.errors import Backend, BackendUnavailable, Failure
from entrypoints.http import create_app
from tests.fakes import FailingCache, FailingVectorStore, SlowVectorStore, serve_in_process


async def test_starts_with_both_backends_down_and_recovers() -> None:
    """It is ready without backends, serves the 503, and serves again when they are there."""
    store, cache = FailingVectorStore(), FailingCache()
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "any", Failure.REFUSED)
    cache.error = BackendUnavailable(Backend.CACHE, "any", Failure.TIMEOUT)
    async with serve_in_process(store, cache) as client:
        assert (await client.get("/health/ready")).json() == {"status": "ready"}
        assert (await client.get("/health/live")).json() == {"status": "alive"}
        infra = await client.get("/health/infra")
        assert infra.status_code == 503
        assert infra.json()["detail"] == "Vector database temporarily unavailable. Please try again later."
        assert (infra.json()["status"], infra.json()["vector_store"]["failure"]) == ("down", "refused")
        assert (await client.get("/v1/collections")).status_code == 503
        store.error = None
        assert (await client.get("/v1/collections")).status_code == 200
        degraded = await client.get("/health/infra")
        assert (degraded.status_code, degraded.json()["status"]) == (200, "degraded")
        assert degraded.json()["cache"]["failure"] == "timeout"


async def test_is_not_ready_before_the_start_and_after_the_stop() -> None:
    """A balancer learns when to send requests."""
    container = Container(
        settings=Settings(),
        vector_store=providers.Object(InMemoryVectorStore()),
        cache=providers.Object(InMemoryCache()),
    )
    app = create_app(container)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        before = await client.get("/health/ready")
        async with app.router.lifespan_context(app):
            assert (await client.get("/health/ready")).status_code == 200
        after = await client.get("/health/ready")
    assert (before.status_code, after.status_code) == (503, 503)
    assert before.json() == {"detail": "The service is starting or stopping."}


async def test_closes_backends_after_requests_in_flight() -> None:
    """A request that is in flight at the stop is answered, and only then are the backends closed."""
    store = SlowVectorStore()
    container = Container(settings=Settings(), vector_store=providers.Object(store))
    container.closing().push_async_callback(store.aclose)
    app = create_app(container)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        async with app.router.lifespan_context(app):
            request = asyncio.create_task(client.get("/v1/collections"))
            await store.asked.wait()
            asyncio.get_running_loop().call_later(0.01, store.go_on.set)
        assert (await request).status_code == 200
        assert (await client.get("/v1/collections")).status_code == 503


async def test_does_not_wait_for_ever_to_stop() -> None:
    """A request that does not end is given up after the time that the settings give."""
    store = SlowVectorStore()
    settings = Settings(http=HttpSettings(shutdown_timeout=0.01))
    with capture_logs() as logs:
        async with serve_in_process(store, InMemoryCache(), settings) as client:
            request = asyncio.create_task(client.get("/v1/collections"))
            await store.asked.wait()
    store.go_on.set()
    await request
    assert [line["requests_cut_off"] for line in logs if line["event"] == "stopped"] == [1]


async def test_a_request_that_the_server_cuts_off_has_an_answer() -> None:
    """A server that stops at once cancels its requests; each gets the 503, and is counted as cut off."""
    store = SlowVectorStore()
    container = Container(settings=Settings(), vector_store=providers.Object(store))
    app = create_app(container)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/v1/collections", "query_string": b"", "headers": []}
    with capture_logs() as logs:
        async with app.router.lifespan_context(app):
            request = asyncio.ensure_future(app(scope, receive, send))
            await store.asked.wait()
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request
    assert sent[0]["status"] == 503
    assert json.loads(sent[1]["body"]) == {"detail": "The service is stopping."}
    assert [line["status"] for line in logs if line["event"] == "request"] == [503]
    assert [line["requests_cut_off"] for line in logs if line["event"] == "stopped"] == [1]


async def test_an_error_after_the_answer_began_ends_it_unfinished() -> None:
    """The rest of an answer that broke off is not sent, so that the server closes the connection."""
    container = Container(settings=Settings(), vector_store=providers.Object(InMemoryVectorStore()))
    app = create_app(container)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            raise OSError("the transport broke")

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/collections",
        "raw_path": b"/",
        "query_string": b"",
        "headers": [],
    }
    await app(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


async def test_a_client_who_leaves_in_mid_body_is_no_error() -> None:
    """A body that never comes whole ends without an answer, and without a line about a bug."""
    container = Container(settings=Settings(), vector_store=providers.Object(InMemoryVectorStore()))
    app = create_app(container)
    messages: list[Message] = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    path = "/v1/collections/a/search"
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    assert sent == []


async def test_an_error_that_nobody_waits_for_is_logged_without_its_text() -> None:
    """A task that fails unseen has a line with the type of its error alone."""

    async def fail() -> None:
        raise ValueError("payload-text")

    with capture_logs() as logs:
        async with serve_in_process(InMemoryVectorStore(), InMemoryCache()):
            task = asyncio.create_task(fail())
            await asyncio.sleep(0)
            del task
            gc.collect()
    (line,) = (line for line in logs if line["event"] == "event_loop_error")
    assert line["error"] == "ValueError"
    assert "payload-text" not in str(logs)
