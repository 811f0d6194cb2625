"""The document of the API says what the API does."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from adapters.memory import InMemoryCache, InMemoryVectorStore
from domain import __version__
from entrypoints.http.openapi import document_bytes
from entrypoints.http.openapi.operations import Example, Operation
from tests.fakes import make_app
from tests.integration.openapi_world import (
    EXAMPLES,
    IDS,
    described,
    document,
    fruit_service,
    resolved,
    send,
    validator,
)

ROOT = Path(__file__).parents[2]
CONVERTER = re.compile(r"\{(\w+):\w+\}")


def check_headers(answer: httpx.Response, said: dict[str, Any]) -> None:
    """Headers that must be there are, and all that are there are as the document says."""
    for name, header in said["headers"].items():
        shape = resolved(header)
        assert name in answer.headers or not shape.get("required"), f"{name} is missing"
        value: Any = answer.headers.get(name)
        if value is not None:
            validator(shape["schema"]).validate(int(value) if shape["schema"]["type"] == "integer" else value)


def test_is_openapi() -> None:
    """The document keeps the rules of OpenAPI 3.1, and has the version of the package."""
    OpenAPIV31SpecValidator(document()).validate()
    assert document()["info"]["version"] == __version__


def test_the_file_is_the_document() -> None:
    """docs/openapi.json is what the service answers; `make openapi` writes it anew."""
    assert (ROOT / "docs" / "openapi.json").read_bytes() == document_bytes() + b"\n"


def test_every_route_is_in_it() -> None:
    """What the document describes are the routes of the application with their methods: all of them, and no others."""
    routes = [route for route in make_app(InMemoryVectorStore(), InMemoryCache()).routes if isinstance(route, Route)]
    served = {
        (CONVERTER.sub(r"{\1}", route.path), method)
        for route in routes
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert {(path, method.upper()) for path, methods in document()["paths"].items() for method in methods} == served


def test_every_parameter_of_a_path_is_described() -> None:
    """A path's parameters are those between its braces."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            named = [resolved(one) for one in operation.get("parameters", [])]
            in_path = {one["name"] for one in named if one["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path)), (method, path)


def test_every_reference_leads_somewhere() -> None:
    """Every reference is to a component, and every schema, header and parameter among these is referred to."""
    text = json.dumps(document())
    components = document()["components"]
    there = {f"#/components/{kind}/{name}" for kind, all_ in components.items() for name in all_}
    used = set(re.findall(r'"\$ref": "([^"]+)"', text))
    assert used <= there
    unused = {name for name in there - used if "/securitySchemes/" not in name}
    assert unused == {"#/components/responses/MethodNotAllowed"}


@pytest.mark.parametrize(("operation", "example"), EXAMPLES, ids=IDS)
async def test_examples(operation: Operation, example: Example) -> None:
    """Each example is a good request by its schema, and gets the answer that stands there, of the schema's form."""
    said = described(operation, example.status)
    async with fruit_service(made=example.status != 201) as client:
        answer = await send(client, operation, example)
    assert answer.status_code == example.status, answer.text
    check_headers(answer, said)
    if example.body is not None:
        taken = document()["paths"][operation.path][operation.method.lower()]["requestBody"]
        validator(taken["content"]["application/json"]["schema"]).validate(example.body)
    if "content" not in said:
        assert answer.content == b""
        return
    media_type = answer.headers["Content-Type"].partition(";")[0]
    if media_type == "application/json":
        validator(said["content"][media_type]["schema"], closed=True).validate(answer.json())
    assert example.answer is None or answer.json() == example.answer


def test_every_operation_has_an_example() -> None:
    """Each operation has an example, and each body of a request shows one."""
    operations = [operation for methods in document()["paths"].values() for operation in methods.values()]
    assert {one.id for one, _ in EXAMPLES} == {operation["operationId"] for operation in operations}
    bodies = [operation["requestBody"]["content"] for operation in operations if "requestBody" in operation]
    assert all(body["application/json"]["examples"] for body in bodies)


async def test_is_answered_with_a_tag() -> None:
    """GET /openapi.json gives the document, and 304 to who has it."""
    async with fruit_service(made=False) as client:
        answer = await client.get("/openapi.json")
        again = await client.get("/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
        other = await client.get("/openapi.json", headers={"If-None-Match": '"other"', "Accept-Encoding": "gzip;q=0"})
    assert (answer.status_code, again.status_code, again.content) == (200, 304, b"")
    assert answer.json() == other.json() == document()
    assert (answer.headers["Content-Encoding"], other.headers.get("Content-Encoding")) == ("gzip", None)
