"""The route that tells what was counted."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.ports import Metrics, VectorStore
from entrypoints.http.access import grant_of


class MetricsRoutes:
    """For Prometheus, and whatever reads its formats."""

    def __init__(self, metrics: Metrics, store: VectorStore) -> None:
        self._metrics = metrics
        self._store = store

    def routes(self) -> list[Route]:
        """The routes."""
        return [Route("/metrics", self.metrics, methods=["GET"])]

    async def metrics(self, request: Request) -> Response:
        """200 with everything that was counted, by all workers. No backend is asked but the engine's own process.

        403 for a tenant, to whom it would tell how much the others write.
        """
        if grant_of(request.scope).tenant is not None:
            raise HTTPException(403, "This key is of one tenant, and metrics are of all.")
        engine = await self._store.engine_figures()
        media_type, body = self._metrics.render(request.headers.get("accept", ""), engine)
        return Response(body, headers={"Content-Type": media_type})
