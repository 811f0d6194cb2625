"""What the caller of a request may do."""

from __future__ import annotations

from starlette.types import Scope

from domain.access import Grant, Right, Tenant
from domain.errors import Unauthenticated


def grant_of(scope: Scope) -> Grant:
    """The caller's grant, as `Authentication` found it. Raises `Unauthenticated` where it found none."""
    grant = _found(scope)
    if grant is None:
        raise Unauthenticated
    return grant


def is_known(scope: Scope) -> bool:
    """Whether the caller is known, on a path where he need not be."""
    return _found(scope) is not None


def name_of(scope: Scope) -> str:
    """The name of the caller's key; none where he came without one."""
    grant = _found(scope)
    return "" if grant is None else grant.name


def allowed(scope: Scope, right: Right, collection: str) -> Tenant | None:
    """Whose points this is about; all where None. Raises `Forbidden`. To be asked before the body is read."""
    return grant_of(scope).require(right, collection)


def _found(scope: Scope) -> Grant | None:
    grant: Grant | None = scope.get("state", {}).get("grant")
    return grant
