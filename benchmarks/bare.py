"""The yardstick: a handler that reads the body, and answers with as many bytes as a search does."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ANSWER = Path(os.environ["BENCH_ANSWER"]).read_bytes()


async def search(request: Request) -> Response:
    """200 with the bytes."""
    await request.body()
    return Response(ANSWER, media_type="application/json")


app = Starlette(routes=[Route("/v1/collections/{collection}/search", search, methods=["POST"])])
