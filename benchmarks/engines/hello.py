"""The yardstick: a handler that has nothing to do, on the server that Holdfast has."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def hello(_request: Request) -> Response:
    """200."""
    return Response(b"hello", media_type="text/plain")


app = Starlette(routes=[Route("/", hello)])
