"""Sends hostile requests, and judges what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field

from tests.e2e.hostile.heads import Hostile
from tests.e2e.hostile.requests import drawn
from tests.servers.process import HOST

AT_ONCE = 4
"""Connections at a time."""

LONGEST = 30.0
"""Seconds in which every whole request has been answered and closed."""

PAGES = (b"text/html", b"text/css", b"text/javascript")
"""What the status page and that of the document are made of."""


@dataclass(slots=True)
class Judge:
    """What was answered, and what was wrong with it."""

    statuses: Counter[int] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def judge(self, name: str, hostile: Hostile, received: bytes) -> None:
        """Every answer is one of ours: no 500, and JSON where there is a body, or a page that is open."""
        rest = received
        while rest:
            head, end, rest = rest.partition(b"\r\n\r\n")
            status = int(head[9:12]) if head.startswith(b"HTTP/1.1 ") and end else 0
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            size = int(fields.get(b"content-length", b"0"))
            body, rest = (rest[:size], rest[size:]) if hostile.kind != "path" or rest else (b"", b"")
            self.statuses[status] += 1
            if status in (0, 500) or not _is_ours(status, fields, body, size):
                self.problems.append(f"{name} ({hostile.kind}): {received[:300]!r}")
                return
        if hostile.whole and not received:
            self.problems.append(f"{name} ({hostile.kind}): no answer to {hostile.pieces[0][:200]!r}")


def _is_ours(status: int, fields: dict[bytes, bytes], body: bytes, size: int) -> bool:
    if status in (100, 204) or not body:
        return status in (100, 204) or size == 0 or not body
    if len(body) < size:
        # The client left before.
        return True
    if status == 200 and fields.get(b"content-type", b"").startswith(PAGES):
        return True
    with contextlib.suppress(ValueError):
        known = isinstance(json.loads(body), dict) and fields.get(b"content-type") == b"application/json"
        return known and (status < 400 or b"detail" in body)
    return False


class Sender:
    """Sends requests of numbers that are next, several at a time."""

    def __init__(self, port: int, seed: int, numbers: range) -> None:
        self._port = port
        self._seed = seed
        self._numbers = iter(numbers)
        self.judge = Judge()

    async def run(self) -> None:
        """Send them all, from each connection as soon as it is answered."""
        await asyncio.gather(*(self._work() for _ in range(AT_ONCE)))

    async def _work(self) -> None:
        for number in self._numbers:
            hostile = drawn(self._seed, number)
            name = f"{self._seed}/{number}"
            try:
                async with asyncio.timeout(LONGEST):
                    self.judge.judge(name, hostile, await self._send(hostile))
            except TimeoutError:
                self.judge.problems.append(f"{name} ({hostile.kind}): no end")
            except OSError as error:
                self.judge.problems.append(f"{name} ({hostile.kind}): {error!r}")

    async def _send(self, hostile: Hostile) -> bytes:
        reader, writer = await asyncio.open_connection(HOST, self._port)
        reading = asyncio.create_task(_read(reader))
        try:
            with contextlib.suppress(ConnectionError):
                for piece in hostile.pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(hostile.pause)
            await asyncio.wait([reading], timeout=None if hostile.whole else hostile.patience)
        finally:
            writer.transport.abort()
        return await reading


async def _read(reader: asyncio.StreamReader) -> bytes:
    received = b""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            received += data
    return received
