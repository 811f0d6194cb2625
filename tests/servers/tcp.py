"""Loopback TCP servers that misbehave in ways that no protocol is needed for."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from tests.servers.process import HOST


class Address(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address as a URL of http."""
        return f"http://{self.host}:{self.port}"


Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Handler: TypeAlias = Callable[[Reader, Writer], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to misbehave: `async with fault() as address:` serves it for as long as the block lasts."""

    name: str
    open: Callable[[], AbstractAsyncContextManager[Address]]

    def __call__(self) -> AbstractAsyncContextManager[Address]:
        return self.open()


@asynccontextmanager
async def serve_tcp(handler: Handler, *, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Address]:
    """Serve each connection with `handler`; at the end all connections are cut."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: Reader, writer: Writer) -> None:
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
                await handler(reader, writer)
                await writer.drain()
        finally:
            writer.close()

    def accept(reader: Reader, writer: Writer) -> None:
        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, HOST, port, ssl=tls)
    try:
        yield Address(HOST, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
        await asyncio.sleep(0)


def tcp_fault(name: str, handler: Handler, *, tls: ssl.SSLContext | None = None) -> Fault:
    """The fault that serves each connection with `handler`."""
    return Fault(name, lambda: serve_tcp(handler, tls=tls))


def reset(writer: Writer) -> None:
    """End the connection with RST instead of FIN; what was written and not yet sent is lost."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def hang(reader: Reader, _writer: Writer) -> None:
    """Read all that comes, and never answer."""
    while await reader.read(65536):
        pass


async def reset_on_accept(_reader: Reader, writer: Writer) -> None:
    """Reset the connection as soon as it is there."""
    reset(writer)


async def reset_after_request(reader: Reader, writer: Writer) -> None:
    """Reset the connection when the first bytes came."""
    await reader.read(65536)
    reset(writer)


async def close_on_accept(_reader: Reader, _writer: Writer) -> None:
    """Close the connection in order as soon as it is there."""


async def early_close(reader: Reader, _writer: Writer) -> None:
    """Close the connection in order after the request, before any byte of an answer."""
    await reader.read(65536)


def drip(start: bytes, byte: bytes, seconds: float) -> Handler:
    """After a request send `start`, then `byte` for ever, once in so many seconds."""

    async def handle(reader: Reader, writer: Writer) -> None:
        await reader.read(65536)
        writer.write(start)
        while True:
            writer.write(byte)
            await writer.drain()
            await asyncio.sleep(seconds)

    return handle


def answer_once(content: bytes) -> Handler:
    """Answer the first bytes of a request with `content`, and close."""

    async def handle(reader: Reader, writer: Writer) -> None:
        await reader.read(65536)
        writer.write(content)

    return handle


@asynccontextmanager
async def refuse() -> AsyncIterator[Address]:
    """A port that refuses: held, so that no other server takes it, and not listened on."""
    with socket.socket() as held:
        held.bind((HOST, 0))
        yield Address(HOST, held.getsockname()[1])


@asynccontextmanager
async def blackhole() -> AsyncIterator[Address]:
    """A port on which no connection is ever established, since its queue is full."""
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((HOST, 0))
        listener.listen(0)
        address = Address(HOST, listener.getsockname()[1])
        while True:
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            try:
                async with asyncio.timeout(0.1):
                    await loop.sock_connect(filler, address)
            except TimeoutError:
                break
        yield address


TCP_FAULTS: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        Fault("refuse", refuse),
        Fault("blackhole", blackhole),
        tcp_fault("hang", hang),
        tcp_fault("reset_on_accept", reset_on_accept),
        tcp_fault("reset_after_request", reset_after_request),
        tcp_fault("close_on_accept", close_on_accept),
        tcp_fault("early_close", early_close),
        tcp_fault("garbage", answer_once(b"\x00\xff\x13\x37 this is no protocol\r\n\x00\r\n" * 4)),
    )
}
"""What every client meets, whatever it speaks."""
