"""The application: routes, middleware and lifespan, put together from a container."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from containers import Container
from entrypoints.http.admission import Admission
from entrypoints.http.authentication import Authentication
from entrypoints.http.bounds import RequestBounds
from entrypoints.http.errors import handle_http_exception
from entrypoints.http.lifespan import Readiness, make_lifespan
from entrypoints.http.limits import Limits
from entrypoints.http.middleware import ErrorResponses, InFlight, RequestContext
from entrypoints.http.rates import RateLimits
from entrypoints.http.routes.collections import CollectionRoutes
from entrypoints.http.routes.document import DocumentRoutes
from entrypoints.http.routes.health import HealthRoutes
from entrypoints.http.routes.metrics import MetricsRoutes
from entrypoints.http.routes.points import PointRoutes
from entrypoints.http.routes.search import SearchFirst, SearchRoutes
from entrypoints.http.routes.status import StatusRoutes
from entrypoints.http.tracing import RequestTraces


def create_app(container: Container) -> Starlette:
    """The service over HTTP. Nothing is connected until a request, or the lifespan, needs it."""
    readiness, in_flight = Readiness(), InFlight()
    settings = container.settings()
    http = settings.http
    limits = Limits(settings.limits, http.max_body_bytes)
    bounds = {"read_seconds": http.read_deadline, "write_seconds": http.write_deadline}
    metrics = container.metrics()
    search = SearchRoutes(container.search(), limits, metrics)
    app = Starlette(
        routes=[
            # The busiest first: each route that does not match costs a little.
            *search.routes(),
            *PointRoutes(container.points(), limits, metrics).routes(),
            *CollectionRoutes(container.collections(), limits).routes(),
            *HealthRoutes(container.health(), readiness).routes(),
            *MetricsRoutes(metrics, container.vector_store()).routes(),
            *DocumentRoutes().routes(),
            *StatusRoutes().routes(),
        ],
        middleware=[
            Middleware(RequestContext, in_flight=in_flight, metrics=metrics),
            Middleware(ErrorResponses),
            Middleware(Admission, in_flight=in_flight, most=settings.limits.requests, budget=limits.budget),
            Middleware(Authentication, keys=container.key_ring()),
            Middleware(RateLimits, limiter=container.rates()),
            Middleware(RequestBounds, **bounds),
            Middleware(SearchFirst, search=search.single),
        ],
        exception_handlers={HTTPException: handle_http_exception},
        lifespan=make_lifespan(container, readiness, in_flight),
    )
    tracing = container.tracing()
    if tracing is not None:
        app.add_middleware(RequestTraces, tracing=tracing)
    app.router.redirect_slashes = False
    app.state.readiness = readiness
    # For the server's connections, which have limits too.
    app.state.limits = settings.limits
    return app
