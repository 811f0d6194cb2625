"""A stand-in for Qdrant that answers at once, always the same: `python -m benchmarks.store --port 6333 HITS.json`.

So what is measured is the service, and not the store. It counts the searches that reach it
(`GET /counts`, on a port that no outage concerns). SIGUSR1 begins an outage: every connection is cut
as soon as it stands, and counted. SIGUSR2 ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvloop

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
LIMIT = re.compile(rb'"limit": ?(\d+)')


def description(points: int, size: int) -> dict[str, Any]:
    """What Qdrant says of a collection."""
    return {
        "status": "green",
        "optimizer_status": "ok",
        "points_count": points,
        "indexed_vectors_count": points,
        "segments_count": 1,
        "config": {
            "params": {"vectors": {"size": size, "distance": "Cosine"}, "shard_number": 1, "replication_factor": 1},
            "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "flush_interval_sec": 5,
            },
            "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
        },
        "payload_schema": {},
    }


def envelope(result: object) -> bytes:
    """A whole answer of Qdrant's with this result."""
    body = json.dumps({"result": result, "status": "ok", "time": 0.0001}).encode()
    return _response(b"200 OK", body)


def _response(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body)


@dataclass
class Store:
    """The answers, made once, and the counts. `hits` are as many as are ever asked for."""

    hits: Sequence[Any]
    points: int
    size: int
    searches: int = 0
    cut: int = 0
    away: bool = False
    connections: set[asyncio.Transport] = field(default_factory=set)

    def __post_init__(self) -> None:
        pages = [{"points": self.hits[:limit]} for limit in range(len(self.hits) + 1)]
        self._single = [envelope(page) for page in pages]
        self._batch = [envelope([page]) for page in pages]
        self._description = envelope(description(self.points, self.size))
        self._list = envelope({"collections": [{"name": "packages"}]})
        self._done = envelope({"operation_id": 1, "status": "completed"})
        self._root = _response(b"200 OK", b'{"title":"qdrant - vector search engine","version":"1.20.0"}')
        self._missing = _response(b"404 Not Found", b'{"status":{"error":"Not found"},"time":0.0}')

    def answer(self, method: bytes, path: bytes, body: bytes) -> bytes:
        """The answer to a request."""
        if path.endswith((b"/points/query/batch", b"/points/query")):
            self.searches += 1
            # The limit stands behind the vector.
            found = LIMIT.search(body, max(len(body) - 300, 0)) or LIMIT.search(body)
            limit = min(int(found[1]) if found else 10, len(self.hits))
            return (self._batch if path.endswith(b"batch") else self._single)[limit]
        if method == b"PUT":
            return self._done
        if path == b"/counts":
            return _response(b"200 OK", json.dumps({"searches": self.searches, "cut": self.cut}).encode())
        if path.startswith(b"/collections/"):
            return self._description if path.count(b"/") == 2 else self._missing
        return self._list if path == b"/collections" else self._root

    def set_away(self, *, away: bool) -> None:
        """Begin an outage, which cuts all connections, or end it."""
        self.away = away
        for transport in tuple(self.connections) if away else ():
            transport.abort()


class Connection(asyncio.Protocol):
    """One connection, with as many requests as come over it."""

    def __init__(self, store: Store, *, control: bool = False) -> None:
        self._store = store
        self._control = control
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it, or cut it."""
        self._transport = cast("asyncio.Transport", transport)
        if self._control:
            return
        if self._store.away:
            self._store.cut += 1
            self._transport.abort()
        else:
            self._store.connections.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Forget it."""
        self._store.connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self._received, 0, end + 2)
            stop = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < stop:
                return
            method, path, _ = self._received.split(b" ", 2)
            body = self._received[end + 4 : stop]
            self._received = self._received[stop:]
            self._transport.write(self._store.answer(method, path.partition(b"?")[0], body))


async def serve(store: Store, port: int, control_port: int) -> None:
    """Serve on the loopback ports until a signal ends the process."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: store.set_away(away=True))
    loop.add_signal_handler(signal.SIGUSR2, lambda: store.set_away(away=False))
    await loop.create_server(lambda: Connection(store, control=True), "127.0.0.1", control_port)
    server = await loop.create_server(lambda: Connection(store), "127.0.0.1", port)
    await server.serve_forever()


def main() -> None:
    """Serve the hits of a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("hits", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--points", type=int, required=True)
    parser.add_argument("--size", type=int, required=True)
    given = parser.parse_args()
    store = Store(json.loads(given.hits.read_text()), given.points, given.size)
    uvloop.run(serve(store, given.port, given.control_port))


if __name__ == "__main__":
    main()
