"""The search as tutorials write it: FastAPI, models, and a cache in Redis of JSON under a hash of JSON.

Served by `uvicorn` as it comes with `pip install uvicorn`. Next to Holdfast it knows no outage, and
entries outlive writes until they expire.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from typing import Any

import redis.asyncio as redis
from fastapi import FastAPI
from pydantic import BaseModel, field_validator
from qdrant_client import AsyncQdrantClient, models

app = FastAPI()
qdrant = AsyncQdrantClient(url=os.environ["BENCH_QDRANT_URL"])
cache = redis.from_url(os.environ["BENCH_REDIS_URL"])

FRESH_SECONDS = 3600


class SearchRequest(BaseModel):
    """What is asked."""

    vector: list[float]
    filter: models.Filter | None = None
    limit: int = 10
    offset: int = 0
    score_threshold: float | None = None
    with_payload: bool | list[str] = True

    @field_validator("vector", mode="before")
    @classmethod
    def decode(cls, value: Any) -> Any:
        """The numbers of a vector that came as base64."""
        if isinstance(value, str):
            data = base64.b64decode(value)
            return list(struct.unpack(f"<{len(data) // 4}f", data))
        return value


class Hit(BaseModel):
    """A point that was found."""

    id: int | str
    score: float
    payload: dict[str, Any] | None = None


class SearchResponse(BaseModel):
    """What was found."""

    hits: list[Hit]
    stale: bool = False


@app.post("/v1/collections/{collection}/search", response_model=SearchResponse)
async def search(collection: str, request: SearchRequest) -> Any:
    """The nearest neighbours."""
    asked = json.dumps({"collection": collection, **request.model_dump()}, sort_keys=True)
    key = f"tutorial:{hashlib.sha256(asked.encode()).hexdigest()}"
    cached = await cache.get(key)
    if cached:
        return json.loads(cached)
    found = await qdrant.query_points(
        collection,
        query=request.vector,
        query_filter=request.filter,
        limit=request.limit,
        offset=request.offset,
        score_threshold=request.score_threshold,
        with_payload=request.with_payload,
    )
    response = SearchResponse(hits=[Hit(**point.model_dump(include=set(Hit.model_fields))) for point in found.points])
    await cache.setex(key, FRESH_SECONDS, json.dumps(response.model_dump()))
    return response
