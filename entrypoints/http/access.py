"""What the caller of a request may do."""

from __future__ import annotations

from starlette.types import Scope

from domain.access import EVERYTHING, Grant, Right, Tenant


def grant_of(scope: Scope) -> Grant:
    """The caller's grant, as it was found out before the request came to its route."""
    grant: Grant = scope.get("state", {}).get("grant", EVERYTHING)
    return grant


def allowed(scope: Scope, right: Right, collection: str) -> Tenant | None:
    """Whose points this is about; all where None. Raises `Forbidden`. To be asked before the body is read."""
    return grant_of(scope).require(right, collection)
