"""The engine called directly, in one process and one thread: `python -m benchmarks.embedded.direct load|search ...`.

`load` writes the points in batches of 500 into a new folder, then builds the graph; `search` asks one question
after another. The engine has the configuration that it has in Holdfast, and both payload indexes from the
start. Points and vectors are made of lists in the loop, as a caller has to; that is quicker than with numpy.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import qdrant_edge as edge

from adapters.edge.breadth import ranked
from adapters.edge.config import INDEX_TYPES, to_config
from benchmarks.engines.engine import BATCH
from benchmarks.engines.filters import INTEGER, KEYWORD, LIMIT
from domain.models import Collection, Distance, IndexType


def config(size: int) -> edge.EdgeConfig:
    """That of a collection in Holdfast."""
    return to_config(Collection(name="direct", size=size, distance=Distance.COSINE))


def load(folder: Path, vectors: Any, payloads: list[dict[str, Any]], *, graph: bool) -> dict[str, float]:
    """Seconds of the writes, and of the graph."""
    shard = edge.EdgeShard.create(str(folder), config(vectors.shape[1]))
    for field, kind in ((KEYWORD, IndexType.KEYWORD), (INTEGER, IndexType.INTEGER)):
        shard.update(edge.UpdateOperation.create_field_index(field, INDEX_TYPES[kind]))
    begun = time.perf_counter()
    for first in range(0, len(payloads), BATCH):
        batch = payloads[first : first + BATCH]
        rows = vectors[first : first + BATCH].tolist()
        points = [
            edge.Point(first + i + 1, row, payload) for i, (row, payload) in enumerate(zip(rows, batch, strict=True))
        ]
        shard.update(edge.UpdateOperation.upsert_points(points))
    written = time.perf_counter()
    if graph:
        shard.optimize()
        shard.flush()
    ended = time.perf_counter()
    shard.close()
    return {"seconds": written - begun, "graph": ended - written}


def search(folder: Path, queries: Any, cases: list[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    """For each case the median in ms of so many seconds of searches, and the ids that every query finds."""
    shard = edge.EdgeShard.load(str(folder), config(queries.shape[1]))
    measured = []
    for case in cases:
        conditions: list[edge.ConditionType] = []
        if case["keyword"] is not None:
            conditions.append(edge.FieldCondition(KEYWORD, match=edge.MatchValue(case["keyword"])))
        if case["least"] is not None:
            conditions.append(edge.FieldCondition(INTEGER, range=edge.RangeFloat(gte=case["least"])))
        narrowed = edge.Filter(must=conditions) if conditions else None
        # The first pass reads from disk what no search has needed yet, and is not timed.
        found = [[hit.id for hit in ask(shard, vector.tolist(), narrowed)] for vector in queries]
        times: list[float] = []
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            vector = queries[len(times) % len(queries)].tolist()
            begun = time.perf_counter()
            ask(shard, vector, narrowed)
            times.append(time.perf_counter() - begun)
        measured.append({"p50_ms": 1000 * float(np.median(times)), "found": found})
    shard.close()
    return measured


def ask(shard: edge.EdgeShard, vector: list[float], filter_: edge.Filter | None) -> list[edge.ScoredPoint]:
    """The nearest points with their payloads, in the breadth that is the engine's own."""
    params = edge.SearchParams(quantization=ranked(100, LIMIT))
    nearest = edge.Query.Nearest(vector)
    request = edge.QueryRequest(limit=LIMIT, query=nearest, filter=filter_, params=params, with_payload=True)
    return list(shard.query(request))


def main() -> None:
    """Write what was measured as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["load", "search"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("vectors", type=Path, help="of the points or of the queries, as numpy saves them")
    parser.add_argument("others", type=Path, help="the payloads or the cases, as JSON")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--graph", action="store_true", help="build it after the load")
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    vectors, others = np.load(given.vectors), msgspec.json.decode(given.others.read_bytes())
    if given.what == "load":
        given.folder.mkdir(parents=True)
        measured: Any = load(given.folder, vectors, others, graph=given.graph)
    else:
        measured = search(given.folder, vectors, others, given.seconds)
    given.output.write_text(json.dumps(measured))


if __name__ == "__main__":
    main()
