"""The document as a test reads it, and the requests that its examples are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

from adapters.memory import InMemoryCache, InMemoryVectorStore
from entrypoints.http.openapi import fruit
from entrypoints.http.openapi.document import OPERATIONS, document_bytes
from entrypoints.http.openapi.operations import Example, Operation
from tests.fakes import serve_in_process

EXAMPLES = [(one, example) for one in OPERATIONS for example in one.examples]
IDS = [f"{one.id}-{example.name}" for one, example in EXAMPLES]


def document() -> dict[str, Any]:
    """The document, to keep and to change."""
    parsed: dict[str, Any] = json.loads(document_bytes())
    return parsed


@cache
def _components(*, closed: bool) -> dict[str, Any]:
    components: dict[str, Any] = document()["components"]
    for schema in components["schemas"].values() if closed else ():
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return components


def validator(schema: Mapping[str, Any], *, closed: bool = False) -> Draft202012Validator:
    """Judges values by a schema of the document; where `closed`, objects hold no property that it does not name."""
    whole = {**schema, "components": _components(closed=closed)}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def resolved(value: Mapping[str, Any]) -> dict[str, Any]:
    """What is at a reference, or the value itself."""
    found: Any = value
    while "$ref" in found:
        where, found = found["$ref"], document()
        for step in where.removeprefix("#/").split("/"):
            found = found[step]
    return dict(found)


def described(operation: Operation, status: int) -> dict[str, Any]:
    """What the document says of this answer."""
    responses = document()["paths"][operation.path][operation.method.lower()]["responses"]
    return resolved(responses[str(status)])


async def send(client: httpx.AsyncClient, operation: Operation, example: Example) -> httpx.Response:
    """The answer to an example."""
    path = operation.path
    for name, value in example.path.items():
        path = path.replace(f"{{{name}}}", value)
    body = {} if example.body is None else {"json": example.body}
    return await client.request(
        operation.method, path, params=dict(example.query), headers=dict(example.headers), **body
    )


@asynccontextmanager
async def fruit_service(*, made: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """The service; where `made`, with the collection and the points of the examples."""
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache()) as client:
        for path, body in (("", fruit.NEW), ("/points", fruit.POINTS)) if made else ():
            (await client.put(f"/v1/collections/fruit{path}", json=body)).raise_for_status()
        yield client
