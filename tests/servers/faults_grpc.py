"""gRPC servers that misbehave: broken connections, and calls that end in each of the codes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import grpc
from qdrant_client import grpc as messages

from tests.servers.faults_http import HTML, TEXT_HTML, http_answer
from tests.servers.process import HOST
from tests.servers.qdrant_grpc import bind
from tests.servers.qdrant_grpc_services import Context, Message
from tests.servers.tcp import TCP_FAULTS, Address, Fault, answer_once, drip, tcp_fault

Behaviour: TypeAlias = Callable[[bytes, Context], Awaitable[bytes]]
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""An empty SETTINGS frame, with which a server of HTTP/2 begins."""


class _Everything(grpc.GenericRpcHandler):
    """Behaves the same in every call, on bytes."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._handler: Message = grpc.unary_unary_rpc_method_handler(behaviour)

    def service(self, handler_call_details: object) -> Message:
        del handler_call_details
        return self._handler


@asynccontextmanager
async def serve_behaviour(behaviour: Behaviour) -> AsyncIterator[Address]:
    """A gRPC server that answers every call of every service so."""
    server = grpc.aio.server(handlers=[_Everything(behaviour)], options=[("grpc.so_reuseport", 0)])
    port = bind(server)
    await server.start()
    try:
        yield Address(HOST, port)
    finally:
        await server.stop(None)
        await server.wait_for_termination()


def grpc_fault(name: str, behaviour: Behaviour) -> Fault:
    """The fault that answers every call so."""
    return Fault(name, lambda: serve_behaviour(behaviour))


def aborting(code: grpc.StatusCode, details: str, trailers: tuple[tuple[str, str], ...] = ()) -> Behaviour:
    """End every call with the code."""

    async def behave(_request: bytes, context: Context) -> bytes:
        await context.abort(code, details, trailers)
        raise AssertionError  # Not reached: `abort` raises.

    return behave


def replying(content: bytes) -> Behaviour:
    """Answer every call with these bytes as its message."""

    async def behave(_request: bytes, _context: Context) -> bytes:
        return content

    return behave


async def silent(_request: bytes, _context: Context) -> bytes:
    """Never answer."""
    await asyncio.Event().wait()
    return b""


def _retry_after_faults() -> list[Fault]:
    """RESOURCE_EXHAUSTED with trailing metadata in its forms, and in forms that it must not have."""
    values = {
        "integer": "7",
        "zero": "0",
        "negative": "-1",
        "fraction": "1.5",
        "garbage": "soon",
        "huge": "99999999999",
    }
    return [
        grpc_fault(
            f"retry_after_{name}",
            aborting(grpc.StatusCode.RESOURCE_EXHAUSTED, "Rate limit exceeded", (("retry-after", value),)),
        )
        for name, value in values.items()
    ]


def _message_faults() -> list[Fault]:
    """Calls that succeed, with a message that is no answer."""
    nan = messages.QueryResponse(result=[messages.ScoredPoint(id=messages.PointId(num=1), score=float("nan"))])
    no_id = messages.QueryResponse(result=[messages.ScoredPoint(score=1.0)])
    return [
        grpc_fault("message_garbage", replying(b"\xff" * 16)),
        grpc_fault("message_truncated", replying(nan.SerializeToString()[:-3])),
        grpc_fault("message_empty", replying(b"")),
        grpc_fault("message_nan", replying(nan.SerializeToString())),
        grpc_fault("message_without_id", replying(no_id.SerializeToString())),
    ]


def _wire_faults() -> list[Fault]:
    """Peers that break HTTP/2, or do not speak it."""
    return [
        tcp_fault("http1_only", answer_once(http_answer(400, TEXT_HTML, HTML))),
        tcp_fault("settings_then_close", answer_once(SETTINGS)),
        # Nine bytes are a frame, and a wrong one: slower than any limit for nine of them.
        tcp_fault("slow_drip", drip(SETTINGS, b"\x00", 0.2)),
    ]


CODES = tuple(code for code in grpc.StatusCode if code is not grpc.StatusCode.OK)

GRPC_FAULTS: dict[str, Fault] = TCP_FAULTS | {
    fault.name: fault
    for fault in (
        *_wire_faults(),
        *(grpc_fault(f"code_{code.name.lower()}", aborting(code, "as the test has it")) for code in CODES),
        *_retry_after_faults(),
        *_message_faults(),
        grpc_fault("silent", silent),
    )
}
"""Every way in which a server can fail a client that speaks gRPC."""
