"""What is asked and what is found: the committed sample of packages, or parquet files with more."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEMO = Path(__file__).parents[1] / "demo"
UNSHOWN = ("id", "vector")


@dataclass(frozen=True, slots=True)
class Sample:
    """Points, as ids, payloads and unit vectors of float32 in the same order, and the vectors of queries."""

    name: str
    ids: list[int]
    payloads: list[dict[str, Any]]
    vectors: NDArray[np.float32]
    queries: NDArray[np.float32]

    @property
    def size(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])

    def hits(self, limit: int) -> list[dict[str, Any]]:
        """The exact nearest neighbours of the first query by cosine, as Qdrant describes them."""
        scores = self.vectors @ self.queries[0]
        nearest = np.argsort(-scores)[:limit]
        return [
            {"id": self.ids[i], "version": 1, "score": float(scores[i]), "payload": self.payloads[i]} for i in nearest
        ]


def committed_sample() -> Sample:
    """The sample in `demo/`: 2,300 packages with vectors of float16, and 10 queries of float32."""
    points, queries = _lines("packages.jsonl.gz"), _lines("queries.jsonl.gz")
    vectors = np.stack([_decoded(point["vector"], "<f2") for point in points])
    return Sample(
        f"the committed sample, {len(points):,} packages",
        [point["id"] for point in points],
        [point["payload"] for point in points],
        vectors,
        np.stack([_decoded(query["vector"], "<f4") for query in queries]),
    )


def parquet_sample(packages: Path, queries: Path) -> Sample:
    """Packages (`id`, `vector`, and columns that become the payload) and queries (`vector`) of parquet files."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped, import-not-found, unused-ignore]  # noqa: PLC0415

    points, asked = pq.read_table(packages), pq.read_table(queries, columns=["vector"])
    shown = [name for name in points.column_names if name not in UNSHOWN]
    return Sample(
        f"{points.num_rows:,} packages",
        points.column("id").to_pylist(),
        points.select(shown).to_pylist(),
        _matrix(points),
        _matrix(asked),
    )


def grown(sample: Sample, count: int, seed: int = 7, noise: float = 0.01) -> Sample:
    """So many points: those of the sample again and again, each time with other small noise, and of unit length.

    `noise` is the standard deviation of each component; with 0.01 a point of 384 has a cosine of about
    0.98 to the one that it was made of. The first round is the sample itself.
    """
    turns = np.arange(count) % len(sample.ids)
    vectors = sample.vectors[turns]
    copies = vectors[len(sample.ids) :]
    copies += np.random.default_rng(seed).standard_normal(copies.shape, np.float32) * np.float32(noise)
    copies /= np.linalg.norm(copies, axis=1, keepdims=True)
    payloads = [sample.payloads[turn] for turn in turns.tolist()]
    return Sample(f"{count:,} of {sample.name}", list(range(1, count + 1)), payloads, vectors, sample.queries)


def _lines(name: str) -> list[dict[str, Any]]:
    with gzip.open(DEMO / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _decoded(text: str, type_: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text), type_).astype(np.float32)


def _matrix(table: Any) -> NDArray[np.float32]:
    column = table.column("vector").combine_chunks()
    return column.flatten().to_numpy().astype(np.float32).reshape(table.num_rows, -1)  # type: ignore[no-any-return]
