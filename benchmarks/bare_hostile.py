"""The yardstick for requests that mean harm: a handler that answers searches, and refuses all else unread."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

ANSWER = b'{"detail":"This is a yardstick."}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(ANSWER))]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """200 for a search of `innocent`, and 400."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    good = scope["path"] == "/v1/collections/innocent/search"
    while good and (await receive()).get("more_body", False):
        pass
    headers = _HEADERS if good else [*_HEADERS, (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 200 if good else 400, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})
