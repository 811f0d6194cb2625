"""What many operations share: the headers of answers, the answers to errors, and how a caller says who it is."""

from __future__ import annotations

from entrypoints.http.openapi.values import Schema, ref

JSON = "application/json"


def _text(description: str, *, required: bool = False, **schema: object) -> Schema:
    return {"description": description, "required": required, "schema": {"type": "string", **schema}}


HEADERS: dict[str, Schema] = {
    "RequestId": _text(
        "The request's own `X-Request-ID`, where it sent a good one (letters, digits, `.`, `_`, `-`, at most 128), else"
        " a new one.",
        required=True,
        pattern="^[A-Za-z0-9._-]{1,128}$",
    ),
    "RetryAfter": {
        "description": "In how many seconds to come back; spread by chance, so that not all come at once.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "CacheStatus": _text(
        "What the cache had to do with it (RFC 9211): `holdfast; hit` (it was remembered), with `detail=stale` where it"
        " may be outdated; `holdfast; fwd=miss` (the store was asked), with `stored` where the result is remembered;"
        " `holdfast; fwd=bypass` (the request said `no-store`).",
        required=True,
    ),
    "WriteCacheStatus": _text(
        "`holdfast; fwd=method; detail=invalidation-pending` where the cache could not be told of the write, so that"
        " other replicas may show the older result for at most the fresh window."
    ),
    "Age": {
        "description": "Seconds since the store was asked, where the answer was remembered.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Allow": _text("The methods that this path takes.", required=True),
    "WwwAuthenticate": _text("How to say who is asking.", required=True),
    "ETag": _text("Of this very answer, for `If-None-Match`.", required=True),
    "ResponseCacheControl": _text("How long the answer may be kept.", required=True),
}

REQUEST_ID = {"X-Request-ID": ref("RequestId", "headers")}
RETRY_AFTER = {"Retry-After": ref("RetryAfter", "headers")}


def answer(description: str, schema: str | None = None, headers: Schema | None = None) -> Schema:
    """An answer in JSON of the schema of this name; without a body where there is none."""
    given: Schema = {"description": description, "headers": {**REQUEST_ID, **(headers or {})}}
    if schema is not None:
        given["content"] = {JSON: {"schema": ref(schema)}}
    return given


_UNAVAILABLE = (
    "A backend is away, or there is too much load; or the service is stopping. A write that ended so may have been"
    " done, in part or whole: to write a point again with the same id does no harm."
)

RESPONSES: dict[str, Schema] = {
    "BadRequest": answer("The body is not JSON, or nested too deep.", "Error"),
    "Unauthenticated": answer(
        "A valid key is needed.", "Error", {"WWW-Authenticate": ref("WwwAuthenticate", "headers")}
    ),
    "Forbidden": answer("The key does not give this right on this collection.", "Error"),
    "NotFound": answer("There is no such collection, point or path.", "Error"),
    "MethodNotAllowed": answer("This path does not take this method.", "Error", {"Allow": ref("Allow", "headers")}),
    "RequestTimeout": answer("The request did not come whole in time.", "Error"),
    "Conflict": answer(
        "The collection exists and differs, or cannot be served (named, sparse or multi vectors; `update_filter` before"
        " a Qdrant server older than 1.16).",
        "Error",
    ),
    "TooLarge": answer("The body is too large, or holds too many objects or lists.", "Error"),
    "UnsupportedMediaType": answer("The body is not `application/json` in UTF-8, or compressed.", "Error"),
    "InvalidInput": answer("A value is wrong; the detail says where, and what was expected.", "Error"),
    "TooManyRequests": answer("More requests than the caller may send.", "Error", RETRY_AFTER),
    "HeadersTooLarge": answer("The headers of the request are too large.", "Error"),
    "InternalError": answer("A bug.", "InternalError"),
    "Unavailable": answer(_UNAVAILABLE, "Error", RETRY_AFTER),
    "NotCached": answer("`only-if-cached` was asked for, and nothing usable is cached.", "Error"),
}

STATUS = {
    400: "BadRequest",
    401: "Unauthenticated",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    408: "RequestTimeout",
    409: "Conflict",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    422: "InvalidInput",
    429: "TooManyRequests",
    431: "HeadersTooLarge",
    500: "InternalError",
    503: "Unavailable",
    504: "NotCached",
}
"""The shared answer of each status."""

SECURITY_SCHEMES: dict[str, Schema] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer KEY`."},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "`X-API-Key: KEY`."},
}
"""Either will do; neither is looked at by a service that has no keys."""

SECURITY: tuple[Schema, ...] = tuple({name: []} for name in SECURITY_SCHEMES)
"""Any of them, as an operation says it."""
