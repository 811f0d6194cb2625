"""Every error over HTTP: its status, its body, its headers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from adapters.settings import HttpSettings, Settings
from domain.errors import Backend, BackendUnavailable, Failure
from tests.fakes import FailingCache, FailingVectorStore, serve_in_process
from tests.unit.http_error_cases import BAD, BAD_FILTERS, ROWS, THINGS

STORE_DOWN = {"detail": "Vector database temporarily unavailable. Please try again later."}
JSON = {"Content-Type": "application/json"}
CACHE_DOWN = {"detail": "Cache temporarily unavailable. Please try again later."}


@pytest.fixture
async def client(store: FailingVectorStore, cache: FailingCache) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service with the empty collection `things`."""
    settings = Settings(http=HttpSettings(max_body_bytes=4096))
    async with serve_in_process(store, cache, settings) as client:
        await client.put(THINGS, json={"vector": {"size": 2, "distance": "cosine"}, "indexes": {"a": "bool"}})
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[httpx.AsyncClient]:
    """A client of one service with the empty collection `things`, for tests that change nothing."""
    settings = Settings(http=HttpSettings(max_body_bytes=4096))
    async with serve_in_process(FailingVectorStore(), FailingCache(), settings) as client:
        await client.put(THINGS, json={"vector": {"size": 2, "distance": "cosine"}, "indexes": {"a": "bool"}})
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def roomy() -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with room for large bodies, and no collection."""
    async with serve_in_process(FailingVectorStore(), FailingCache()) as client:
        yield client


unchanging = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(("method", "path", "body"), ROWS)
async def test_without_the_store_every_row_is_a_503(
    client: httpx.AsyncClient, store: FailingVectorStore, method: str, path: str, body: dict[str, Any] | None
) -> None:
    """The one body, and when to come back, whatever was asked."""
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "any", Failure.REFUSED)
    answer = await client.request(method, path, json=body)
    assert (answer.status_code, answer.json()) == (503, STORE_DOWN)
    assert 1 <= int(answer.headers["Retry-After"]) <= 3


async def test_without_the_cache_a_purge_is_a_503(client: httpx.AsyncClient, cache: FailingCache) -> None:
    """What needs the cache says so, what does not goes on."""
    cache.error = BackendUnavailable(Backend.CACHE, "forget", Failure.TIMEOUT)
    answer = await client.delete(f"{THINGS}/cache")
    assert (answer.status_code, answer.json()) == (503, CACHE_DOWN)
    assert int(answer.headers["Retry-After"]) >= 1
    assert (await client.post(f"{THINGS}/search", json={"vector": [1, 2]})).status_code == 200


@pytest.mark.parametrize(("given", "least", "most"), [(7.2, 8, 10), (0.0, 1, 3), (99_999.0, 300, 302)])
async def test_passes_on_when_to_come_back(
    client: httpx.AsyncClient, store: FailingVectorStore, given: float, least: int, most: int
) -> None:
    """What the backend said of when to come back is rounded up, bounded, and spread."""
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "any", Failure.OVERLOADED, given)
    assert least <= int((await client.get(THINGS)).headers["Retry-After"]) <= most


async def test_an_unknown_error_is_a_500_that_gives_nothing_away(
    client: httpx.AsyncClient, store: FailingVectorStore
) -> None:
    """A bug of ours says no more than the request's id."""
    store.error = LookupError("secret")
    answer = await client.get(THINGS, headers={"X-Request-ID": "my-id.1"})
    assert answer.status_code == 500
    assert answer.json() == {"detail": "Internal server error.", "request_id": "my-id.1"}
    assert "secret" not in answer.text


@unchanging
async def test_says_what_is_wrong(shared: httpx.AsyncClient) -> None:
    """Each error says where it is and what was expected, in JSON, and carries the request's id."""
    for method, path, body, status, detail in BAD:
        answer = await shared.request(method, path, json=body)
        assert (answer.status_code, answer.json()) == (status, {"detail": detail}), (method, path, body)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Request-ID"]


@unchanging
@pytest.mark.parametrize("name", ["-a", "a b", "a\n", "ä", "a" * 256])
async def test_refuses_bad_names_of_collections(shared: httpx.AsyncClient, name: str) -> None:
    """A path names a collection by a good name."""
    answer = await shared.get(f"/v1/collections/{_quoted(name)}")
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("path.collection: expected a name of 1 to 255")


def _quoted(name: str) -> str:
    return "".join(f"%{byte:02X}" for byte in name.encode())


@unchanging
async def test_says_what_is_wrong_with_a_filter(shared: httpx.AsyncClient) -> None:
    """A condition that says nothing, or no sense, is refused with its place."""
    for body, detail in BAD_FILTERS:
        answer = await shared.post(f"{THINGS}/count", json={"filter": body})
        assert answer.status_code == 422, body
        assert answer.json()["detail"].startswith(f"$.filter.{detail}"), (body, answer.text)


def nested_filter(depth: int) -> bytes:
    """A filter of so many levels."""
    inner = b'{"must":[' * depth + b'{"has_id":[1]}' + b"]}" * depth
    return b'{"filter":' + inner + b"}"


