"""What a refused request leaves behind: nothing for the collector of garbage, which stops everything."""

from __future__ import annotations

import asyncio
import gc

from starlette.types import ASGIApp, Message

from adapters.settings import Settings
from containers import Container
from entrypoints.http import create_app

X = "/v1/collections/x"

ASKED = [
    ("GET", "/nowhere", b""),
    ("BREW", "/v1/collections", b""),
    ("DELETE", X, b""),
    ("GET", X, b""),
    ("POST", f"{X}/search", b'{"vector":[1]}'),
    ("POST", f"{X}/search", b'{"vector":"?"}'),
    ("POST", f"{X}/search", b"{"),
    ("POST", f"{X}/search/batch", b'{"searches":[{"id":1}]}'),
    ("PUT", f"{X}/points", b'{"points":[{"id":1,"vector":[1]}]}'),
    ("PATCH", f"{X}/points", b'{"payload":{"a":1},"ids":[1]}'),
    ("POST", f"{X}/points/delete", b'{"ids":[1]}'),
    ("PUT", f"{X}/indexes/a", b'{"type":"keyword"}'),
    ("POST", f"{X}/scroll", b"{}"),
    ("GET", "/health/infra", b""),
]


async def ask(app: ASGIApp, method: str, path: str, body: bytes) -> int:
    """The status of the answer, without a client, which has garbage of its own."""
    parts: list[Message] = [{"type": "http.request", "body": body}]
    statuses: list[int] = []

    async def receive() -> Message:
        if not parts:
            await asyncio.Event().wait()
        return parts.pop()

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": headers}
    await app({**scope, "query_string": b"", "state": {}}, receive, send)
    return statuses[0]


async def test_a_refused_request_leaves_no_garbage() -> None:
    """No error holds the frames that it passed, nor the task that it ended: five of each kind leave not one ring."""
    app = create_app(Container(settings=Settings()))
    for asked in ASKED:
        await ask(app, *asked)
    await asyncio.sleep(0)
    gc.collect()
    gc.disable()
    try:
        for asked in ASKED:
            for _ in range(5):
                await ask(app, *asked)
        await asyncio.sleep(0)
        # A ring of one error alone has eighty.
        assert gc.collect() < 20
    finally:
        gc.enable()
