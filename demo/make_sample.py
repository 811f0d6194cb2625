#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "pyarrow"]
# ///
"""Make the sample that `demo.py` loads: `python demo/make_sample.py PACKAGES.parquet QUERIES.parquet`.

Needs numpy and pyarrow, which neither the service nor the demo needs. Writes `packages.jsonl.gz` and
`queries.jsonl.gz` beside this file and prints their sizes and what the rounding of the vectors costs.
The same input gives the same rows.

PACKAGES.parquet has the columns id, name, section, installed_kib, tags, summary and vector;
QUERIES.parquet has text and vector. Vectors are float32 and of unit length.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq  # type: ignore[import-untyped, import-not-found, unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Row = dict[str, Any]

HERE = Path(__file__).resolve().parent
TOPICS = (
    "turn-based strategy game",
    "lightweight and efficient window manager for X11",
    "set of data recovery utilities for use with GNU ddrescue",
    "Tool for burning CD's - console version",
    "lightweight directory-based password manager",
    "Real-time MIDI software synthesizer",
    "IMAP/Maildir synchronization and reader support",
    "EXIF/IPTC/XMP metadata manipulation library",
    "Elegant astronomy for Python",
    "ultra fast JSON encoder and decoder for Python 3",
)
PAYLOAD = ("name", "section", "installed_kib", "tags", "summary")
ROWS = 2_300
PER_TOPIC = 100
PER_SEED = 4
K = 10
MAX_BYTES = 2_000_000


def read(path: Path) -> tuple[list[Row], Matrix]:
    """Return the rows of a parquet file without their vectors, and the vectors."""
    table = pq.read_table(path)
    vectors = np.stack(table["vector"].to_numpy()).astype(np.float32)
    return table.drop_columns(["vector"]).to_pylist(), vectors


def nearest(base: Matrix, query: Matrix, count: int) -> NDArray[np.int64]:
    """Return the rows of `base` with the highest dot product for each of `query`, best first, ties in row order."""
    scores = query.astype(np.float64) @ base.astype(np.float64).T
    return np.argsort(-scores.round(12), axis=1, kind="stable")[:, :count]


def seeds(packages: list[Row]) -> Iterator[int]:
    """Yield every row once: one of each section in turn, within a section in the order of the hashed names."""
    sections: dict[str, list[int]] = {}
    for row in sorted(range(len(packages)), key=lambda row: hashlib.sha256(packages[row]["name"].encode()).digest()):
        sections.setdefault(packages[row]["section"], []).append(row)
    rounds = itertools.zip_longest(*(sections[name] for name in sorted(sections)))
    return (row for turn in rounds for row in turn if row is not None)


def choose(packages: list[Row], vectors: Matrix, topics: Matrix) -> list[int]:
    """Return the rows of the sample: the nearest of each topic, then seeds over all sections with their nearest."""
    chosen = set(nearest(vectors, topics, PER_TOPIC).ravel().tolist())
    for seed in seeds(packages):
        for row in (seed, *nearest(vectors, vectors[seed : seed + 1], PER_SEED)[0].tolist()):
            if len(chosen) == ROWS:
                return sorted(chosen, key=lambda row: int(packages[row]["id"]))
            chosen.add(row)
    return sorted(chosen, key=lambda row: int(packages[row]["id"]))


def write(path: Path, rows: Iterable[Row]) -> int:
    """Write one JSON object a line, compressed, with no time in the header, and return the size in bytes."""
    lines = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    return path.write_bytes(gzip.compress(lines.encode(), compresslevel=9, mtime=0))


def encoded(vector: NDArray[Any], dtype: str) -> str:
    """Return the vector as base64 of `dtype`."""
    return base64.b64encode(vector.astype(dtype).tobytes()).decode()


def recall(exact: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    """Return the share of the exact neighbours that were found."""
    hits = sum(len(set(a) & set(b)) for a, b in zip(exact.tolist(), found.tolist(), strict=True))
    return hits / exact.size


def measure(sample: Matrix, queries: Matrix) -> None:
    """Print what rounding the stored vectors to float16 changes in exact search over the sample."""
    half = sample.astype(np.float16).astype(np.float32)
    rounded = half / np.linalg.norm(half, axis=1, keepdims=True)
    error = np.abs(queries @ sample.T - queries @ rounded.T).max()
    others = [without_self(nearest(side, side, K + 1)) for side in (sample, rounded)]
    print(f"recall at {K}, {len(queries)} queries: ", end="")
    print(f"{recall(nearest(sample, queries, K), nearest(rounded, queries, K)):.4f}")
    print(f"recall at {K}, neighbours of the {len(sample)} points: {recall(*others):.4f}")
    print(f"largest change of a score: {error:.6f}")


def without_self(found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return row i of `found` without i, or without its last where i is not there."""
    rows = [[other for other in row if other != i][:K] for i, row in enumerate(found.tolist())]
    return np.array(rows, dtype=np.int64)


def arguments() -> argparse.Namespace:
    """Return the two paths of the command line."""
    parser = argparse.ArgumentParser(description="Make the sample of the demo (needs numpy and pyarrow).")
    parser.add_argument("packages", type=Path, metavar="PACKAGES.parquet")
    parser.add_argument("queries", type=Path, metavar="QUERIES.parquet")
    return parser.parse_args()


def main() -> None:
    """Choose, write and measure the sample."""
    paths = arguments()
    packages, vectors = read(paths.packages)
    queries, query_vectors = read(paths.queries)
    at = {query["text"]: row for row, query in enumerate(queries)}
    topics = query_vectors[[at[text] for text in TOPICS]]
    chosen = choose(packages, vectors, topics)
    points = (
        {
            "id": packages[row]["id"],
            "payload": {key: packages[row][key] for key in PAYLOAD},
            "vector": encoded(vectors[row], "<f2"),
        }
        for row in chosen
    )
    asked = ({"text": text, "vector": encoded(topics[i], "<f4")} for i, text in enumerate(TOPICS))
    sizes = write(HERE / "packages.jsonl.gz", points), write(HERE / "queries.jsonl.gz", asked)
    sections = len({packages[row]["section"] for row in chosen})
    print(f"{len(chosen)} packages of {sections} sections: {sizes[0]} bytes; {len(TOPICS)} queries: {sizes[1]} bytes")
    if sum(sizes) > MAX_BYTES:
        message = f"the sample is larger than {MAX_BYTES} bytes: lower ROWS"
        raise SystemExit(message)
    measure(vectors[chosen], query_vectors)


if __name__ == "__main__":
    main()
