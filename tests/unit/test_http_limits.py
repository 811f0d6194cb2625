"""What the operator limits, and how it is refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from adapters.limits import LimitSettings
from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.settings import HttpSettings, Settings
from domain.errors import Overloaded
from entrypoints.http.admission import Admission
from entrypoints.http.budget import Budget
from entrypoints.http.middleware import InFlight
from tests.fakes import serve_in_process

THINGS = "/v1/collections/things"
LIMITS = LimitSettings(
    points=2, vector_size=3, filter_depth=2, filter_conditions=3, payload_bytes=1024, question_bytes=4096
)
ONE = {"key": "a", "match": {"value": 1}}
BIG = {"a": "x" * 1020}
"""A payload of 1,028 bytes."""

REFUSED: list[tuple[str, str, Any, str]] = [
    ("PUT", "/v1/collections/n", {"vector": {"size": 4, "distance": "dot"}}, "$.vector.size: expected at most 3."),
    (
        "PUT",
        f"{THINGS}/points",
        {"points": [{"id": 1, "vector": [1]}] * 3},
        "$.points: expected 'list' of length <= 2.",
    ),
    (
        "PUT",
        f"{THINGS}/points",
        {"points": [{"id": 1, "vector": [1]}, {"id": 2, "vector": [1], "payload": BIG}]},
        "$.points[1].payload: expected at most 1024 bytes of JSON, got 1028.",
    ),
    (
        "PATCH",
        f"{THINGS}/points",
        {"payload": BIG, "ids": [1]},
        "$.payload: expected at most 1024 bytes of JSON, got 1028.",
    ),
    ("POST", f"{THINGS}/points/retrieve", {"ids": [1, 2, 3]}, "$.ids: expected at most 2 items, got 3."),
    ("POST", f"{THINGS}/points/delete", {"ids": [1, 2, 3]}, "$.ids: expected at most 2 items, got 3."),
    ("POST", f"{THINGS}/count", {"filter": {"must": [ONE] * 4}}, "$.filter: expected at most 3 conditions."),
    (
        "POST",
        f"{THINGS}/search",
        {"id": 1, "filter": {"must": [{"must": [{"must": [ONE]}]}]}},
        "$.filter: expected at most 2 levels of filters.",
    ),
    (
        "POST",
        f"{THINGS}/search/batch",
        {"searches": [{"id": 1}, {"id": 1, "filter": {"must": [ONE] * 4}}]},
        "$.searches[1].filter: expected at most 3 conditions.",
    ),
]


async def test_a_body_of_very_many_values_is_not_read() -> None:
    """What would keep the event loop for long is a 413, however right it is until its end."""
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache()) as client:
        for count, status in ((100_001, 422), (100_002, 413)):
            body = b'{"ids":[%b]}' % b",".join([b"1"] * count)
            headers = {"Content-Type": "application/json"}
            answer = await client.post(f"{THINGS}/points/retrieve", content=body, headers=headers)
            assert answer.status_code == status
        assert answer.json() == {"detail": "The body must hold at most 100000 values."}


async def test_one_element_of_very_many_values_is_not_read() -> None:
    """A point that would keep the event loop for long is a 413, and so is what stands behind the points."""
    few, many = (b",".join([b"1"] * count) for count in (100, 100_100))
    headers = {"Content-Type": "application/json"}
    bodies = {
        b'{"points":[{"id":1,"vector":[1],"payload":{"a":[%b]}}]}' % many: 413,
        b'{"points":[{"id":1,"vector":[1]}],"update_filter":{"must":[{"has_id":[%b]}]}}' % many: 413,
        b'{"points":[%b{"id":1,"vector":[1]}]}' % (b'{"id":1,"vector":[1],"payload":{"a":[%b]}},' % few * 500): 200,
    }
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache()) as client:
        await client.put(THINGS, json={"vector": {"size": 1, "distance": "dot"}})
        for body, status in bodies.items():
            answer = await client.put(f"{THINGS}/points", content=body, headers=headers)
            assert answer.status_code == status
            if status == 413:
                assert answer.json() == {"detail": "An element of 'points' must hold at most 100000 values."}


async def test_a_large_body_that_is_too_deep_is_refused_at_once() -> None:
    """As a small one is."""
    body = b'{"points":[{"id":1,"vector":[1],"payload":{"a":' + b'{"a":[' * 50_000
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache()) as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.put(f"{THINGS}/points", content=body, headers=headers)
    assert (answer.status_code, "nested too deep" in answer.text) == (400, True)


async def test_refuses_what_the_operator_does_not_want() -> None:
    """Each limit is a 422 that says where and how much; a question has a smaller body than a write may have."""
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache(), Settings(limits=LIMITS)) as client:
        await client.put(THINGS, json={"vector": {"size": 1, "distance": "dot"}})
        for method, path, body, detail in REFUSED:
            answer = await client.request(method, path, json=body)
            assert (answer.status_code, answer.json()) == (422, {"detail": detail})
        long = " " * 4096
        for path, status in ((f"{THINGS}/search", 413), (f"{THINGS}/search/batch", 422), (f"{THINGS}/points", 422)):
            method = "PUT" if path.endswith("points") else "POST"
            headers = {"Content-Type": "application/json"}
            answer = await client.request(method, path, content=f"{{}}{long}", headers=headers)
            assert answer.status_code == status


async def nothing() -> Message:
    """Say nothing ever."""
    await asyncio.Event().wait()
    raise AssertionError


async def unheard(message: Message) -> None:
    """Send nothing."""


def scope_of(path: str = THINGS) -> Scope:
    """A request."""
    return {"type": "http", "path": path, "state": {}}


async def test_one_request_too_many_is_turned_away() -> None:
    """Before anything of it is read; health is told all the same, and so is who comes later."""
    served: list[str] = []

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        served.append(scope["path"])

    in_flight = InFlight()
    admission = Admission(serve, in_flight=in_flight, most=1, budget=Budget(1))
    with in_flight:
        await admission(scope_of(), nothing, unheard)
        with in_flight:
            with pytest.raises(Overloaded):
                await admission(scope_of(), nothing, unheard)
            await admission(scope_of("/health/ready"), nothing, unheard)
            await admission(scope_of("/metrics"), nothing, unheard)
    assert served == [THINGS, "/health/ready", "/metrics"]


async def test_bodies_take_no_more_than_the_budget() -> None:
    """What a request took is held until it ends, however it ends, and is then there for others."""
    budget = Budget(10)

    async def take(scope: Scope, receive: Receive, send: Send) -> None:
        budget.take(scope, 6)
        assert budget.held == 6
        budget.take(scope, 5)

    admission = Admission(take, in_flight=InFlight(), most=1, budget=budget)
    for _ in range(2):
        with pytest.raises(Overloaded):
            await admission(scope_of(), nothing, unheard)
        assert budget.held == 0


async def test_a_large_body_is_read_whole() -> None:
    """Many slices are one upsert, and a value that is wrong in the last one is told by its place."""
    settings = Settings(http=HttpSettings(max_body_bytes=2**20))
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache(), settings) as client:
        await client.put(THINGS, json={"vector": {"size": 1, "distance": "dot"}})
        points: list[Any] = [{"id": i, "vector": [1], "payload": {"a": "x" * 2000}} for i in range(200)]
        assert (await client.put(f"{THINGS}/points", json={"points": points})).json() == {"upserted": 200}
        points[-1]["id"] = -1
        answer = await client.put(f"{THINGS}/points", json={"points": points})
        assert json.loads(answer.text)["detail"].startswith("$.points[199].id: expected an unsigned")
