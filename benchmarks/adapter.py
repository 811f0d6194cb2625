"""The adapter of Qdrant called in a loop, without HTTP: `python -m benchmarks.adapter URL QUERIES --output FILE`."""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path

import numpy as np
import uvloop

from adapters.backends import QdrantSettings
from adapters.qdrant import QdrantVectorStore, build_qdrant_client
from domain.models import Vector
from domain.queries import SearchQuery


async def call_in_loop(store: QdrantVectorStore, vectors: list[Vector], until: float, times: list[float]) -> None:
    """Search until the clock says `until`, and note how long each search took."""
    turn = 0
    while (begun := time.perf_counter()) < until:
        await store.search("packages", SearchQuery(vector=vectors[turn % len(vectors)], limit=10))
        times.append(time.perf_counter() - begun)
        turn += 1


async def measure(url: str, queries: Path, callers: int, seconds: float) -> dict[str, float]:
    """What `benchmarks.load.Load` takes."""
    settings = QdrantSettings(url=url)
    store = QdrantVectorStore(build_qdrant_client(settings), read_timeout=settings.read_timeout)
    vectors = [Vector(query.astype("<f4").tobytes()) for query in np.load(queries)]
    times: list[float] = []
    try:
        await call_in_loop(store, vectors, time.perf_counter() + 0.5, [])
        begun = time.perf_counter()
        await asyncio.gather(*(call_in_loop(store, vectors, begun + seconds, times) for _ in range(callers)))
        took = time.perf_counter() - begun
    finally:
        await store.aclose()
    p50, p99, longest = np.percentile(np.array(times) * 1000, [50, 99, 100]).tolist()
    return {"requests": len(times), "seconds": took, "p50_ms": p50, "p99_ms": p99, "max_ms": longest}


def main() -> None:
    """Print what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("queries", type=Path, help="vectors, as numpy saves them")
    parser.add_argument("--callers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    given.output.write_text(json.dumps(uvloop.run(measure(given.url, given.queries, given.callers, given.seconds))))


if __name__ == "__main__":
    main()
