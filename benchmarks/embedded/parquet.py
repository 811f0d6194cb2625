"""A file of points for `holdfast import`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.data import Sample

ROWS = 10_000
"""Of a group."""


def write_parquet(path: Path, sample: Sample) -> Path:
    """Ids, vectors of float32, and the fields of the payload as columns."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    names = list(sample.payloads[0])
    writer = None
    try:
        for first in range(0, len(sample.ids), ROWS):
            here = slice(first, first + ROWS)
            payloads = sample.payloads[here]
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(sample.vectors[here].ravel()), sample.size)
            columns = {"id": pa.array(sample.ids[here], pa.uint64())}
            columns |= {name: pa.array([payload.get(name) for payload in payloads]) for name in names}
            table = pa.table(columns | {"vector": vectors})
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()
    return path
