"""Parquet: read and written a block at a time, by pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from adapters.files.arrow import id_reader, object_reader, payload_reader, vector_reader
from adapters.files.blocks import IdCell, PayloadCell, VectorCell, to_block
from domain.errors import InvalidInput
from domain.ports import Block, Columns, PointSource

PAYLOAD = "payload"

T = TypeVar("T")
Reader: TypeAlias = Callable[[pa.RecordBatch], Sequence[T]]

BUFFER = 1024 * 1024
"""How many bytes of a column are read ahead, in place of all that a row group has of it."""

BLOCK_BYTES = 8 * 1024 * 1024
"""The most bytes of a block, by the average of the file's rows, where it is more than one row."""


class ParquetSource(PointSource):
    """Columns of ids, vectors and payload; what Arrow has and JSON lacks is refused before anything is read."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self._path = path
        self._columns = columns
        with self._open() as file:
            schema, metadata = file.schema_arrow, file.metadata
        self.total = metadata.num_rows
        groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
        self._groups = [group.num_rows for group in groups]
        self._row_bytes = sum(group.total_byte_size for group in groups) / max(self.total, 1)
        names = _payload_names(schema, columns)
        # What cannot be read is refused here.
        self._ids: Reader[IdCell] | None = None if columns.numbered else id_reader(schema, columns.id)
        self._vectors: Reader[VectorCell] = vector_reader(schema, columns.vector)
        whole = columns.payload is None and names == [PAYLOAD]
        self._payloads: Reader[PayloadCell] = object_reader(schema, PAYLOAD) if whole else payload_reader(schema, names)
        used = {columns.vector, *names, *(() if columns.numbered else (columns.id,))}
        unused = [name for name in schema.names if name not in used]
        self.notes = (f"columns left out: {', '.join(unused)}",) if unused else ()
        self._used = [name for name in schema.names if name in used]

    def blocks(self, size: int, after: int = 0) -> Generator[Block, None, None]:
        size = max(1, min(size, int(BLOCK_BYTES / max(self._row_bytes, 1))))
        # Row groups that are behind us are not read again.
        first, skipped = 0, 0
        while first < len(self._groups) and skipped + self._groups[first] <= after:
            skipped += self._groups[first]
            first += 1
        groups = list(range(first, len(self._groups)))
        end = skipped
        with self._open() as file:
            batches = file.iter_batches(batch_size=size, row_groups=groups, columns=self._used, use_threads=False)
            while (batch := self._next(batches)) is not None:
                begin, end = end, end + batch.num_rows
                if end > after:
                    kept = batch.slice(max(after - begin, 0))
                    yield self._block(kept, max(begin, after))

    def _open(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self._path, buffer_size=BUFFER, pre_buffer=False)
        except pa.ArrowException:
            raise InvalidInput(self._path.name, "a Parquet file, and this is none, or cut or broken") from None

    def _next(self, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatch | None:
        try:
            return next(batches, None)
        except (pa.ArrowException, OSError):
            raise InvalidInput(self._path.name, "a whole Parquet file, and this is broken") from None

    def _block(self, batch: pa.RecordBatch, after: int) -> Block:
        end = after + batch.num_rows
        share = end / max(self.total or 0, 1)
        ids = range(after, end) if self._ids is None else self._ids(batch)
        vectors, payloads = self._vectors(batch), self._payloads(batch)
        return to_block(after, ids, vectors, payloads, columns=self._columns, share=share)


def _payload_names(schema: pa.Schema, columns: Columns) -> list[str]:
    """The columns that make up the payload."""
    if columns.payload is not None:
        return list(columns.payload)
    taken = {columns.vector} | (set() if columns.numbered else {columns.id})
    rest = [name for name in schema.names if name not in taken]
    return [PAYLOAD] if PAYLOAD in rest else rest
