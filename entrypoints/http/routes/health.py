"""Routes that tell how the service is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.errors import Backend
from domain.health import Health, Status
from entrypoints.http.access import is_known
from entrypoints.http.answers import describe_infra
from entrypoints.http.errors import UNAVAILABLE, error_response, json_response, retry_after
from entrypoints.http.lifespan import Readiness


class HealthRoutes:
    """For supervisors, balancers and people."""

    def __init__(self, health: Health, readiness: Readiness) -> None:
        self._health = health
        self._readiness = readiness

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/health/live", self.live, methods=["GET"]),
            Route("/health/ready", self.ready, methods=["GET"]),
            Route("/health/infra", self.infra, methods=["GET"]),
        ]

    async def live(self, request: Request) -> Response:
        """200: the process answers. No backend is asked."""
        return json_response({"status": "alive"})

    async def ready(self, request: Request) -> Response:
        """200 between start and stop, whether or not the backends are there."""
        if self._readiness.ready:
            return json_response({"status": "ready"})
        return error_response(503, "The service is starting or stopping.", retry_after(None))

    async def infra(self, request: Request) -> Response:
        """200 while a search can be served, 503 without the vector store; with both backends, for who is known."""
        health = await self._health.check()
        known = is_known(request.scope)
        if health.status is Status.DOWN:
            detail = UNAVAILABLE[Backend.VECTOR_STORE]
            return error_response(503, detail, retry_after(None), describe_infra(health) if known else None)
        return json_response(describe_infra(health) if known else {"status": health.status})
