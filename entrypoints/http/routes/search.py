"""Routes that search."""

from __future__ import annotations

import cachebox
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.access import Right, Tenant
from domain.freshness import Cached
from domain.models import Hit
from domain.ports import NO_METRICS, Metrics
from domain.queries import SearchQuery
from domain.search import MAX_SEARCHES, Search, SearchResult
from entrypoints.http.access import allowed
from entrypoints.http.answers import describe_result
from entrypoints.http.bodies import SearchBatchBody, SearchBody
from entrypoints.http.caching import read_demand, search_headers
from entrypoints.http.errors import json_response
from entrypoints.http.limits import Limits
from entrypoints.http.lists import ListBody
from entrypoints.http.paths import COLLECTION
from entrypoints.http.requests import MAX_OBJECTS, JsonBody, collection_name

KEPT_BYTES = 16 * 1024 * 1024
"""How much of the bodies that came last is kept with what they mean, and as much of the answers."""

_JSON = (b"content-type", b"application/json")

_BEFORE, _AFTER = "/v1/collections/", "/search"

_HIT = Cached.HIT

LARGEST_KEPT = KEPT_BYTES // 64
"""One that is larger is read and written anew each time."""


class SearchRoutes:
    """Find the nearest neighbours."""

    def __init__(self, search: Search, limits: Limits, metrics: Metrics = NO_METRICS) -> None:
        self._search = search
        self._limits = limits
        self._metrics = metrics
        self.single = SingleSearch(search, limits, metrics)
        self._batch_body = ListBody(
            SearchBatchBody, "searches", SearchBody, self._query, limits, most=MAX_SEARCHES, most_objects=MAX_OBJECTS
        )

    def _query(self, body: SearchBody, _: int) -> SearchQuery:
        query = body.to_domain()
        self._limits.check_filter(query.filter)
        return query

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(f"{COLLECTION}{_AFTER}", self.single, methods=["POST"]),
            Route(f"{COLLECTION}{_AFTER}/batch", self.search_batch, methods=["POST"]),
        ]

    async def search_batch(self, request: Request) -> Response:
        """200 with the hits of each search, in order."""
        name = collection_name(request.scope)
        tenant = allowed(request.scope, Right.READ, name)
        queries, _ = await self._batch_body.read(request)
        results = await self._search.search_batch(name, queries, read_demand(request.scope), tenant)
        for result in results:
            self._metrics.searched(_outcome(result))
        answer = {"results": [describe_result(result) for result in results]}
        response = json_response(answer)
        response.raw_headers += search_headers(results)
        return response


class SearchFirst:
    """Middleware that serves the busiest route without a router: for a hit, finding it costs as much as the cache.

    Whatever is not quite like a search goes the usual way.
    """

    def __init__(self, app: ASGIApp, search: SingleSearch) -> None:
        self._app = app
        self._search = search
        self._route = Route(f"{COLLECTION}{_AFTER}", search, methods=["POST"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "POST":
            name = scope["path"].removeprefix(_BEFORE).removesuffix(_AFTER)
            if name and "/" not in name and len(name) == len(scope["path"]) - len(_BEFORE) - len(_AFTER):
                scope["path_params"] = {"collection": name}
                scope["route"] = self._route
                await self._search(scope, receive, send)
                return
        await self._app(scope, receive, send)


class SingleSearch:
    """200 with the hits, nearest first. An ASGI application, so that a hit costs no `Request` and no `Response`.

    What the bodies mean that were answered from memory, and what their hits look like in JSON, is kept for
    those that came last: the same bytes of the same tenant mean the same, and hits do not change.
    """

    def __init__(self, search: Search, limits: Limits, metrics: Metrics = NO_METRICS) -> None:
        self._search = search
        self._limits = limits
        self._metrics = metrics
        self._body = JsonBody(SearchBody, limits)
        self._queries: cachebox.LRUCache[bytes | tuple[bytes, Tenant], SearchQuery] = cachebox.LRUCache(
            KEPT_BYTES, getsizeof=lambda key, _: 2 * len(key if isinstance(key, bytes) else key[0]) + 1000
        )
        self._answers: cachebox.LRUCache[int, tuple[tuple[Hit, ...], bytes]] = cachebox.LRUCache(
            KEPT_BYTES, getsizeof=lambda _, kept: 4 * len(kept[1])
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        name = collection_name(scope)
        tenant = allowed(scope, Right.READ, name)
        body = await self._body.receive(scope, receive)
        key = body if tenant is None else (body, tenant)
        known: SearchQuery | None = self._queries.get(key)
        query = known or self._read(body).of(tenant)
        result = await self._search.search(name, query, read_demand(scope), tenant)
        self._metrics.searched(_outcome(result))
        if known is None and result.cached is _HIT and len(body) <= LARGEST_KEPT:
            self._queries.insert(key, query)
        answer = self._written(result)
        headers = [_JSON, (b"content-length", b"%d" % len(answer)), *search_headers([result])]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _read(self, body: bytes) -> SearchQuery:
        query = self._body.decode(body).to_domain()
        self._limits.check_filter(query.filter)
        return query

    def _written(self, result: SearchResult) -> bytes:
        if result.stale or not result.age:
            return msgspec.json.encode(describe_result(result))
        # The key is good for as long as the hits are kept beside it.
        kept: tuple[tuple[Hit, ...], bytes] | None = self._answers.get(id(result.hits))
        if kept is None:
            kept = (result.hits, msgspec.json.encode(describe_result(result)))
            if len(kept[1]) <= LARGEST_KEPT:
                self._answers.insert(id(result.hits), kept)
        return kept[1]


def _outcome(result: SearchResult) -> str:
    if result.stale:
        return "stale"
    # Members of enumerations are slow to look up, and this one stands in the way of every hit.
    return "hit" if result.cached is _HIT else result.cached.value
