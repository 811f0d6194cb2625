"""Parquet, written: a column of ids, one of vectors, and the payload as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from adapters.files.ids import check_ids
from adapters.files.parts import PartFile
from domain.models import Record
from domain.ports import PointSink

GROUP_ROWS = 10_000
GROUP_BYTES = 32 * 1024 * 1024
"""How many rows a row group has, and how many bytes: what comes first."""

_encode = msgspec.json.Encoder().encode


class ParquetSink(PointSink):
    """`id` (uint64, or text where there are UUIDs), `vector` (as many float32), `payload` (JSON as text)."""

    def __init__(self, path: Path) -> None:
        self._part = PartFile(path)
        self._writer: pq.ParquetWriter | None = None
        self._schema = pa.schema([])
        self._size = 0
        self._uuids = False
        self._ids: list[object] = []
        self._vectors: list[bytes] = []
        self._payloads: list[bytes] = []
        self._bytes = 0

    def begin(self, size: int, *, uuids: bool) -> None:
        self._size, self._uuids = size, uuids
        self._schema = pa.schema(
            [
                pa.field("id", pa.string() if uuids else pa.uint64(), nullable=False),
                pa.field("vector", pa.list_(pa.float32(), size), nullable=False),
                pa.field("payload", pa.string(), nullable=False),
            ]
        )
        # Numbers of vectors hardly repeat: neither a dictionary nor compression makes them smaller.
        packed = {"id": "zstd", "vector.list.element": "none", "payload": "zstd"}
        self._writer = pq.ParquetWriter(
            self._part.open(), self._schema, use_dictionary=False, compression=packed, store_schema=True
        )

    def write(self, records: Sequence[Record]) -> None:
        check_ids(records, uuids=self._uuids)
        for one in records:
            vector = b"" if one.vector is None else one.vector.data
            payload = _encode(one.payload)
            self._ids.append(str(one.id) if self._uuids else one.id)
            self._vectors.append(vector)
            self._payloads.append(payload)
            self._bytes += len(vector) + len(payload)
            if len(self._ids) >= GROUP_ROWS or self._bytes >= GROUP_BYTES:
                self._flush()

    def finish(self) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()
        self._part.finish()

    def discard(self) -> None:
        if self._writer is not None and self._writer.is_open:
            self._writer.close()
        self._part.discard()

    def _flush(self) -> None:
        """Write what was gathered as a row group."""
        if not self._ids or self._writer is None:
            return
        numbers = pa.Array.from_buffers(
            pa.float32(), len(self._ids) * self._size, [None, pa.py_buffer(b"".join(self._vectors))]
        )
        columns = [
            pa.array(self._ids, self._schema.field("id").type),
            pa.FixedSizeListArray.from_arrays(numbers, type=self._schema.field("vector").type),
            pa.array(self._payloads, pa.binary()).cast(pa.string()),
        ]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        self._ids, self._vectors, self._payloads, self._bytes = [], [], [], 0
