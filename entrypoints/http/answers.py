"""Values of the domain as they go out in JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.health import BackendHealth, InfraHealth
from domain.models import CollectionInfo, Hit, Page, PointId, Record
from domain.ports import Change, Event
from domain.search import SearchResult


def describe_collection(info: CollectionInfo) -> dict[str, Any]:
    """A collection: what it was made with, how many points it holds, and how far its indexes are."""
    collection = info.collection
    answer: dict[str, Any] = {
        "name": collection.name,
        "size": collection.size,
        "distance": collection.distance,
        "indexes": dict(collection.indexes),
        "points": info.points,
        "status": "building" if info.building else "ready",
        "indexed": dict(info.indexed),
    }
    if info.indexed_vectors is not None:
        answer["indexed_vectors"] = info.indexed_vectors
    if collection.on_disk is not None:
        answer["on_disk"] = collection.on_disk
    for name, options in (("quantization", collection.quantization), ("index", collection.hnsw)):
        if options is not None:
            answer[name] = {key: value for key, value in msgspec.to_builtins(options).items() if value is not None}
    return answer


def describe_record(record: Record, *, base64: bool = False) -> dict[str, Any]:
    """A stored point, its vector as numbers or as base64, which is what JSON makes of bytes."""
    answer: dict[str, Any] = {"id": record.id, "payload": record.payload}
    if record.vector is not None:
        answer["vector"] = record.vector.data if base64 else record.vector.to_tuple()
    return answer


def describe_page(page: Page, *, base64: bool = False) -> dict[str, Any]:
    """A page of stored points."""
    return {"points": [describe_record(record, base64=base64) for record in page.points], "next": _token(page.next)}


def _token(point_id: PointId | None) -> str | None:
    return None if point_id is None else str(point_id)


def describe_result(result: SearchResult) -> dict[str, Any]:
    """The hits of a search."""
    return {"hits": [_describe_hit(hit) for hit in result.hits], "stale": result.stale}


def _describe_hit(hit: Hit) -> dict[str, Any]:
    answer: dict[str, Any] = {"id": hit.id, "score": hit.score}
    if hit.payload is not None:
        answer["payload"] = hit.payload
    if hit.vector is not None:
        answer["vector"] = hit.vector.to_tuple()
    return answer


def describe_infra(health: InfraHealth) -> dict[str, Any]:
    """Both backends."""
    return {
        "status": health.status,
        "vector_store": describe_backend(health.vector_store),
        "cache": describe_backend(health.cache),
    }


def describe_backend(backend: BackendHealth) -> dict[str, Any]:
    """One backend: what it said of itself, or how it failed."""
    answer: dict[str, Any] = {"status": backend.status, "latency_ms": round(backend.latency * 1000, 3)}
    past = {"history": [_describe_event(event) for event in backend.history]}
    if backend.said is None:
        return {**answer, "failure": backend.failure, "breakers": dict(backend.breakers), **past}
    last = backend.said.last_failure
    return {
        **answer,
        "technology": backend.said.technology,
        "version": backend.said.version,
        "breakers": dict(backend.breakers),
        "last_failure": last and {"at": last.at, "operation": last.operation, "failure": last.failure},
        **past,
    }


def _describe_event(event: Event) -> dict[str, Any]:
    seconds = "open_seconds" if event.change is Change.BREAKER_OPENED else "after_seconds"
    answer = {"operation": event.operation, "failure": event.failure, "breaker": event.breaker, seconds: event.seconds}
    return {"at": event.at, "event": event.change} | {k: value for k, value in answer.items() if value is not None}
