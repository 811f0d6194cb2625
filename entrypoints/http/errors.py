"""How errors are answered: a status, headers, and a JSON object with `detail`."""

from __future__ import annotations

import math
import random
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from domain.errors import (
    Backend,
    BackendUnavailable,
    CollectionConflict,
    Forbidden,
    HoldfastError,
    InvalidInput,
    NotCached,
    NotFound,
    Overloaded,
    Unauthenticated,
)

UNAVAILABLE = {
    Backend.VECTOR_STORE: "Vector database temporarily unavailable. Please try again later.",
    Backend.CACHE: "Cache temporarily unavailable. Please try again later.",
}

OVERLOADED = "Too many requests in progress. Please try again later."

INTERNAL = "Internal server error."

STOPPING = "The service is stopping."

MAX_RETRY_AFTER = 300
"""Seconds: a client that is told to wait longer would rather ask somebody."""

RETRY_JITTER = 2
"""Seconds over which clients are spread, so that they do not all come back at once."""

_PLACES = ("path.", "query.", "header.")


def json_response(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`content` as JSON."""
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")


def error_response(
    status: int, detail: str, headers: dict[str, str] | None = None, more: dict[str, Any] | None = None
) -> Response:
    """An error: `detail` says what is wrong, and `more` stands beside it."""
    return json_response({"detail": detail, **(more or {})}, status, headers)


def answer_domain_error(error: HoldfastError) -> Response | None:
    """The answer to an error of the domain; None for one that has none, which is a bug."""
    match error:
        case BackendUnavailable():
            return error_response(503, UNAVAILABLE[error.backend], retry_after(error.retry_after))
        case Overloaded():
            return error_response(503, OVERLOADED, retry_after(None))
        case NotFound():
            return error_response(404, str(error))
        case NotCached():
            return error_response(504, str(error))
        case CollectionConflict():
            return error_response(409, str(error))
        case Unauthenticated():
            return error_response(401, str(error), {"WWW-Authenticate": "Bearer"})
        case Forbidden():
            return error_response(403, str(error))
        case InvalidInput():
            return error_response(422, str(_placed(error)))
    return None


def answer_http_exception(request: Request, error: Exception) -> Response:
    """The answer to what Starlette raises: no such path, a method that is not allowed, a bad body."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == 405:
        # Starlette names the methods of the first route at this path alone.
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return error_response(error.status_code, _DETAILS.get(error.detail, error.detail), headers)


async def handle_http_exception(request: Request, error: Exception) -> Response:
    """The same, for Starlette to await: what is no coroutine it runs in a thread, for ten times the time."""
    return answer_http_exception(request, error)


def _methods(request: Request) -> set[str]:
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    matching = (route.methods or set() for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return set().union(*matching)


_DETAILS = {
    "Not Found": "There is nothing at this path.",
    "Method Not Allowed": "This path does not take this method; the Allow header says which it takes.",
}


def retry_after(seconds: float | None) -> dict[str, str]:
    """The header that says when to come back: whole seconds, at least 1, spread by chance."""
    least = min(max(1, math.ceil(seconds or 0)), MAX_RETRY_AFTER)
    return {"Retry-After": str(least + int(random.random() * (RETRY_JITTER + 1)))}  # noqa: S311 - spreads retries # nosec B311


def _placed(error: InvalidInput) -> InvalidInput:
    """The error with its place as a client knows it: `$` is the body, `path` and `query` are the URL."""
    return error if error.where.startswith(_PLACES) else error.within("$")
