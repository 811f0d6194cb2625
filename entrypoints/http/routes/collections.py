"""Routes about collections as a whole."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.access import Right
from domain.collections import Collections
from domain.errors import at
from domain.paths import parse_path
from entrypoints.http.access import allowed, grant_of
from entrypoints.http.answers import describe_collection
from entrypoints.http.bodies import CollectionBody, IndexBody
from entrypoints.http.caching import write_headers
from entrypoints.http.errors import json_response
from entrypoints.http.limits import Limits
from entrypoints.http.paths import COLLECTION
from entrypoints.http.requests import JsonBody, check_query, collection_name


class CollectionRoutes:
    """Make, look at and delete collections, index fields, and purge the cache."""

    def __init__(self, collections: Collections, limits: Limits) -> None:
        self._collections = collections
        self._limits = limits
        self._collection_body = JsonBody(CollectionBody, limits)
        self._index_body = JsonBody(IndexBody, limits)

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/v1/collections", self.list, methods=["GET"]),
            Route(COLLECTION, self.create, methods=["PUT"]),
            Route(COLLECTION, self.describe, methods=["GET"]),
            Route(COLLECTION, self.delete, methods=["DELETE"]),
            Route(f"{COLLECTION}/indexes/{{field:path}}", self.create_index, methods=["PUT"]),
            Route(f"{COLLECTION}/cache", self.purge, methods=["DELETE"]),
        ]

    async def list(self, request: Request) -> Response:
        """200 with the names that the caller may know."""
        check_query(request.scope)
        grant = grant_of(request.scope)
        return json_response({"collections": [name for name in await self._collections.list() if grant.covers(name)]})

    async def create(self, request: Request) -> Response:
        """201 where it was made, 200 where it existed just so; with its description."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.ADMIN, name)
        body = await self._collection_body.read(request)
        self._limits.check_vector_size(body.vector.size)
        made = await self._collections.create(body.to_domain(name), tenant)
        description = describe_collection(await self._collections.describe(name, tenant))
        return json_response(description, 201 if made.value else 200, write_headers(made))

    async def describe(self, request: Request) -> Response:
        """200 with the description."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.READ, name)
        return json_response(describe_collection(await self._collections.describe(name, tenant)))

    async def delete(self, request: Request) -> Response:
        """204."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.ADMIN, name)
        deleted = await self._collections.delete(name, tenant)
        return Response(status_code=204, headers=write_headers(deleted))

    async def create_index(self, request: Request) -> Response:
        """200 where the index is built, 202 while it is being built."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.ADMIN, name)
        field = request.path_params["field"]
        with at("path.field"):
            parse_path(field)
        body = await self._index_body.read(request)
        written = await self._collections.create_index(name, field, body.type, tenant)
        answer = {"field": field, "type": body.type, "built": written.value}
        return json_response(answer, 200 if written.value else 202, write_headers(written))

    async def purge(self, request: Request) -> Response:
        """204 when everything cached of the collection is forgotten."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.ADMIN, name)
        await self._collections.purge(name, tenant)
        return Response(status_code=204)
