"""The least that a miss can take: the bare handler, which asks the adapter of Qdrant between body and answer."""

from __future__ import annotations

import os
from itertools import cycle

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.backends import QdrantSettings
from adapters.qdrant import QdrantVectorStore, build_qdrant_client
from benchmarks.bare import ANSWER
from domain.models import Vector
from domain.queries import SearchQuery

SETTINGS = QdrantSettings(url=os.environ["BENCH_QDRANT_URL"])
STORE = QdrantVectorStore(build_qdrant_client(SETTINGS), read_timeout=SETTINGS.read_timeout)
VECTORS = cycle([Vector(query.astype("<f4").tobytes()) for query in np.load(os.environ["BENCH_QUERIES"])])


async def search(request: Request) -> Response:
    """200 with the bytes, after a search whose hits nobody looks at."""
    await request.body()
    await STORE.search("packages", SearchQuery(vector=next(VECTORS), limit=10))
    return Response(ANSWER, media_type="application/json")


app = Starlette(routes=[Route("/v1/collections/{collection}/search", search, methods=["POST"])])
