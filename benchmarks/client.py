"""A small HTTP client for what is not measured: filling caches, and looking at single answers."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks.questions import PATH

TIMEOUT = 30.0
NO_CACHE = "Cache-Control: no-cache\r\n"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `cache` is its Cache-Status."""

    status: int
    cache: str | None
    body: bytes


def call(url: str, method: str, path: str, body: object = None) -> Reply:
    """One request over a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT)
    try:
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return Reply(answer.status, answer.getheader("Cache-Status"), answer.read())
    finally:
        connection.close()


def hits(reply: Reply) -> Any:
    """The hits of an answer to a search."""
    return json.loads(reply.body)["hits"]


def search(url: str, bodies: Iterable[bytes], *, connections: int = 1, headers: str = "") -> list[Reply]:
    """The answers to these searches, in no particular order where there is more than one connection."""
    return asyncio.run(_search(urlsplit(url).netloc, iter(bodies), connections, headers))


async def _search(address: str, bodies: Iterator[bytes], connections: int, headers: str) -> list[Reply]:
    replies: list[Reply] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_ask(address, bodies, headers, replies))
    return replies


async def _ask(address: str, bodies: Iterator[bytes], headers: str, replies: list[Reply]) -> None:
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    common = f"POST {PATH} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n{headers}"
    try:
        for body in bodies:
            writer.write(f"{common}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            replies.append(await asyncio.wait_for(_read(reader), TIMEOUT))
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(fields.get("content-length", 0)))
    return Reply(int(head[0].split()[1]), fields.get("cache-status"), body)
