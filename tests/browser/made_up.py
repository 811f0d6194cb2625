"""A service that tells the status page what a test makes up, at the addresses of the real one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from entrypoints.http.routes.status import StatusRoutes

HISTORY: list[dict[str, Any]] = [
    {"at": "2026-01-31T12:00:00Z", "event": "failed", "operation": "recall", "failure": "refused"},
    {"at": "2026-01-31T12:00:01Z", "event": "breaker_opened", "breaker": "read", "open_seconds": 1.0},
    {"at": "2026-01-31T12:00:02Z", "event": "breaker_half_open", "breaker": "read"},
    {"at": "2026-01-31T12:00:03Z", "event": "breaker_closed", "breaker": "read"},
    {"at": "2026-01-31T12:00:03Z", "event": "recovered", "after_seconds": 3.25},
]


def up(technology: str, version: str | None, history: list[dict[str, Any]]) -> dict[str, Any]:
    """A backend that is well."""
    breakers = {"read": "closed", "write": "closed"}
    told = {"technology": technology, "version": version, "last_failure": None}
    return {"status": "up", "latency_ms": 0.64, "breakers": breakers, "history": history, **told}


def down(history: list[dict[str, Any]]) -> dict[str, Any]:
    """A backend that is not."""
    breakers = {"read": "open", "write": "half_open"}
    return {"status": "down", "latency_ms": 2000.1, "failure": "timeout", "breakers": breakers, "history": history}


def metrics(reading: int) -> str:
    """What has been counted at the reading of this number: each adds 90 fair searches and 10 that failed."""
    route, done = "/v1/collections/{collection}/search", reading * 100
    within = {"0.001": 0, "0.01": done, "0.1": done, "+Inf": done}
    return "\n".join(
        [
            "# HELP holdfast_http_requests_total Requests.",
            "# TYPE holdfast_http_requests_total counter",
            f'holdfast_http_requests_total{{method="POST",route="{route}",status="200"}} {reading * 90}',
            f'holdfast_http_requests_total{{method="POST",route="{route}",status="503"}} {reading * 10}',
            f'holdfast_http_requests_total{{method="GET",route="/health/infra",status="200"}} {reading * 1e6}',
            *(f'holdfast_http_request_seconds_bucket{{route="{route}",le="{le}"}} {n}' for le, n in within.items()),
            f'holdfast_http_request_seconds_count{{route="{route}"}} {done}',
            f'holdfast_cache_outcomes_total{{outcome="hit"}} {reading * 75}',
            f'holdfast_cache_outcomes_total{{outcome="stored"}} {reading * 25}',
            f'holdfast_backend_calls_total{{backend="vector_store",operation="search",outcome="ok"}} {done}',
            f'holdfast_backend_calls_total{{backend="cache",operation="recall",outcome="refused"}} {reading * 7}',
            "holdfast_http_in_flight 3",
            'holdfast_build_info{version="9.8.7"} 1',
            "",
        ]
    )


def described(name: str) -> dict[str, Any]:
    """A collection that is still being built."""
    told = {"points": 12345, "status": "building", "indexed": {"section": 6000}, "indexed_vectors": 6172}
    return {"name": name, "size": 4, "distance": "cosine", "indexes": {"section": "keyword"}, **told}


@dataclass
class MadeUp:
    """What the service says, and what it was asked; `metrics` is asked with the number of the reading, from 1."""

    infra: dict[str, Any] = field(
        default_factory=lambda: {
            "status": "up",
            "vector_store": up("qdrant-edge", "0.9.0", []),
            "cache": up("redis", "8.0.2", HISTORY),
        }
    )
    metrics: Callable[[int], str] | None = metrics
    names: list[str] = field(default_factory=lambda: ["fruit"])
    describe: Callable[[str], dict[str, Any]] = described
    keys: Mapping[str, bool] = field(default_factory=dict)
    """Each key, and whether it may do anything; where there are none, none is asked for."""
    answer: tuple[int, str, dict[str, str]] = (200, '{"hits": [], "stale": false}', {})
    """That of a search: status, body and headers."""
    asked: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    readings: int = 0

    def app(self) -> Starlette:
        """The application."""
        routes = [
            *StatusRoutes().routes(),
            Route("/health/infra", self._guarded(self._infra)),
            Route("/metrics", self._guarded(self._metrics)),
            Route("/v1/collections", self._guarded(lambda _: JSONResponse({"collections": self.names}))),
            # A name that a test makes up may have a slash in it.
            Route("/v1/collections/{name:path}/search", self._search, methods=["POST"]),
            Route("/v1/collections/{name:path}", self._guarded(self._describe)),
        ]
        return Starlette(routes=routes)

    def _guarded(self, give: Callable[[Request], Response]) -> Callable[[Request], Any]:
        async def route(request: Request) -> Response:
            self.asked.append(request.url.path)
            return self._refused(request) or give(request)

        return route

    def _refused(self, request: Request) -> Response | None:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.keys or self.keys.get(given):
            return None
        if given in self.keys:
            return JSONResponse({"detail": "This key gives no right to that."}, 403)
        return JSONResponse({"detail": "Expected a key."}, 401, {"WWW-Authenticate": "Bearer"})

    def _infra(self, _: Request) -> Response:
        return JSONResponse(self.infra, 503 if self.infra["status"] == "down" else 200)

    def _metrics(self, _: Request) -> Response:
        self.readings += 1
        if self.metrics is None:
            return JSONResponse({"detail": "There is nothing at this path."}, 404)
        return Response(self.metrics(self.readings), media_type="text/plain; version=0.0.4")

    def _describe(self, request: Request) -> Response:
        return JSONResponse(self.describe(request.path_params["name"]))

    async def _search(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        self.bodies.append((await request.body()).decode())
        status, body, headers = self.answer
        return self._refused(request) or Response(body, status, headers, media_type="application/json")
