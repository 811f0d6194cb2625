"""The yardstick for requests that mean harm: a handler that refuses them unread."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

ANSWER = b'{"detail":"This is a yardstick."}'
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(ANSWER)),
    (b"connection", b"close"),
]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """400, whatever it is."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 400, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})
