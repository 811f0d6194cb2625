"""Requests that nobody would write by hand: whatever comes, the answer is no 500 and gives nothing away."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import AsyncQdrantClient

from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.qdrant import LocalQdrantVectorStore
from domain.ports import VectorStore
from tests.fakes import serve_in_process

THINGS = "/v1/collections/things"
UUID_1 = "00000000-0000-0000-0000-000000000001"
CONDITIONS: list[dict[str, Any]] = [
    {"key": "a", "match": {"value": "x"}},
    {"key": "a.b", "match": {"any": [1, 2]}},
    {"key": "a[]", "match": {"except": ["x"]}},
    {"key": "a", "range": {"gt": 1.5, "lte": 7}},
    {"key": "t", "range": {"gte": "2026-01-01T00:00:00Z"}},
    {"key": "g", "geo_radius": {"center": {"lat": 1.0, "lon": 2.0}, "radius": 100.0}},
    {"key": "g", "geo_bounding_box": {"top_left": {"lat": 2, "lon": 1}, "bottom_right": {"lat": 1, "lon": 2}}},
    {"key": "a", "values_count": {"gte": 1}},
    {"is_empty": {"key": "a"}},
    {"is_null": {"key": "a"}},
    {"has_id": [1, UUID_1]},
    {"nested": {"key": "list", "filter": {"must": [{"key": "b", "match": {"value": 1}}]}}},
]
FILTER = {"must": CONDITIONS[:6], "should": CONDITIONS[6:], "min_should": {"conditions": CONDITIONS, "min_count": 1}}
POINT = {"id": 1, "vector": [0.5, 1.5], "payload": {"a": "x", "list": [{"b": 1}], "g": {"lat": 1, "lon": 2}}}
SEARCH = {"vector": [1.0, 0.5], "filter": FILTER, "limit": 3, "score_threshold": 0.1, "params": {"hnsw_ef": 8}}
REQUESTS: list[tuple[str, str, Any]] = [
    ("PUT", "/v1/collections/other", {"vector": {"size": 2, "distance": "dot"}, "indexes": {"a": "keyword"}}),
    ("PUT", f"{THINGS}/indexes/a", {"type": "integer"}),
    ("PUT", f"{THINGS}/points", {"points": [POINT, {"id": UUID_1, "vector": "AACAPwAAAAA="}]}),
    ("PATCH", f"{THINGS}/points", {"payload": {"a": None, "c": {"d": 1}}, "filter": FILTER}),
    ("PATCH", f"{THINGS}/points", {"payload": {"a": 1}, "ids": [1]}),
    ("GET", f"{THINGS}/points/1?with_vectors=true", None),
    ("POST", f"{THINGS}/points/retrieve", {"ids": [1, UUID_1], "with_vectors": True}),
    ("POST", f"{THINGS}/points/delete", {"filter": {"must": [CONDITIONS[0]]}}),
    ("POST", f"{THINGS}/scroll", {"filter": FILTER, "limit": 3, "after": "1"}),
    ("POST", f"{THINGS}/count", {"filter": FILTER}),
    ("POST", f"{THINGS}/search", SEARCH),
    ("POST", f"{THINGS}/search", {"id": 1, "offset": 1, "with_payload": ["a.b"], "with_vectors": True}),
    ("POST", f"{THINGS}/search/batch", {"searches": [SEARCH, {"id": 1}]}),
]
PLACES = [(method, path, body) for method, path, body in REQUESTS if body is not None]

odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, -1, 1.5, -0.0, 2**63, -(2**63) - 1, 2**64, 10**400, 1e39, 1e308, math.nan, math.inf, "", "x",
     "\ud800", "\0", "ä" * 300, "a..b", "1", UUID_1, [], {}, [[]], {"": {}}, [1] * 2000, {"key": "a"}, {"must": [{}]}]
)  # fmt: skip
values: st.SearchStrategy[Any] = odd | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", "must", "a", "id"]), inner),
    max_leaves=6,
)


def places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a body."""
    yield path
    for key, value in body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ():
        yield from places(value, (*path, key))


def replaced(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of the body with another value at the path."""
    if not path:
        return value
    copy: Any = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = replaced(body[path[0]], path[1:], value)
    return copy


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """A request that was good until some of its values, or of its bytes, were changed."""
    method, path, body = draw(st.sampled_from(PLACES))
    for _ in range(draw(st.integers(0, 3))):
        body = replaced(body, draw(st.sampled_from(list(places(body)))), draw(values))
    data = json.dumps(body).encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 3)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=4)) + data[at + draw(st.integers(0, 4)) :]
    if draw(st.integers(0, 9)) == 0:
        method = draw(st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"]))
    return method, path, data


@pytest.fixture(params=["memory", "qdrant"])
def client(request: pytest.FixtureRequest) -> Iterator[tuple[asyncio.Runner, httpx.AsyncClient]]:
    """A client of the service on each store, and the loop that it runs in."""
    store: VectorStore = InMemoryVectorStore()
    if request.param == "qdrant":
        store = LocalQdrantVectorStore(AsyncQdrantClient(location=":memory:"))
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        context = serve_in_process(store, InMemoryCache())
        client = runner.run(context.__aenter__())
        stack.callback(lambda: runner.run(context.__aexit__(None, None, None)))
        runner.run(client.put(THINGS, json={"vector": {"size": 2, "distance": "cosine"}}))
        yield runner, client


def check(answer: httpx.Response) -> None:
    """It is no 5xx, and an error says what is wrong without a word of an exception."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["X-Request-ID"]
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        body = answer.json()
        assert set(body) == {"detail"}
        assert not any(sign in body["detail"] for sign in ("Traceback", "Error", "Exception", ".py", " at 0x"))


@given(request=mutated())
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
def test_mutated_requests(client: tuple[asyncio.Runner, httpx.AsyncClient], request: tuple[str, str, bytes]) -> None:
    """A thousand requests with changed bodies are answered or refused."""
    runner, http = client
    method, path, data = request
    check(runner.run(http.request(method, path, content=data, headers={"Content-Type": "application/json"})))


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE"]),
    parts=st.lists(
        st.text(max_size=12) | st.sampled_from(["v1", "collections", "things", "points", "search", "..", "1"]),
        max_size=6,
    ),
    query=st.text(max_size=12),
    body=st.binary(max_size=64),
)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_paths(
    client: tuple[asyncio.Runner, httpx.AsyncClient], method: str, parts: list[str], query: str, body: bytes
) -> None:
    """Any path, query and bytes are answered or refused."""
    runner, http = client
    quoted = "/".join("".join(f"%{byte:02X}" for byte in part.encode("utf-8", "replace")) for part in parts)
    escaped = "".join(f"%{byte:02X}" for byte in query.encode("utf-8", "replace"))
    check(runner.run(http.request(method, f"http://test/{quoted}?{escaped}", content=body)))
