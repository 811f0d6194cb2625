"""How requests are called where they are counted and traced: by words of ours, never by those of clients."""

from __future__ import annotations

from starlette.types import Scope

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Those that are called by their names: clients can think of any number of others."""

UNMATCHED = "unmatched"
"""The route of a path that is none of the service's."""


def route_of(scope: Scope) -> str:
    """The template of the route that a request came to."""
    route = scope.get("route")
    # One that only some extension of the framework knows has none.
    return UNMATCHED if route is None else getattr(route, "path_format", UNMATCHED)
