"""The application: routes, middleware and lifespan, put together from a container."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from containers import Container
from entrypoints.http.bounds import RequestBounds
from entrypoints.http.errors import answer_http_exception
from entrypoints.http.lifespan import Readiness, make_lifespan
from entrypoints.http.middleware import ErrorResponses, InFlight, RequestContext
from entrypoints.http.routes.collections import CollectionRoutes
from entrypoints.http.routes.health import HealthRoutes
from entrypoints.http.routes.points import PointRoutes
from entrypoints.http.routes.search import SearchFirst, SearchRoutes
from entrypoints.http.routes.status import StatusRoutes


def create_app(container: Container) -> Starlette:
    """The service over HTTP. Nothing is connected until a request, or the lifespan, needs it."""
    readiness, in_flight = Readiness(), InFlight()
    http = container.settings().http
    limit = http.max_body_bytes
    bounds = {"read_seconds": http.read_deadline, "write_seconds": http.write_deadline}
    search = SearchRoutes(container.search(), limit)
    app = Starlette(
        routes=[
            # The busiest first: each route that does not match costs a little.
            *search.routes(),
            *PointRoutes(container.points(), limit).routes(),
            *CollectionRoutes(container.collections(), limit).routes(),
            *HealthRoutes(container.health(), readiness).routes(),
            *StatusRoutes().routes(),
        ],
        middleware=[
            Middleware(RequestContext, in_flight=in_flight),
            Middleware(ErrorResponses),
            Middleware(RequestBounds, **bounds),
            Middleware(SearchFirst, search=search.single),
        ],
        exception_handlers={HTTPException: answer_http_exception},
        lifespan=make_lifespan(container, readiness, in_flight),
    )
    app.router.redirect_slashes = False
    return app
