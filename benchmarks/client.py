"""A small HTTP client for what is not measured: filling caches, and looking at single answers."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple
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


class Request(NamedTuple):
    """What is sent, with a body of JSON."""

    method: str
    path: str
    body: bytes


def call(
    url: str,
    method: str,
    path: str,
    body: object = None,
    *,
    timeout: float = TIMEOUT,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Reply:
    """One request over a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    try:
        sent = None if body is None else json.dumps(body)
        connection.request(method, path, sent, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        return Reply(answer.status, answer.getheader("Cache-Status"), answer.read())
    finally:
        connection.close()


def hits(reply: Reply) -> Any:
    """The hits of an answer to a search."""
    return json.loads(reply.body)["hits"]


def search(
    url: str,
    bodies: Iterable[bytes],
    *,
    connections: int = 1,
    headers: str = "",
    path: str = PATH,
    timeout: float = TIMEOUT,
) -> list[Reply]:
    """The answers to these searches, in no particular order where there is more than one connection."""
    requests = (Request("POST", path, body) for body in bodies)
    return send(url, requests, connections=connections, headers=headers, timeout=timeout)


def send(
    url: str, requests: Iterable[Request], *, connections: int = 1, headers: str = "", timeout: float = TIMEOUT
) -> list[Reply]:
    """The answers to these requests, in no particular order where there is more than one connection."""
    return asyncio.run(_send(urlsplit(url).netloc, iter(requests), connections, headers, timeout))


async def _send(
    address: str, requests: Iterator[Request], connections: int, headers: str, timeout: float
) -> list[Reply]:
    replies: list[Reply] = []
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_ask(address, requests, headers, replies, timeout))
    return replies


async def _ask(address: str, requests: Iterator[Request], headers: str, replies: list[Reply], timeout: float) -> None:
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    common = f"Host: {address}\r\nContent-Type: application/json\r\n{headers}"
    try:
        for method, path, body in requests:
            head = f"{method} {path} HTTP/1.1\r\n{common}Content-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            replies.append(await asyncio.wait_for(_read(reader), timeout))
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
    body = await reader.readexactly(int(fields.get("content-length", 0)))
    return Reply(int(head[0].split()[1]), fields.get("cache-status"), body)
