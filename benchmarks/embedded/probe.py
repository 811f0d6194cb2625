"""Asks a service so many times a second how it is, and so many times for a search, until it is told to stop.

`python -m benchmarks.embedded.probe URL COLLECTION QUERY.json OUTPUT.json`. Requests come when it is their time,
whether those before were answered or not, each over a connection that is free, and a latency counts from
that moment. It runs as a process of its own, so that the client that loads does not hold it up. SIGTERM
makes it wait for the last answers, write and end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

TIMEOUT = 30.0


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Probe:
    """One kind of request, 1 / `pause` times a second; `times` are in ms."""

    def __init__(self, url: str, request: bytes, pause: float) -> None:
        self.times: list[float] = []
        self.failed = 0
        self._address = urlsplit(url)
        self._request = request
        self._pause = pause
        self._free: list[Streams] = []

    async def run(self, stopped: asyncio.Event) -> None:
        """Ask until told to stop, and wait for what was asked by then."""
        due = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            while not stopped.is_set():
                group.create_task(self._ask(due))
                due += self._pause
                with suppress(TimeoutError):
                    await asyncio.wait_for(stopped.wait(), max(0.0, due - time.perf_counter()))
        for _, writer in self._free:
            writer.close()

    async def _ask(self, due: float) -> None:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = streams = await self._connection()
            writer.write(self._request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
        self.times.append(1000 * (time.perf_counter() - due))
        self.failed += head.split(b" ", 2)[1] != b"200"
        self._free.append(streams)

    async def _connection(self) -> Streams:
        while self._free:
            reader, writer = self._free.pop()
            # One that nobody needed for some seconds was closed by the service.
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._address.hostname, self._address.port)


async def probe(url: str, collection: str, query: bytes, rate: float, output: Path) -> dict[str, object]:
    """What was seen until SIGTERM."""
    host = urlsplit(url).netloc
    ask = f"POST /v1/collections/{collection}/search HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    ask += f"Cache-Control: no-store\r\nContent-Length: {len(query)}\r\n\r\n"
    live = f"GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    probes = {"health": Probe(url, live, 1 / rate), "search": Probe(url, ask.encode() + query, 1 / rate)}
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await asyncio.to_thread(output.touch)
    await asyncio.gather(*(each.run(stopped) for each in probes.values()))
    return {name: {"times": each.times, "failed": each.failed} for name, each in probes.items()}


def main() -> None:
    """Probe, and write what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("collection")
    parser.add_argument("query", type=Path, help="the body of the search")
    parser.add_argument("output", type=Path)
    parser.add_argument("--rate", type=float, default=50.0, help="of each kind a second; default: %(default)s")
    given = parser.parse_args()
    seen = uvloop.run(probe(given.url, given.collection, given.query.read_bytes(), given.rate, given.output))
    given.output.write_text(json.dumps(seen))


if __name__ == "__main__":
    main()
