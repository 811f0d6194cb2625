"""The cache in the headers of HTTP, and what bounds a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from dependency_injector import providers
from starlette.types import Message

from adapters.memory import InMemoryVectorStore
from adapters.settings import CacheSettings, HttpSettings, Settings
from containers import Container
from domain.deadline import remaining
from domain.errors import Backend, BackendUnavailable, Failure
from entrypoints.http import create_app
from tests.fakes import FailingCache, FailingVectorStore, serve_in_process

THINGS = "/v1/collections/things"
BODY = {"vector": [1, 0]}


@pytest.fixture
async def client(store: FailingVectorStore, cache: FailingCache) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with the collection `things` and one point."""
    async with serve_in_process(store, cache) as client:
        await client.put(THINGS, json={"vector": {"size": 2, "distance": "dot"}})
        await client.put(f"{THINGS}/points", json={"points": [{"id": 1, "vector": [1, 0]}]})
        yield client


async def search(client: httpx.AsyncClient, control: str | None = None) -> httpx.Response:
    headers = {} if control is None else {"Cache-Control": control}
    return await client.post(f"{THINGS}/search", json=BODY, headers=headers)


async def test_says_what_the_cache_did(client: httpx.AsyncClient, store: FailingVectorStore) -> None:
    """`Cache-Status` and `Age` tell of a miss, a hit, and a stale answer."""
    first, second = await search(client), await search(client)
    assert (first.headers["Cache-Status"], first.headers.get("Age")) == ("holdfast; fwd=miss; stored", None)
    assert (second.headers["Cache-Status"], second.headers["Age"]) == ("holdfast; hit", "0")
    assert second.json() == first.json()
    await client.put(f"{THINGS}/points", json={"points": [{"id": 2, "vector": [5, 0]}]})
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "search", Failure.REFUSED)
    stale = await search(client)
    assert (stale.status_code, stale.headers["Cache-Status"]) == (200, "holdfast; hit; detail=stale")
    assert stale.json() == {**first.json(), "stale": True}


@pytest.mark.parametrize(
    ("control", "status"),
    [
        ("no-cache", "holdfast; fwd=miss; stored"),
        ("no-store", "holdfast; fwd=bypass"),
        ("max-age=60", "holdfast; hit"),
        ('max-age="60", private, unknown=x', "holdfast; hit"),
        ("Only-If-Cached", "holdfast; hit"),
        ("max-stale", "holdfast; hit"),
    ],
)
async def test_heeds_cache_control(client: httpx.AsyncClient, control: str, status: str) -> None:
    """Directives are read as HTTP has them; unknown ones are passed over."""
    await search(client)
    assert (await search(client, control)).headers["Cache-Status"] == status


async def test_only_if_cached_without_an_entry_is_a_504(client: httpx.AsyncClient) -> None:
    """The store is not asked."""
    answer = await search(client, "only-if-cached")
    assert answer.status_code == 504
    assert answer.json() == {"detail": "Nothing usable is cached, and only-if-cached was asked for."}


@pytest.mark.parametrize("control", ["max-age", "max-age=-1", "max-age=1.5", "stale-if-error=x", "max-age=99999999999"])
async def test_refuses_times_that_are_none(client: httpx.AsyncClient, control: str) -> None:
    """A directive whose time is no number of seconds is refused."""
    answer = await search(client, control)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("header.Cache-Control: expected whole seconds after ")


async def test_a_batch_says_what_was_missed(client: httpx.AsyncClient, store: FailingVectorStore) -> None:
    """A batch is a hit when all of it was remembered."""
    await search(client)
    body = {"searches": [BODY, {"vector": [2, 0]}]}
    statuses = [(await client.post(f"{THINGS}/search/batch", json=body)).headers["Cache-Status"] for _ in range(2)]
    assert statuses == ["holdfast; fwd=miss; stored", "holdfast; hit"]


async def test_a_write_says_where_the_cache_could_not_be_told(client: httpx.AsyncClient, cache: FailingCache) -> None:
    """The write succeeds, and its answer says that others may still show what was before."""
    cache.error = BackendUnavailable(Backend.CACHE, "invalidate", Failure.TIMEOUT)
    body = {"points": [{"id": 2, "vector": [5, 0]}]}
    pending = await client.put(f"{THINGS}/points", json=body)
    assert (pending.status_code, pending.headers["Cache-Status"]) == (
        200,
        "holdfast; fwd=method; detail=invalidation-pending",
    )
    cache.error = None
    assert (await search(client)).json()["hits"][0]["id"] == 2


async def test_windows_are_settings(store: FailingVectorStore, cache: FailingCache) -> None:
    """With both windows 0 nothing is remembered."""
    settings = Settings(cache=CacheSettings(fresh_seconds=0, stale_seconds=0))
    async with serve_in_process(store, cache, settings) as client:
        await client.put(THINGS, json={"vector": {"size": 2, "distance": "dot"}})
        for _ in range(2):
            assert (await search(client)).headers["Cache-Status"] == "holdfast; fwd=miss"


class WatchedVectorStore(InMemoryVectorStore):
    """Notes what time a call has left, waits, and notes whether it was cancelled."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.left: float | None = None

    async def list_collections(self) -> tuple[str, ...]:
        self.left = remaining()
        self.asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return ()


async def test_cancels_the_work_for_a_client_who_has_gone() -> None:
    """Once the client has left, the store is no longer asked, and nothing is answered."""
    store = WatchedVectorStore()
    app = create_app(
        Container(settings=Settings(http=HttpSettings(read_deadline=7)), vector_store=providers.Object(store))
    )
    gone = asyncio.Event()
    sent: list[Message] = []

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/v1/collections", "query_string": b"", "headers": []}
    request = asyncio.ensure_future(app(scope, receive, send))
    await store.asked.wait()
    gone.set()
    await asyncio.wait_for(request, 5)
    assert store.cancelled.is_set()
    assert sent == []
    assert store.left is not None
    assert 6 < store.left <= 7
