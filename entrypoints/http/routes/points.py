"""Routes about points."""

from __future__ import annotations

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.access import Right
from domain.errors import at
from domain.models import parse_point_id
from domain.points import Points
from entrypoints.http.access import allowed
from entrypoints.http.answers import describe_page, describe_record
from entrypoints.http.bodies import (
    CountBody,
    RetrieveBody,
    ScrollBody,
    SelectionBody,
    SetPayloadBody,
    UpsertBody,
)
from entrypoints.http.bodies.filters import read_filter
from entrypoints.http.bodies.values import read_ids
from entrypoints.http.caching import write_headers
from entrypoints.http.errors import json_response
from entrypoints.http.requests import MAX_OBJECTS_OF_POINTS, JsonBody, collection_name, query_flag


class PointIdConvertor(StringConvertor):
    """What may stand for an id: not the names of the paths beside it, or these would take GET too."""

    regex = "(?!(?:retrieve|delete)$)[^/]+"


register_url_convertor("point", PointIdConvertor())


class PointRoutes:
    """Write and read points."""

    def __init__(self, points: Points, body_limit: int) -> None:
        self._points = points
        self._upsert_body = JsonBody(UpsertBody, body_limit, MAX_OBJECTS_OF_POINTS)
        self._payload_body = JsonBody(SetPayloadBody, body_limit)
        self._retrieve_body = JsonBody(RetrieveBody, body_limit)
        self._selection_body = JsonBody(SelectionBody, body_limit)
        self._scroll_body = JsonBody(ScrollBody, body_limit)
        self._count_body = JsonBody(CountBody, body_limit)

    def routes(self) -> list[Route]:
        """The routes."""
        one = "/v1/collections/{collection}"
        return [
            Route(f"{one}/points", self.upsert, methods=["PUT"]),
            Route(f"{one}/points", self.set_payload, methods=["PATCH"]),
            Route(f"{one}/points/retrieve", self.retrieve, methods=["POST"]),
            Route(f"{one}/points/delete", self.delete, methods=["POST"]),
            Route(f"{one}/points/{{id:point}}", self.get, methods=["GET"]),
            Route(f"{one}/scroll", self.scroll, methods=["POST"]),
            Route(f"{one}/count", self.count, methods=["POST"]),
        ]

    async def upsert(self, request: Request) -> Response:
        """200 with how many were written."""
        name = collection_name(request.scope)
        allowed(request.scope, Right.WRITE, name)
        points = (await self._upsert_body.read(request)).to_domain()
        written = await self._points.upsert(name, points)
        return json_response({"upserted": written.value}, headers=write_headers(written))

    async def set_payload(self, request: Request) -> Response:
        """204."""
        name = collection_name(request.scope)
        allowed(request.scope, Right.WRITE, name)
        body = await self._payload_body.read(request)
        written = await self._points.set_payload(name, body.payload, body.selection())
        return Response(status_code=204, headers=write_headers(written))

    async def retrieve(self, request: Request) -> Response:
        """200 with the points that exist, in the order asked."""
        name = collection_name(request.scope)
        allowed(request.scope, Right.READ, name)
        body = await self._retrieve_body.read(request)
        records = await self._points.retrieve(name, read_ids("ids", body.ids), with_vectors=bool(body.with_vectors))
        base64 = body.with_vectors == "base64"
        return json_response({"points": [describe_record(record, base64=base64) for record in records]})

    async def delete(self, request: Request) -> Response:
        """204."""
        name = collection_name(request.scope)
        allowed(request.scope, Right.WRITE, name)
        body = await self._selection_body.read(request)
        written = await self._points.delete(name, body.selection())
        return Response(status_code=204, headers=write_headers(written))

    async def get(self, request: Request) -> Response:
        """200 with the point."""
        name = collection_name(request.scope, "with_vectors")
        allowed(request.scope, Right.READ, name)
        with at("path.id"):
            point_id = parse_point_id(request.path_params["id"])
        with_vectors = query_flag(request, "with_vectors")
        return json_response(describe_record(await self._points.get(name, point_id, with_vectors=with_vectors)))

    async def scroll(self, request: Request) -> Response:
        """200 with a page of points, and where the next one starts."""
        name = collection_name(request.scope)
        allowed(request.scope, Right.READ, name)
        body = await self._scroll_body.read(request)
        page = await self._points.scroll(
            name, read_filter(body.filter), limit=body.limit, start=body.start(), with_vectors=bool(body.with_vectors)
        )
        return json_response(describe_page(page, base64=body.with_vectors == "base64"))

    async def count(self, request: Request) -> Response:
        """200 with how many points meet the filter."""
        name = collection_name(request.scope)
        allowed(request.scope, Right.READ, name)
        body = await self._count_body.read(request)
        return json_response({"count": await self._points.count(name, read_filter(body.filter))})
