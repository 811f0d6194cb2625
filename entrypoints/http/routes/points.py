"""Routes about points."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.access import Right
from domain.errors import at
from domain.filters import Filter
from domain.models import Point, parse_point_id
from domain.points import Points
from domain.ports import NO_METRICS, Metrics
from domain.queries import Selection
from entrypoints.http.access import allowed
from entrypoints.http.answers import describe_page, describe_record
from entrypoints.http.bodies import (
    CountBody,
    PointBody,
    RetrieveBody,
    ScrollBody,
    SelectionBody,
    SetPayloadBody,
    UpsertBody,
)
from entrypoints.http.bodies.filter_forms import FilterBody
from entrypoints.http.bodies.filters import read_filter
from entrypoints.http.bodies.values import read_ids
from entrypoints.http.caching import write_headers
from entrypoints.http.errors import json_response
from entrypoints.http.limits import Limits
from entrypoints.http.lists import ListBody
from entrypoints.http.paths import COLLECTION
from entrypoints.http.requests import MAX_OBJECTS_OF_POINTS, JsonBody, collection_name, query_flag


class PointRoutes:
    """Write and read points."""

    def __init__(self, points: Points, limits: Limits, metrics: Metrics = NO_METRICS) -> None:
        self._points = points
        self._limits = limits
        self._metrics = metrics
        self._upsert_body = ListBody(
            UpsertBody, "points", PointBody, self._point, limits, most=limits.points, most_objects=MAX_OBJECTS_OF_POINTS
        )
        self._payload_body = JsonBody(SetPayloadBody, limits)
        self._retrieve_body = JsonBody(RetrieveBody, limits)
        self._selection_body = JsonBody(SelectionBody, limits)
        self._scroll_body = JsonBody(ScrollBody, limits)
        self._count_body = JsonBody(CountBody, limits)

    def _point(self, body: PointBody, most: int) -> Point:
        point = body.to_domain()
        self._limits.check_payload(point.payload, most)
        return point

    def _filter(self, body: FilterBody | None) -> Filter:
        return self._limits.check_filter(read_filter(body))

    def _selected(self, body: SelectionBody) -> Selection:
        self._limits.check_items("ids", len(body.ids or ()))
        selection = body.selection()
        if selection.filter is not None:
            self._limits.check_filter(selection.filter)
        return selection

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(f"{COLLECTION}/points", self.upsert, methods=["PUT"]),
            Route(f"{COLLECTION}/points", self.set_payload, methods=["PATCH"]),
            Route(f"{COLLECTION}/points/retrieve", self.retrieve, methods=["POST"]),
            Route(f"{COLLECTION}/points/delete", self.delete, methods=["POST"]),
            Route(f"{COLLECTION}/points/{{id:point}}", self.get, methods=["GET"]),
            Route(f"{COLLECTION}/scroll", self.scroll, methods=["POST"]),
            Route(f"{COLLECTION}/count", self.count, methods=["POST"]),
        ]

    async def upsert(self, request: Request) -> Response:
        """200 with how many were written."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.WRITE, name)
        points, body = await self._upsert_body.read(request)
        only = self._limits.check_filter(body.only(), "update_filter")
        written = await self._points.upsert(name, points, only=only, tenant=tenant)
        self._metrics.points_written(written.value)
        return json_response({"upserted": written.value}, headers=write_headers(written))

    async def set_payload(self, request: Request) -> Response:
        """204."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.WRITE, name)
        body = await self._payload_body.read(request)
        self._limits.check_payload(body.payload, self._limits.question_bytes)
        written = await self._points.set_payload(name, body.payload, self._selected(body), tenant)
        return Response(status_code=204, headers=write_headers(written))

    async def retrieve(self, request: Request) -> Response:
        """200 with the points that exist, in the order asked."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.READ, name)
        body = await self._retrieve_body.read(request)
        self._limits.check_items("ids", len(body.ids))
        ids, with_vectors = read_ids("ids", body.ids), bool(body.with_vectors)
        records = await self._points.retrieve(name, ids, with_vectors=with_vectors, tenant=tenant)
        base64 = body.with_vectors == "base64"
        return json_response({"points": [describe_record(record, base64=base64) for record in records]})

    async def delete(self, request: Request) -> Response:
        """204."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.WRITE, name)
        body = await self._selection_body.read(request)
        written = await self._points.delete(name, self._selected(body), tenant)
        return Response(status_code=204, headers=write_headers(written))

    async def get(self, request: Request) -> Response:
        """200 with the point."""
        name = collection_name(request.scope, "with_vectors")
        tenant = allowed(request.scope, Right.READ, name)
        with at("path.id"):
            point_id = parse_point_id(request.path_params["id"])
        with_vectors = query_flag(request, "with_vectors")
        record = await self._points.get(name, point_id, with_vectors=with_vectors, tenant=tenant)
        return json_response(describe_record(record))

    async def scroll(self, request: Request) -> Response:
        """200 with a page of points, and where the next one starts."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.READ, name)
        body = await self._scroll_body.read(request)
        page = await self._points.scroll(
            name,
            self._filter(body.filter),
            limit=body.limit,
            start=body.start(),
            with_vectors=bool(body.with_vectors),
            tenant=tenant,
        )
        return json_response(describe_page(page, base64=body.with_vectors == "base64"))

    async def count(self, request: Request) -> Response:
        """200 with how many points meet the filter."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.READ, name)
        body = await self._count_body.read(request)
        return json_response({"count": await self._points.count(name, self._filter(body.filter), tenant)})