@unchanging
@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"", 400, "The body is not JSON: it ends too early."),
        (b'{"vector": [1, 2]', 400, "The body is not JSON: it ends too early."),
        (b'{"vector": [1, NaN]}', 400, "The body is not JSON: invalid character (byte 15)."),
        (b'{"id": 1}x', 400, "The body is not JSON: trailing characters (byte 10)."),
        (b'{"vector": "\xff"}', 400, "The body is not JSON: it is not UTF-8 at byte 0 of a string."),
        (b'{"with_payload": "' + b"a" * 5000 + b'"}', 413, "The body must be of at most 4096 bytes."),
        (b'{"vector": [1e999]}', 422, "$.vector[0]: expected a number in range."),
    ],
)
async def test_says_what_is_wrong_with_the_body(
    shared: httpx.AsyncClient, body: bytes, status: int, detail: str
) -> None:
    """A body that is no JSON, or too large, is refused as a whole."""
    answer = await shared.post(f"{THINGS}/search", content=body, headers=JSON)
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@unchanging
async def test_bounds_a_body_without_a_length(shared: httpx.AsyncClient) -> None:
    """A body that does not say how long it is, is cut off."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b" " * 1000

    answer = await shared.post(f"{THINGS}/search", content=chunks(), headers=JSON)
    assert (answer.status_code, answer.json()) == (413, {"detail": "The body must be of at most 4096 bytes."})


@unchanging
@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (
            {"filter": {"must": [{"has_id": [1]}] * 1001}},
            422,
            "$.filter.must: expected 'list' of length <= 1000.",
        ),
        (
            {"filter": {"must": [{"must": [{"has_id": [1]}] * 500}] * 2}},
            422,
            "$.filter: expected at most 1000 conditions.",
        ),
        ({"filter": {"must": [{"has_id": [1] * 10_001}]}}, 422, "$.filter.must[0].has_id: expected 'list"),
        ({"filter": {"must": [{"must": [{"has_id": [1]}] * 1000}] * 10}}, 413, "The body must hold at most 10000 JSON"),
    ],
)
async def test_bounds_what_takes_long_to_read(roomy: httpx.AsyncClient, body: Any, status: int, detail: str) -> None:
    """Conditions, values and objects are counted before they are read."""
    answer = await roomy.post(f"{THINGS}/count", json=body)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)


@unchanging
async def test_bounds_batches_before_they_are_read(roomy: httpx.AsyncClient) -> None:
    """A batch that is too long is refused with its place, whatever is in it."""
    points = await roomy.put(f"{THINGS}/points", json={"points": [{"id": 1, "vector": [1]}] * 10_001})
    assert (points.status_code, points.json()["detail"]) == (422, "$.points: expected 'list' of length <= 10000.")
    searches = await roomy.post(f"{THINGS}/search/batch", json={"searches": [{"id": -1}] * 101})
    assert (searches.status_code, searches.json()["detail"]) == (422, "$.searches: expected 'list' of length <= 100.")


@unchanging
async def test_bounds_the_depth_of_filters(shared: httpx.AsyncClient) -> None:
    """16 levels are understood, 17 are a 422."""
    good = await shared.post(f"{THINGS}/count", content=nested_filter(16), headers=JSON)
    assert good.status_code == 200
    bad = await shared.post(f"{THINGS}/count", content=nested_filter(17), headers=JSON)
    assert bad.status_code == 422
    assert bad.json()["detail"].endswith("expected at most 16 levels of filters.")


async def test_survives_any_depth(store: FailingVectorStore, cache: FailingCache) -> None:
    """JSON that is nested past what can be read is a 400, as deep as a body can be."""
    async with serve_in_process(store, cache) as client:
        for depth in (300, 1_000, 100_000, 1_000_000):
            answer = await client.post(f"{THINGS}/count", content=nested_filter(depth), headers=JSON)
            assert answer.status_code in (400, 413, 422), depth
            assert len(answer.text) < 2000
            payload = b'{"payload":' + b'{"a":' * depth + b"1" + b"}" * depth + b',"ids":[1]}'
            assert (await client.patch(f"{THINGS}/points", content=payload, headers=JSON)).status_code in (
                400,
                413,
                422,
            ), depth


@unchanging
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        ({"Content-Type": 'APPLICATION/JSON;charset="UTF-8"'}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/json; charset=latin-1"}, 415),
        ({"Content-Type": ""}, 415),
        ({}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
    ],
)
async def test_takes_json_in_utf8_alone(shared: httpx.AsyncClient, headers: dict[str, str], status: int) -> None:
    """Another media type, charset or coding is a 415."""
    answer = await shared.post(f"{THINGS}/count", content=b"{}", headers=headers)
    assert answer.status_code == status
    assert set(answer.json()) == ({"count"} if status == 200 else {"detail"})


@unchanging
@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/collections", "GET, HEAD"),
        (THINGS, "DELETE, GET, HEAD, PUT"),
        (f"{THINGS}/points", "PATCH, PUT"),
        (f"{THINGS}/search", "POST"),
        ("/health/live", "GET, HEAD"),
    ],
)
async def test_names_the_methods_that_are_allowed(shared: httpx.AsyncClient, path: str, allow: str) -> None:
    """A 405 names every method of its path."""
    answer = await shared.request("OPTIONS", path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)
    assert set(answer.json()) == {"detail"}


@unchanging
@pytest.mark.parametrize("given", ["ok-1._", "a" * 128])
async def test_keeps_the_request_id_of_a_client(shared: httpx.AsyncClient, given: str) -> None:
    """A good id comes back."""
    assert (await shared.get(THINGS, headers={"X-Request-ID": given})).headers["X-Request-ID"] == given


@unchanging
@pytest.mark.parametrize("given", ["", "a b", "a" * 129, "<script>", "a\tb"])
async def test_replaces_a_bad_request_id(shared: httpx.AsyncClient, given: str) -> None:
    """A bad one is replaced by one of our own."""
    answer = await shared.get(THINGS, headers={"X-Request-ID": given})
    assert len(answer.headers["X-Request-ID"]) == 32
    assert json.loads(answer.text)["name"] == "things"
