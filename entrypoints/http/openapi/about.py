"""What the document says of the API as a whole, and the parameters that operations share."""

from __future__ import annotations

from entrypoints.http.openapi.values import Schema, ref
from entrypoints.http.routes.document import FILES

INFO: Schema = {
    "title": "Holdfast",
    "summary": "A vector search service that keeps answering when its databases do not.",
    "description": (
        "JSON in and out, in UTF-8. Unknown fields are refused, and so are unknown parameters of a query. An integer"
        " has no fraction: 1, not 1.0. Every answer carries `X-Request-ID`, and every error says what is wrong in"
        " `detail`. Results of searches are remembered: say in `Cache-Control` how old they may be.\n\nA path that does"
        " not take a method answers 405, with `Allow`. A service that has no keys passes over the security schemes."
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}

TAGS: list[Schema] = [
    {"name": "collections", "description": "Sets of points whose vectors have one size and one distance."},
    {"name": "points", "description": "An id, a vector and a payload each."},
    {"name": "search", "description": "The nearest neighbours of a vector, or of a stored point."},
    {"name": "cache", "description": "What is remembered of searches."},
    {"name": "service", "description": "How the service is, and what it says of itself."},
]


def _in_path(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


PARAMETERS: dict[str, Schema] = {
    "Collection": _in_path("collection", "The collection's name.", ref("CollectionName")),
    "Field": _in_path("field", "Where the values stand in the payload.", ref("PayloadPath")),
    "Id": _in_path("id", "The point's id.", ref("PointId")),
    "File": _in_path("file", "A file of the page.", {"type": "string", "enum": list(FILES)}),
    "WithVectors": {
        "name": "with_vectors",
        "in": "query",
        "description": "Whether the vector is to come.",
        "schema": {"type": "boolean", "default": False},
    },
    "CacheControl": {
        "name": "Cache-Control",
        "in": "header",
        "description": (
            "`no-cache`: ask the store; nothing stale unless `stale-if-error` stands beside it. `no-store`: neither"
            " read nor remember. `max-age=N`: an older result will not do. `max-stale=N`: a result that a write"
            " outdated, or that is past its window, will do up to this age; without a number, whatever its age."
            " `stale-if-error=N`: how old an answer may be while the store is away. `only-if-cached`: never ask the"
            " store."
        ),
        "schema": {"type": "string"},
        "examples": {"fresh": {"value": "no-cache"}, "recent": {"value": "max-age=5, stale-if-error=600"}},
    },
}
