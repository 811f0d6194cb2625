"""A search goes past the router and past reading what is known; nobody can tell, but by the time it takes."""

from __future__ import annotations

import base64
import struct
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from adapters.memory import InMemoryCache
from domain.errors import Backend, BackendUnavailable, Failure
from entrypoints.http.routes.search import LARGEST_KEPT
from tests.fakes import FailingVectorStore, serve_in_process

THINGS = "/v1/collections/things"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def client(store: FailingVectorStore) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with the collection `things` and two points."""
    async with serve_in_process(store, InMemoryCache()) as client:
        await client.put(THINGS, json={"vector": {"size": 2, "distance": "dot"}})
        await write(client, 1)
        yield client


async def write(client: httpx.AsyncClient, value: float) -> None:
    points = [{"id": 1, "vector": [value, 0], "payload": {"text": "ü"}}, {"id": 2, "vector": [0, 1]}]
    await client.put(f"{THINGS}/points", json={"points": points})


async def search(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    return await client.post(f"{THINGS}/search", content=body, headers=JSON)


async def test_the_same_bytes_mean_the_same_until_a_write(client: httpx.AsyncClient) -> None:
    """However often they came, and what they mean is not what was found."""
    body = b'{"vector": [1, 0], "limit": 1}'
    answers = [await search(client, body) for _ in range(4)]
    assert [answer.headers["Cache-Status"].split("; ")[1] for answer in answers] == ["fwd=miss", "hit", "hit", "hit"]
    assert all(answer.content == answers[0].content for answer in answers)
    await write(client, 7)
    assert (await search(client, body)).json()["hits"][0]["score"] == 7


async def test_other_bytes_may_mean_the_same_and_the_same_hits(client: httpx.AsyncClient) -> None:
    """Other spellings share the entry, and what differs in a byte is another search."""
    packed = base64.b64encode(struct.pack("<2f", 1, 0)).decode()
    bodies = [b'{"vector": [1, 0]}', b'{"vector":[1.0,0e0]}', b'{"vector": "%b"}' % packed.encode()]
    for body in bodies * 2:
        assert (await search(client, body)).json()["hits"][0]["score"] == 1
    assert (await search(client, bodies[0])).headers["Cache-Status"] == "holdfast; hit"
    assert (await search(client, b'{"vector": [2, 0]}')).json()["hits"][0]["score"] == 2


async def test_a_stale_answer_says_so_each_time(client: httpx.AsyncClient, store: FailingVectorStore) -> None:
    """What was written down for a fresh answer is not shown for a stale one."""
    body = b'{"vector": [1, 0]}'
    for _ in range(3):
        assert (await search(client, body)).json()["stale"] is False
    await write(client, 3)
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "search", Failure.REFUSED)
    for _ in range(2):
        assert (await search(client, body)).json()["stale"] is True
    store.error = None
    assert (await search(client, body)).json()["stale"] is False


async def test_a_large_body_is_read_each_time(client: httpx.AsyncClient) -> None:
    """One that would push out everything else is not kept, and answered all the same."""
    body = b'{"vector": [1, 0]%b}' % (b" " * LARGEST_KEPT)
    for _ in range(3):
        assert (await search(client, body)).json()["hits"][0]["score"] == 1


ODD = [
    ("POST", f"{THINGS}/search/", JSON, 404),
    ("POST", f"{THINGS}/search/batch", JSON, 422),
    ("POST", "/v1/collections//search", JSON, 404),
    ("POST", "/v1/collections/a/b/search", JSON, 404),
    ("POST", "/v1/collections/search", JSON, 405),
    ("POST", "/v1/collections/-/search", JSON, 422),
    ("POST", f"{THINGS}/search?a=1", JSON, 422),
    ("POST", f"{THINGS}/search", {}, 415),
    ("POST", f"{THINGS}/search", {**JSON, "Content-Encoding": "gzip"}, 415),
    ("GET", f"{THINGS}/search", {}, 405),
    ("HEAD", f"{THINGS}/search", {}, 405),
]


@pytest.mark.parametrize(("method", "path", "headers", "status"), ODD)
async def test_both_ways_answer_alike(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """What is no search, or a bad one, is answered as by the router."""
    routed = _with_router_alone(client)
    answers = [await each.request(method, path, content=b"{}", headers=headers) for each in (client, routed)]
    assert [answer.status_code for answer in answers] == [status, status]
    assert answers[0].content == answers[1].content
    assert answers[0].headers.get("Allow") == answers[1].headers.get("Allow")


async def test_both_ways_find_the_same(client: httpx.AsyncClient) -> None:
    """A search that the router finds has the same answer."""
    body = b'{"vector": [1, 0]}'
    first = await search(client, body)
    assert first.content == (await search(_with_router_alone(client), body)).content


def _with_router_alone(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The same service without the way past its router."""
    transport = client._transport  # noqa: SLF001
    assert isinstance(transport, httpx.ASGITransport)
    app = transport.app
    assert isinstance(app, Starlette)
    routed = Starlette(
        routes=app.routes,
        middleware=[each for each in app.user_middleware if "search" not in each.kwargs],
        exception_handlers=app.exception_handlers,
    )
    routed.router.redirect_slashes = False
    assert len(routed.user_middleware) == len(app.user_middleware) - 1
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=routed), base_url="http://test")
