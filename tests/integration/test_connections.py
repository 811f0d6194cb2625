"""What connections bear: clients who are slow, who flood, or who speak no HTTP. Every answer is JSON, and they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import pytest

from adapters.limits import LimitSettings
from adapters.memory import InMemoryVectorStore
from adapters.settings import Settings
from entrypoints.server.plain import PlainProtocol
from entrypoints.server.quick import QuickProtocol
from tests.servers.holdfast import serve_holdfast
from tests.servers.tcp import Address

LIMITS = LimitSettings(head_timeout=0.2, body_timeout=0.2, answer_timeout=0.2, pipelined=4, connections=8)
LIVE = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = LIVE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
SEARCH = b"POST /v1/collections/a/search HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"
ALIVE = {"status": "alive"}
LONG = 10.0
"""Seconds after which a test has failed: far above any limit."""

Answers = list[tuple[int, dict[str, object]]]


@pytest.fixture(params=[QuickProtocol, PlainProtocol])
async def service(request: pytest.FixtureRequest) -> AsyncIterator[Address]:
    """A service with short limits, over each of the parsers of HTTP."""
    protocol: Callable[..., asyncio.Protocol] = request.param
    async with serve_holdfast(InMemoryVectorStore(), protocol=protocol, settings=Settings(limits=LIMITS)) as address:
        yield address


def read(data: bytes) -> Answers:
    """The status and the JSON of each answer in what was received."""
    answers = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        size = int(fields[b"content-length"])
        answers.append((int(head.split()[1]), json.loads(rest[:size])))
        data = rest[size:]
    return answers


async def ask(service: Address, *parts: bytes) -> Answers:
    """What comes back for these bytes until the server closes the connection."""
    async with asyncio.timeout(LONG):
        reader, writer = await asyncio.open_connection(service.host, service.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            return read(await reader.read())
        finally:
            writer.close()


@pytest.mark.parametrize(
    "request_",
    [
        b"\0\1\2 nonsense\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        SEARCH + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}",
        SEARCH + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_400_in_json(service: Address, request_: bytes) -> None:
    """As every other error has it, and the connection ends."""
    answers = await ask(service, request_)
    assert answers[-1][0] == 400
    assert all(set(body) == {"detail"} for _, body in answers)


async def test_two_lengths_are_never_two_requests(service: Address) -> None:
    """What stands behind a body whose length is in doubt is not answered as a request of its own."""
    smuggled = SEARCH + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + LAST
    answers = await ask(service, smuggled)
    assert (200, ALIVE) not in answers or len(answers) == 2
    assert answers[0][0] in (400, 415)


async def test_heads_are_bounded(service: Address) -> None:
    """A head is cut off soon after 64 KiB, whole or not, and one of many fields is refused."""
    for head in (b"a: " + b"x" * 90_000, b"a: b\r\n" * 20_000):
        [(status, _)] = await ask(service, b"GET / HTTP/1.1\r\nHost: a\r\n", head)
        assert status in (400, 431)


async def test_fields_behind_a_body_say_nothing(service: Address) -> None:
    """They are not taken for fields of the head, also where they come in one piece with it."""
    fields = SEARCH.replace(
        b"Content-Type: application/json\r\n", b"Connection: close\r\nTransfer-Encoding: chunked\r\n"
    )
    body = b"\r\n2\r\n{}\r\n0\r\n"
    [(status, _)] = await ask(service, fields + body + b"Content-Type: application/json\r\n\r\n")
    assert status == 415


@pytest.mark.parametrize("fields", [b"x" * 60_000, b"a: b\r\n" * 10_000])
async def test_fields_behind_a_body_are_bounded(service: Address, fields: bytes) -> None:
    """As those of a head are, though the time for a body grows with what comes."""
    body = SEARCH + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    [(status, _)] = await ask(service, body, b"a: ", *([fields] * 12))
    assert status == 400


async def test_a_slow_head_is_a_408(service: Address) -> None:
    """From when the connection was made, though bytes keep coming; where none came, it is only closed."""
    assert await ask(service) == []
    [(status, body)] = await ask(service, b"GET / HTTP/1.1\r\n")
    assert (status, body) == (408, {"detail": "The head of the request did not come in time."})
    answers = await ask(service, LIVE, b"GET / HTTP/1.1\r\n")
    assert [status for status, _ in answers] == [200, 408]


async def test_a_slow_body_is_a_408(service: Address) -> None:
    """Declared and chunked, and the request itself ends too."""
    for part in (b"Content-Length: 30\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"):
        [(status, body)] = await ask(service, SEARCH + part)
        assert (status, body) == (408, {"detail": "The body of the request did not come in time."})


async def test_a_client_that_does_not_read_is_let_go(service: Address) -> None:
    """It asks and asks, reads nothing, and its connection is cut instead of kept."""
    big = b'{"points": [{"id": 1, "vector": [1], "payload": {"a": "%b"}}]}' % (b"x" * 200_000)
    for path, body in ((b"", b'{"vector": {"size": 1, "distance": "dot"}}'), (b"/points", big)):
        head = b"PUT /v1/collections/a%b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"
        [(status, _)] = await ask(service, head % path, b"Content-Length: %d\r\n\r\n" % len(body), body)
        assert status in (200, 201)
    async with asyncio.timeout(LONG):
        reader, writer = await asyncio.open_connection(service.host, service.port, limit=1)
        try:
            while reader.exception() is None:
                writer.write(b"GET /v1/collections/a/points/1 HTTP/1.1\r\nHost: a\r\n\r\n")
                await writer.drain()
        except OSError:
            return
        finally:
            writer.close()


async def test_an_upgrade_is_passed_over(service: Address) -> None:
    """The request is answered as it is, its body is its body, and what follows is the next request."""
    body = b"Content-Length: %d\r\n\r\n%b" % (len(LIVE), LIVE)
    answers = await ask(service, SEARCH + UPGRADE + body, LAST)
    assert [status for status, _ in answers] == [400, 200]
    assert answers[1][1] == ALIVE


async def test_answers_keep_their_order(service: Address) -> None:
    """Of what was asked before nonsense, each answer comes first; and none is taken for another's."""
    answers = await ask(service, LIVE * 3 + b"\0nonsense\r\n\r\n")
    assert answers[:3] == [(200, ALIVE)] * 3
    assert [status for status, _ in answers[3:]] in ([], [400])


async def test_a_refused_upload_is_told_why(service: Address) -> None:
    """A client that is still sending reads the answer, instead of a connection that was reset."""
    megabyte = b"x" * 1024 * 1024
    for path in (b"/v1/collections/a/points", b"/nothing"):
        head = b"PUT %b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n"
        [(status, _)] = await ask(service, head % path, megabyte)
        assert status in (404, 413)


async def test_connections_are_counted(service: Address) -> None:
    """One too many is a 503 before it asks anything, and the others go on."""
    async with asyncio.timeout(LONG):
        open_ = [await asyncio.open_connection(service.host, service.port) for _ in range(LIMITS.connections)]
        [(status, body)] = await ask(service)
        assert (status, body) == (503, {"detail": "Too many requests in progress. Please try again later."})
        for reader, writer in open_:
            writer.write(LAST)
            assert read(await reader.read()) == [(200, ALIVE)]
            writer.close()
