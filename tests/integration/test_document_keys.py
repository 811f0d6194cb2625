"""Every operation of the document, as its own examples ask for it, before callers who may not have the answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from adapters.memory import InMemoryCache, InMemoryVectorStore
from domain.access import Grant, Right, Tenant
from domain.models import parse_point_id
from entrypoints.http.openapi import fruit
from entrypoints.http.openapi.operations import Example, Operation
from tests.fakes import serve_in_process
from tests.integration.key_world import SECRETS, application
from tests.integration.openapi_world import EXAMPLES, IDS, document, send

UNAUTHENTICATED = {"detail": "A valid key is needed."}
ALPHA, BETA = Tenant("tenant", "alpha"), Tenant("tenant", "beta")
FRUIT = "/v1/collections/fruit"
VARYING = ("x-request-id", "age")


def securities(operation: Operation) -> list[dict[str, list[str]]]:
    """What the document asks of a caller; an empty list or an empty member is nothing."""
    whole = document()
    own = whole["paths"][operation.path][operation.method.lower()]
    found: list[dict[str, list[str]]] = own.get("security", whole["security"])
    return found


@pytest.mark.parametrize(("operation", "example"), EXAMPLES, ids=IDS)
async def test_the_document_says_who_is_answered(operation: Operation, example: Example) -> None:
    """Where it asks for a key, none, a wrong and an expired one are one 401, in either header; else they are not."""
    asked = securities(operation)
    for key in (None, "wrong", "expired"):
        for header in ("Authorization", "X-API-Key") if key else ("",):
            value = f"{'Bearer ' * (header == 'Authorization')}{SECRETS[key]}" if key else ""
            answer = await answer_to(operation, example, {header: value} if key else {})
            if asked and (key is not None or {} not in asked):
                assert (answer.status_code, answer.json()) == (401, UNAUTHENTICATED)
                assert answer.headers["WWW-Authenticate"] == "Bearer"
            else:
                assert answer.status_code not in {401, 403}


@pytest.mark.parametrize(("operation", "example"), EXAMPLES, ids=IDS)
async def test_a_key_of_other_collections_learns_nothing(operation: Operation, example: Example) -> None:
    """It is a 403, whether or not the collection exists; and no name is listed."""
    answer = await answer_to(operation, example, {"X-API-Key": SECRETS["elsewhere"]})
    if "{collection}" in operation.path:
        assert answer.status_code == 403
    if operation.path == "/v1/collections":
        assert answer.json() == {"collections": []}


@pytest.mark.parametrize(("operation", "example"), EXAMPLES, ids=IDS)
async def test_a_tenant_is_answered_as_if_he_were_alone(operation: Operation, example: Example) -> None:
    """Beside another's points every answer is the same as in an empty collection; and those points stay."""
    if operation.path == "/health/infra":
        # What it tells of the backends differs from one moment to the next, and is of nobody's points.
        return
    shared, alone = InMemoryVectorStore(), InMemoryVectorStore()
    await fill(shared, ALPHA)
    await fill(alone, None)
    before = await points_of(shared)
    answers = []
    for store in (shared, alone):
        grant = Grant("beta", frozenset({Right.READ, Right.WRITE}), tenant=BETA)
        async with serve_in_process(store, InMemoryCache(), grant=grant) as client:
            answers.append(await send(client, operation, example))
    one, other = answers
    assert operation.path != "/metrics" or one.status_code == 403
    assert (one.status_code, one.content, headers_of(one)) == (other.status_code, other.content, headers_of(other))
    assert [each for each in await points_of(shared) if each[1].get("tenant") == "alpha"] == before


async def answer_to(operation: Operation, example: Example, headers: dict[str, str]) -> httpx.Response:
    """The answer of a service that has the collection and the points of the examples."""
    store = InMemoryVectorStore()
    await fill(store, ALPHA)
    transport = httpx.ASGITransport(app=application(store))
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        return await send(client, operation, example)


async def fill(store: InMemoryVectorStore, tenant: Tenant | None) -> None:
    """Make the collection of the examples, with their points if they are a tenant's."""
    async with serve_in_process(store, InMemoryCache()) as client:
        (await client.put(FRUIT, json=fruit.NEW)).raise_for_status()
        if tenant is None:
            return
        points = [
            {**point, "payload": {**point.get("payload", {}), tenant.field: tenant.value}}
            for point in fruit.POINTS["points"]
        ]
        (await client.put(f"{FRUIT}/points", json={"points": points})).raise_for_status()


async def points_of(store: InMemoryVectorStore) -> list[tuple[Any, Any]]:
    """The ids and payloads of all points of the examples, of whomever."""
    ids = [parse_point_id(str(point["id"])) for point in fruit.POINTS["points"]]
    return [(record.id, record.payload) for record in await store.retrieve("fruit", ids)]


def headers_of(answer: httpx.Response) -> dict[str, str]:
    """The headers but those that differ from one request to the next."""
    return {name: value for name, value in answer.headers.items() if name not in VARYING}
