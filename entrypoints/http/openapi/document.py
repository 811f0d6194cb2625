"""The whole document, put together."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import msgspec

from domain import __version__
from entrypoints.http.openapi.about import INFO, PARAMETERS, TAGS
from entrypoints.http.openapi.answers import ANSWERS
from entrypoints.http.openapi.collections import COLLECTIONS, LINKS
from entrypoints.http.openapi.operations import Operation
from entrypoints.http.openapi.points import POINTS
from entrypoints.http.openapi.requests import request_schemas
from entrypoints.http.openapi.responses import HEADERS, RESPONSES, SECURITY, SECURITY_SCHEMES
from entrypoints.http.openapi.searches import SEARCHES
from entrypoints.http.openapi.service import SERVICE
from entrypoints.http.openapi.values import VALUES, Schema

OPERATIONS: tuple[Operation, ...] = (*COLLECTIONS, *POINTS, *SEARCHES, *SERVICE)


def build_document() -> dict[str, Any]:
    """The document, made anew. Raises `LookupError` where two operations have one name, or one place."""
    for names in (Counter(one.id for one in OPERATIONS), Counter((one.path, one.method) for one in OPERATIONS)):
        for name, times in names.items():
            if times > 1:
                raise LookupError(f"{name} stands twice in the document")
    paths: dict[str, Schema] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = one.to_schema()
    return {
        "openapi": "3.1.1",
        "info": {**INFO, "version": __version__},
        "security": list(SECURITY),
        "tags": TAGS,
        "paths": paths,
        "components": {
            "schemas": {**VALUES, **request_schemas(), **ANSWERS},
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "responses": RESPONSES,
            "links": LINKS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


@cache
def document_bytes() -> bytes:
    """The document in JSON, made once."""
    return msgspec.json.format(msgspec.json.encode(build_document()), indent=1)
