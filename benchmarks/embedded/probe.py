"""Asks a service so many times a second how it is, and so many times for a search, until it is told to stop.

`python -m benchmarks.embedded.probe URL COLLECTION QUERY.json OUTPUT.json`. Requests come when it is their time,
whether the one before took long or not, and a latency counts from that moment. It runs as a process of
its own, so that the client that loads does not hold it up. SIGTERM makes it write and end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

TIMEOUT = 30.0


class Probe:
    """One kind of request over one connection, 1 / `pause` times a second; `times` are in ms."""

    def __init__(self, url: str, request: bytes, pause: float) -> None:
        self.times: list[float] = []
        self.failed = 0
        self._address = urlsplit(url)
        self._request = request
        self._pause = pause

    async def run(self) -> None:
        """Ask until cancelled."""
        due = time.perf_counter()
        reader, writer = await asyncio.open_connection(self._address.hostname, self._address.port)
        while True:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            try:
                self.failed += not await self._ask(reader, writer)
            finally:
                # Also where the end comes in between, so that what hangs at the end is seen.
                self.times.append(1000 * (time.perf_counter() - due))
            due += self._pause

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether it succeeded."""
        writer.write(self._request)
        async with asyncio.timeout(TIMEOUT):
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
        return head.split(b" ", 2)[1] == b"200"


async def probe(url: str, collection: str, query: bytes, rate: float, output: Path) -> dict[str, object]:
    """What was seen until SIGTERM."""
    host = urlsplit(url).netloc
    ask = f"POST /v1/collections/{collection}/search HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    ask += f"Cache-Control: no-store\r\nContent-Length: {len(query)}\r\n\r\n"
    live = f"GET /health/live HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    probes = {"health": Probe(url, live, 1 / rate), "search": Probe(url, ask.encode() + query, 1 / rate)}
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    tasks = [asyncio.create_task(each.run()) for each in probes.values()]
    await asyncio.to_thread(output.touch)
    waiting = asyncio.create_task(stopped.wait())
    done, _ = await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, *tasks):
        task.cancel()
    await asyncio.gather(waiting, *tasks, return_exceptions=True)
    for task in done - {waiting}:
        task.result()
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
