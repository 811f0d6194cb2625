"""The operations that are about the service itself. Most of them need no key."""

from __future__ import annotations

from entrypoints.http.openapi.operations import Example, Operation
from entrypoints.http.openapi.responses import REQUEST_ID, RETRY_AFTER, answer
from entrypoints.http.openapi.values import Schema, ref

_KEPT = {
    **REQUEST_ID,
    "ETag": ref("ETag", "headers"),
    "Cache-Control": ref("ResponseCacheControl", "headers"),
}

_TURNED_AWAY = (429, 503)
"""What is open is under the limits of load and rate too, but for health."""

_UNCHANGED = {"description": "It is as the `ETag` in `If-None-Match` says.", "headers": _KEPT}


def _file(description: str, *types: str) -> Schema:
    return {
        "description": description,
        "headers": _KEPT,
        "content": {type_: {"schema": {"type": "string"}} for type_ in types},
    }


SERVICE = (
    Operation(
        method="GET",
        path="/health/live",
        id="getLiveness",
        tag="service",
        summary="Whether the process answers",
        description="No backend is asked.",
        public=True,
        answers={200: answer("It does.", "HealthStatus")},
        examples=(Example(name="alive", summary="It answers", answer={"status": "alive"}),),
    ),
    Operation(
        method="GET",
        path="/health/ready",
        id="getReadiness",
        tag="service",
        summary="Whether requests may come",
        description="Between start and stop, whether or not the backends are there.",
        public=True,
        answers={200: answer("They may.", "HealthStatus"), 503: answer("Not now.", "Error", RETRY_AFTER)},
        examples=(Example(name="ready", summary="It has started", answer={"status": "ready"}),),
    ),
    Operation(
        method="GET",
        path="/health/infra",
        id="getInfra",
        tag="service",
        summary="How the backends are",
        description="Each with its status, and with the states of its circuit breakers. Where there are keys, whoever"
        " comes without one is told the status of the whole alone.",
        public=True,
        more_with_key=True,
        answers={
            200: answer("Searches can be served.", "Infra"),
            503: answer("The vector store is down.", "InfraDown", RETRY_AFTER),
        },
        examples=(Example(name="up", summary="Both answer"),),
    ),
    Operation(
        method="GET",
        path="/metrics",
        id="getMetrics",
        tag="service",
        summary="What was counted, by all workers",
        description="In the text format of Prometheus, or in OpenMetrics where the request accepts that.",
        answers={
            200: {
                "description": "All metrics.",
                "headers": REQUEST_ID,
                "content": {
                    "text/plain": {"schema": {"type": "string"}},
                    "application/openmetrics-text": {"schema": {"type": "string"}},
                },
            }
        },
        examples=(Example(name="metrics", summary="All metrics"),),
    ),
    Operation(
        method="GET",
        path="/",
        id="getStatusPage",
        tag="service",
        summary="The status page",
        description="It holds no data, and asks the service for what it shows.",
        public=True,
        answers={200: _file("The page.", "text/html"), 304: _UNCHANGED},
        errors=_TURNED_AWAY,
        examples=(Example(name="page", summary="The page"),),
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        id="getOpenApi",
        tag="service",
        summary="This document",
        public=True,
        answers={
            200: {
                "description": "OpenAPI 3.1.",
                "headers": _KEPT,
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            304: _UNCHANGED,
        },
        errors=_TURNED_AWAY,
        examples=(Example(name="document", summary="The document"),),
    ),
    Operation(
        method="GET",
        path="/docs",
        id="getDocs",
        tag="service",
        summary="This document as a page to try it on",
        description="Swagger UI, served from here: the page asks no other host.",
        public=True,
        answers={200: _file("The page.", "text/html"), 304: _UNCHANGED},
        errors=_TURNED_AWAY,
        examples=(Example(name="page", summary="The page"),),
    ),
    Operation(
        method="GET",
        path="/docs/{file}",
        id="getDocsFile",
        tag="service",
        summary="A file of that page",
        parameters=("File",),
        public=True,
        answers={
            200: _file("The file.", "text/css", "text/javascript"),
            304: _UNCHANGED,
            404: ref("NotFound", "responses"),
        },
        errors=_TURNED_AWAY,
        examples=(Example(name="style", summary="The style sheet", path={"file": "swagger-ui.css"}),),
    ),
)
