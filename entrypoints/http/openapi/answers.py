"""The schemas of answers, as `entrypoints.http.answers` makes them."""

from __future__ import annotations

from domain.errors import Failure
from domain.health import Status
from domain.ports import Change
from entrypoints.http.openapi.values import Schema, list_of, object_of, ref

_COUNT: Schema = {"type": "integer", "format": "int64", "minimum": 0}
_TEXT: Schema = {"type": "string"}
_FLAG: Schema = {"type": "boolean"}


def _said(description: str, schema: Schema) -> Schema:
    return {**schema, "description": description}


def _map_of(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _enum(values: type[Change] | type[Failure] | type[Status]) -> Schema:
    return {"type": "string", "enum": [str(value) for value in values]}


_HIT = {
    "id": ref("PointId"),
    "score": _said("Higher is nearer under cosine and dot, lower under euclid and manhattan.", {"type": "number"}),
    "payload": ref("Payload"),
    "vector": ref("VectorNumbers"),
}

_DESCRIPTION = {
    "name": ref("CollectionName"),
    "size": _said("How many numbers a vector has.", {"type": "integer", "minimum": 1}),
    "distance": ref("Distance"),
    "indexes": _said("The type of the payload index at each path.", _map_of(ref("IndexType"))),
    "points": _said("How many points there are.", _COUNT),
    "status": _said(
        "`building` while the store still builds indexes.", {"type": "string", "enum": ["building", "ready"]}
    ),
    "indexed": _said("How many points each payload index covers so far.", _map_of(_COUNT)),
    "indexed_vectors": _said("How many vectors the graph covers; the others are compared one by one.", _COUNT),
    "on_disk": _said("Whether vectors are kept on disk, where that was stated.", _FLAG),
    "quantization": _said("As it was stated.", ref("QuantizationOptions")),
    "index": _said("As it was stated.", ref("HnswOptions")),
}

_FAILED = {
    "at": _said("When, in RFC 3339.", {"type": "string", "format": "date-time"}),
    "operation": _said("What was asked of the backend.", _TEXT),
    "failure": _said("How it failed.", _enum(Failure)),
}

_EVENT = {
    "at": _FAILED["at"],
    "event": _said("What happened.", _enum(Change)),
    "operation": _FAILED["operation"],
    "failure": _FAILED["failure"],
    "after_seconds": _said("How long it had failed.", {"type": "number", "minimum": 0}),
    "breaker": _said("What the circuit breaker is for.", {"type": "string", "enum": ["read", "write"]}),
    "open_seconds": _said("Until the backend is tried again.", {"type": "number", "minimum": 0}),
}

_BACKEND = {
    "status": _said("Whether it answered.", {"type": "string", "enum": [str(Status.UP), str(Status.DOWN)]}),
    "latency_ms": _said("How long it took to answer, in milliseconds.", {"type": "number", "minimum": 0}),
    "breakers": _said("The states of its circuit breakers, by their names.", _map_of(_TEXT)),
    "history": _said("What happened lately, as this process saw it, oldest first.", list_of(ref("Event"))),
    "technology": _said("What it is; where it answered.", _TEXT),
    "version": _said("Of what it is; where it answered, and says one.", _or_null(_TEXT)),
    "last_failure": {"anyOf": [ref("LastFailure"), {"type": "null"}]},
    "failure": _said("How it failed; where it did not answer.", _enum(Failure)),
}

_INFRA = {
    "status": _said("`degraded` is without the cache, `down` without the vector store.", _enum(Status)),
    "vector_store": ref("Backend"),
    "cache": ref("Backend"),
}

_BACKENDS = ("vector_store", "cache")

_DETAIL = _said(
    "What is wrong. That of a 422 begins with the place: `$` is the body, `path`, `query` and `header` are those.",
    _TEXT,
)

ANSWERS: dict[str, Schema] = {
    "CollectionNames": object_of("Those that the caller may know.", {"collections": list_of(ref("CollectionName"))}),
    "CollectionDescription": object_of(
        "What the collection was made with, how many points it holds, and how far its indexes are.",
        _DESCRIPTION,
        optional=("indexed_vectors", "on_disk", "quantization", "index"),
    ),
    "IndexDescription": object_of(
        "A payload index.",
        {
            "field": ref("PayloadPath"),
            "type": ref("IndexType"),
            "built": _said("False while it is still being built.", _FLAG),
        },
    ),
    "Upserted": object_of(
        "What was written.", {"upserted": _said("How many points, those of one id counted once.", _COUNT)}
    ),
    "Record": object_of(
        "A stored point, with its vector where that was asked for.",
        {"id": ref("PointId"), "payload": ref("Payload"), "vector": ref("Vector")},
        optional=("vector",),
    ),
    "Records": object_of("Stored points.", {"points": list_of(ref("Record"))}),
    "Page": object_of(
        "A page of stored points, in the order of their ids.",
        {
            "points": list_of(ref("Record")),
            "next": _said("To be handed back as `after`; null at the end.", _or_null(_TEXT)),
        },
    ),
    "Counted": object_of("How many points there are.", {"count": _COUNT}),
    "Hit": object_of("A point that was found, with what was asked for.", _HIT, optional=("payload", "vector")),
    "SearchResult": object_of(
        "The hits of a search.",
        {
            "hits": _said("Nearest first; those of one score in the order of their ids.", list_of(ref("Hit"))),
            "stale": _said("Whether they are remembered from a time before, and may be outdated.", _FLAG),
        },
    ),
    "SearchResults": object_of("The hits of each search, in order.", {"results": list_of(ref("SearchResult"))}),
    "HealthStatus": object_of("How the process is.", {"status": {"type": "string", "enum": ["alive", "ready"]}}),
    "LastFailure": object_of("How a backend failed last.", _FAILED),
    "Event": object_of(
        "What happened to a backend.",
        _EVENT,
        optional=("operation", "failure", "after_seconds", "breaker", "open_seconds"),
    ),
    "Backend": object_of(
        "One backend: what it said of itself, or how it failed.",
        _BACKEND,
        optional=("technology", "version", "last_failure", "failure"),
    ),
    "Infra": object_of("Both backends; without a key the status alone.", _INFRA, optional=_BACKENDS),
    "InfraDown": object_of(
        "The same where the vector store is down.", {"detail": _DETAIL, **_INFRA}, optional=_BACKENDS
    ),
    "Error": object_of("An error.", {"detail": _DETAIL}),
    "InternalError": object_of(
        "A bug.", {"detail": _DETAIL, "request_id": _said("As in `X-Request-ID`, and in the logs.", _TEXT)}
    ),
}
