"""Callers that ask one search after another, each one that nobody asked before, and note how each went."""

from __future__ import annotations

import asyncio
import json
import math
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlsplit

PATH = "/v1/collections/packages/search"
TIMEOUT = 60.0

NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Went:
    """How a request went: when it began, its seconds, and its status, 0 where there was no answer."""

    begun: float
    seconds: float
    status: int


@dataclass
class Callers:
    """So many callers of a service, each over a connection of its own, with a pause after each answer.

    The pauses are random, `pause` seconds in the mean: with equal ones, callers whom a fault made wait for
    the same moment would go on together, and wait for each other ever after.
    """

    url: str
    callers: int
    pause: float = 0.0
    went: list[Went] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def ask_for(self, seconds: float) -> None:
        """Ask for some time, or go on asking."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._call()) for _ in range(self.callers)]
        await asyncio.sleep(seconds)

    async def ask_once(self) -> Sequence[Went]:
        """One request of each at once."""
        return await asyncio.gather(*(self._ask_anew() for _ in range(self.callers)))

    async def end(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def between(self, begin: float, end: float) -> list[Went]:
        """The requests that began in this time."""
        return [each for each in self.went if begin <= each.begun < end]

    async def _ask_anew(self) -> Went:
        reader, writer = await _connect(self.url)
        try:
            return await _ask(self.url, reader, writer)
        finally:
            writer.close()

    async def _call(self) -> None:
        reader, writer = await _connect(self.url)
        try:
            while True:
                went = await _ask(self.url, reader, writer)
                self.went.append(went)
                if not went.status:
                    writer.close()
                    reader, writer = await _connect(self.url)
                await asyncio.sleep(self.pause * random.uniform(0.0, 2.0))  # noqa: S311 - no secret
        finally:
            writer.close()


def p99(went: Sequence[Went]) -> float:
    """The milliseconds that 99 of 100 did not exceed."""
    times = sorted(each.seconds for each in went)
    return 1000 * times[math.ceil(0.99 * len(times)) - 1] if times else math.nan


def describe(went: Sequence[Went]) -> Iterator[str]:
    """How many requests had which status, and how long they took."""
    for status, number in sorted(Counter(each.status for each in went).items()):
        times = sorted(1000 * each.seconds for each in went if each.status == status)
        name = status or "no answer"
        yield f"{number} x {name}: {times[0]:.0f} to {times[-1]:.0f} ms, median {times[number // 2]:.0f} ms"


def request(url: str) -> bytes:
    """A search that nobody asked before."""
    body = json.dumps({"vector": [1.0, next(NUMBERS)], "limit": 10})
    head = f"POST {PATH} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def _connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port)


async def _ask(url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Went:
    begun, status = time.monotonic(), 0
    try:
        writer.write(request(url))
        async with asyncio.timeout(TIMEOUT):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
        status = int(head.split(b" ", 2)[1])
    except (OSError, EOFError, ValueError, TimeoutError):
        pass
    return Went(begun, time.monotonic() - begun, status)
