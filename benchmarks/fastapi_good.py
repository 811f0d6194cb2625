"""The search as well as FastAPI allows: nothing is decoded that need not be, and no hit is encoded twice.

The key is a hash of the bytes that came, and the entry is the answer's bytes. Next to Holdfast it
knows no outage but for a 503, two bodies that mean the same are two entries, and entries outlive
writes until they expire.
"""

from __future__ import annotations

import base64
import hashlib
import os
from typing import Any

import numpy as np
import orjson
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse
from redis.asyncio import BlockingConnectionPool, Redis

app = FastAPI()
qdrant = AsyncQdrantClient(url=os.environ["BENCH_QDRANT_URL"], check_compatibility=False, timeout=5, pool_size=100)
cache = Redis.from_pool(BlockingConnectionPool.from_url(os.environ["BENCH_REDIS_URL"], max_connections=64))

FRESH_SECONDS = 3600


class SearchBody(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid")

    vector: list[float] | str
    filter: models.Filter | None = None
    limit: int = 10
    offset: int = 0
    score_threshold: float | None = None
    with_payload: bool | list[str] = True

    def numbers(self) -> list[float]:
        """The vector."""
        if isinstance(self.vector, list):
            return self.vector
        numbers: list[float] = np.frombuffer(base64.b64decode(self.vector), "<f4").tolist()
        return numbers


@app.post("/v1/collections/{collection}/search")
async def search(collection: str, request: Request) -> Response:
    """The nearest neighbours."""
    raw = await request.body()
    digest = hashlib.blake2b(raw, digest_size=16, key=collection.encode()[:64]).hexdigest()
    key = f"good:{digest}"
    answer = await cache.get(key)
    if answer is None:
        answer = orjson.dumps(await find(collection, raw))
        await cache.set(key, answer, ex=FRESH_SECONDS)
    return Response(answer, media_type="application/json")


async def find(collection: str, raw: bytes) -> dict[str, Any]:
    """The answer of the store, once the body is checked."""
    try:
        body = SearchBody.model_validate_json(raw)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None
    try:
        found = await qdrant.query_points(
            collection,
            query=body.numbers(),
            query_filter=body.filter,
            limit=body.limit,
            offset=body.offset,
            score_threshold=body.score_threshold,
            with_payload=body.with_payload,
        )
    except (ResponseHandlingException, UnexpectedResponse):
        raise HTTPException(503, "Vector database temporarily unavailable.") from None
    hits = [{"id": point.id, "score": point.score, "payload": point.payload} for point in found.points]
    return {"hits": hits, "stale": False}
