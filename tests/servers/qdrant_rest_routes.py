"""The calls of Qdrant's REST interface, on the data of a stand-in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from qdrant_client.http import models
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.servers.qdrant_core import QdrantCore
from tests.servers.qdrant_rules import Kind, QdrantError

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
Schema: TypeAlias = Any
OPEN_PATHS = ("/", "/healthz", "/livez", "/readyz")
"""What the real server answers without an API key."""


def error_response(status: int, message: str) -> Response:
    """An error as the real server words it."""
    body = to_json({"status": {"error": message}, "time": 0.0})
    return Response(body, status, media_type="application/json")


async def _answer(result: Awaitable[object]) -> Response:
    """The envelope around the result, or the error in its place."""
    try:
        return Response(
            b'{"result":%s,"status":"ok","time":0.0}' % to_json(await result), media_type="application/json"
        )
    except QdrantError as error:
        return error_response(error.kind.status, error.message)


def _plain(call: Callable[[str], Awaitable[object]]) -> Endpoint:
    """An endpoint without a body."""

    async def endpoint(request: Request) -> Response:
        return await _answer(call(request.path_params["name"]))

    return endpoint


def _parsed(call: Callable[[str, Any], Awaitable[object]], type_: Schema) -> Endpoint:
    """An endpoint whose body is of the type."""
    adapter: TypeAdapter[Any] = TypeAdapter(type_)

    async def endpoint(request: Request) -> Response:
        try:
            body = adapter.validate_json(await request.body())
        except ValidationError as error:
            problem = error.errors(include_url=False, include_context=False, include_input=False)[0]["msg"]
            return error_response(Kind.INVALID.status, f"Format error in JSON body: {problem}")
        return await _answer(call(request.path_params["name"], body))

    return endpoint


def routes(core: QdrantCore) -> list[Route]:
    """The calls that the client makes."""

    async def root(_request: Request) -> Response:
        return Response(to_json(await core.info()), media_type="application/json")

    async def collections(_request: Request) -> Response:
        return await _answer(core.list_collections())

    async def health(_request: Request) -> Response:
        return PlainTextResponse("healthz check passed")

    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "", _plain(core.get_collection)),
        ("DELETE", "", _plain(core.delete_collection)),
        ("PUT", "", _parsed(core.create_collection, models.CreateCollection)),
        ("GET", "/exists", _plain(core.collection_exists)),
        ("PUT", "/index", _parsed(core.create_index, models.CreateFieldIndex)),
        ("PUT", "/points", _parsed(core.upsert, models.PointInsertOperations)),
        ("POST", "/points", _parsed(core.retrieve, models.PointRequest)),
        ("POST", "/points/payload", _parsed(core.set_payload, models.SetPayload)),
        ("POST", "/points/delete", _parsed(core.delete, models.PointsSelector)),
        ("POST", "/points/scroll", _parsed(core.scroll, models.ScrollRequest)),
        ("POST", "/points/count", _parsed(core.count, models.CountRequest)),
        ("POST", "/points/query", _parsed(core.query, models.QueryRequest)),
        ("POST", "/points/query/batch", _parsed(core.query_batch, models.QueryRequestBatch)),
    ]
    routes = [Route("/", root), Route("/collections", collections), *(Route(path, health) for path in OPEN_PATHS[1:])]
    return routes + [Route("/collections/{name}" + path, end, methods=[method]) for method, path, end in table]
