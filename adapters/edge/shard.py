"""One collection in the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Any, Self

import numpy as np
import qdrant_edge as edge

from adapters.edge.config import INDEX_TYPES, to_config
from adapters.edge.filters import to_edge
from adapters.edge.payloads import Payloads, from_id
from adapters.edge.searching import SAFE_NORMS, Place, Shown, fit, from_vector, search
from domain.errors import CollectionConflict, PointNotFound, at
from domain.filters import Filter
from domain.models import Collection, IndexType, Page, Payload, PointId, Record, Vector
from domain.queries import SearchQuery, Selection

SLICE = 250
"""How many points are written before others have their turn: about ten milliseconds."""

PANIC = "PanicException"
"""What the engine raises where it has found itself broken. Reads may go on after that, writes may not."""

_numbers = count()
"""One for each shard that was ever open: versions of points count in one alone."""

Matrix = np.ndarray[Any, np.dtype[np.float32]]


class Damaged(Exception):
    """The files of a collection make no sense to the engine."""


class Shard:
    """The points of a collection. Every method blocks; for one thread, of one process at a time.

    An upsert checks what it is given, and gives back an iterator: it is done when that has ended, and between
    its steps others may have their turn. `journal` collects what is applied,
    while somebody wants it. `changes` counts the points written or deleted.
    """

    def __init__(self, collection: Collection, points: edge.EdgeShard) -> None:
        self.collection = collection
        self.points = points
        self._number = next(_numbers)
        self.journal: list[edge.UpdateOperation] | None = None
        self.changes = 0
        self.deletions = 0

    @classmethod
    def create(cls, collection: Collection, path: Path) -> Self:
        """A new collection in an empty folder, with its indexes, synced to disk."""
        points = edge.EdgeShard.create(str(path), to_config(collection))
        shard = cls(collection, points)
        for field, type_ in collection.indexes.items():
            shard._index(field, type_)
        points.flush()
        return shard

    @classmethod
    def load(cls, collection: Collection, path: Path, *, graph: int) -> Self:
        """The collection in this folder; what is in its log alone is applied first. Raises `Damaged`."""
        try:
            points = edge.EdgeShard.load(str(path), to_config(collection, graph=graph))
        except BaseException as error:
            if type(error).__name__ != PANIC:
                raise
            # It was not open yet, so nothing in memory is broken, and others need not suffer.
            raise Damaged(str(error)) from None
        return cls(collection, points)

    def count(self, filter_: Filter | None = None) -> int:
        """How many points meet the filter, exactly; all without one."""
        return self.points.count(edge.CountRequest(filter=None if filter_ is None else to_edge(filter_), exact=True))

    def graph_size(self) -> int:
        """How many vectors the graph covers."""
        return self.points.info().indexed_vectors_count

    def indexed(self) -> dict[str, int]:
        """How many points each payload index covers."""
        schema = self.points.info().payload_schema
        return {field: schema[field].points if field in schema else 0 for field in self.collection.indexes}

    def upsert(
        self,
        ids: Sequence[PointId],
        vectors: Sequence[bytes],
        payloads: Sequence[Payload],
        only: Filter | None = None,
    ) -> Iterator[None]:
        """Write points; those that exist and do not meet `only` stay. Raises `InvalidInput` at `points[i].vector`."""
        matrix = self._fit(vectors)
        # Of points with one id the last counts.
        left = iter({point_id: row for row, point_id in enumerate(ids)}.items())
        return self._write(left, matrix, payloads, None if only is None else to_edge(only))

    def set_payload(self, payload: Payload, selection: Selection) -> None:
        """Merge the payload into that of the points. Raises `PointNotFound` for the first that does not exist."""
        if selection.filter is not None:
            operation = edge.UpdateOperation.set_payload_by_filter(to_edge(selection.filter), dict(payload))
            self._apply(operation, 1)
            return
        ids: list[edge.PointId] = list(selection.ids)
        found = {from_id(record.id) for record in self.points.retrieve(ids, with_payload=False, with_vector=False)}
        for point_id in selection.ids:
            if point_id not in found:
                raise PointNotFound(self.collection.name, point_id)
        self._apply(edge.UpdateOperation.set_payload(ids, dict(payload)), len(ids))

    def delete(self, selection: Selection) -> None:
        """Delete the points; ids that do not exist are passed over."""
        if selection.filter is not None:
            gone = self.count(selection.filter)
            operation = edge.UpdateOperation.delete_points_by_filter(to_edge(selection.filter))
        else:
            gone = len(selection.ids)
            operation = edge.UpdateOperation.delete_points(list(selection.ids))
        self.deletions += gone
        self._apply(operation, gone)

    def index(self, field: str, type_: IndexType) -> bool:
        """Make a payload index; False where it exists. Raises `CollectionConflict` for one of another type."""
        existing = self.collection.indexes.get(field)
        if existing is None:
            self._index(field, type_)
            self.collection = replace(self.collection, indexes={**self.collection.indexes, field: type_})
            return True
        if existing is not type_:
            wanted = replace(self.collection, indexes={field: type_})
            raise CollectionConflict(self.collection.name, self.collection.differences(wanted))
        return False

    def retrieve(self, ids: Sequence[PointId], *, with_vectors: bool) -> tuple[Record, ...]:
        """The points in the order asked, each once."""
        records = self.points.retrieve(list(ids), with_payload=True, with_vector=with_vectors)
        found = {from_id(record.id): _record(record) for record in records}
        return tuple(found[point_id] for point_id in dict.fromkeys(ids) if point_id in found)

    def scroll(self, filter_: Filter, limit: int, start: PointId | None, *, with_vectors: bool) -> Page:
        """A page of points in the order of their ids."""
        request = edge.ScrollRequest(
            offset=start, limit=limit, filter=to_edge(filter_), with_payload=True, with_vector=with_vectors
        )
        records, following = self.points.scroll(request)
        return Page(tuple(map(_record, records)), None if following is None else from_id(following))

    def search(self, queries: Sequence[SearchQuery], payloads: Payloads, *, batch: bool) -> list[list[Shown]]:
        """The hits of each query, in order. Raises as `searching.search` does."""
        return search(Place(self.points, self.collection, self._number, payloads), queries, batch=batch)

    def replay(self, operations: Sequence[edge.UpdateOperation]) -> None:
        """Apply what another shard of the collection applied."""
        for operation in operations:
            self.points.update(operation)

    def flush(self) -> None:
        """Sync everything to disk."""
        self.points.flush()

    def close(self) -> None:
        """Let go of the files."""
        self.points.close()

    def _index(self, field: str, type_: IndexType) -> None:
        self._apply(edge.UpdateOperation.create_field_index(field, INDEX_TYPES[type_]), 0)

    def _apply(self, operation: edge.UpdateOperation, changes: int) -> None:
        self.points.update(operation)
        self.changes += changes
        if self.journal is not None:
            self.journal.append(operation)

    def _write(
        self,
        left: Iterator[tuple[PointId, int]],
        matrix: Matrix,
        payloads: Sequence[Payload],
        only: edge.Filter | None,
    ) -> Iterator[None]:
        while part := list(islice(left, SLICE)):
            rows = [row for _, row in part]
            written = [
                edge.Point(point_id, components, payloads[row])  # type: ignore[arg-type]
                for (point_id, row), components in zip(part, matrix[rows].tolist(), strict=True)
            ]
            self._apply(edge.UpdateOperation.upsert_points(written, only), len(part))
            yield

    def _fit(self, vectors: Sequence[bytes]) -> Matrix:
        """The vectors as the engine takes them, a row each."""
        for index, data in enumerate(vectors):
            if len(data) != 4 * self.collection.size:
                with at(f"points[{index}].vector"):
                    self.collection.check(Vector(data))
        matrix = np.frombuffer(b"".join(vectors), "<f4").reshape(len(vectors), self.collection.size)
        squares = np.einsum("ij,ij->i", matrix, matrix, dtype=np.float64)
        low, high = SAFE_NORMS
        odd = np.flatnonzero((squares < low * low) | (squares > high * high)).tolist()
        if odd:
            matrix = matrix.copy()
        for index in odd:
            with at(f"points[{index}].vector"):
                matrix[index] = fit(Vector(vectors[index]), self.collection)
        return matrix


def _record(record: edge.Record) -> Record:
    return Record(from_id(record.id), record.payload or {}, from_vector(record.vector))
