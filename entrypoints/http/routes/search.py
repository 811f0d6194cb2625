"""Routes that search."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.search import Search
from entrypoints.http.answers import describe_result
from entrypoints.http.bodies import SearchBatchBody, SearchBody
from entrypoints.http.caching import read_demand, search_headers
from entrypoints.http.errors import json_response
from entrypoints.http.requests import JsonBody, collection_name


class SearchRoutes:
    """Find the nearest neighbours."""

    def __init__(self, search: Search, body_limit: int) -> None:
        self._search = search
        self._search_body = JsonBody(SearchBody, body_limit)
        self._batch_body = JsonBody(SearchBatchBody, body_limit)

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/v1/collections/{collection}/search", self.search, methods=["POST"]),
            Route("/v1/collections/{collection}/search/batch", self.search_batch, methods=["POST"]),
        ]

    async def search(self, request: Request) -> Response:
        """200 with the hits, nearest first."""
        name = collection_name(request)
        query = (await self._search_body.read(request)).to_domain()
        result = await self._search.search(name, query, read_demand(request))
        return json_response(describe_result(result), headers=search_headers([result]))

    async def search_batch(self, request: Request) -> Response:
        """200 with the hits of each search, in order."""
        name = collection_name(request)
        queries = (await self._batch_body.read(request)).to_domain()
        results = await self._search.search_batch(name, queries, read_demand(request))
        answer = {"results": [describe_result(result) for result in results]}
        return json_response(answer, headers=search_headers(results))
