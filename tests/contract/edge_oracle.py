"""Qdrant's own engine, run in this process, as the judge of what filters and selections mean.

`qdrant_edge` is the native engine of the server in a Python binding; `adapters.edge.filters` asks it.

The engine is asked without payload indexes: with one it reads values in the index's own way.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

import qdrant_edge as edge

from adapters.edge.filters import to_edge
from domain.errors import InvalidInput
from domain.filters import Filter
from domain.paths import parse_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.models import Json, Payload, PointId


class EdgeOracle:
    """An engine with one collection, filled anew for each question. Close it at the end."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        vectors = edge.EdgeVectorParams(1, edge.Distance.Dot)
        self._shard = edge.EdgeShard.create(self._folder.name, edge.EdgeConfig(vectors=vectors))
        self._held: set[PointId] = set()

    def close(self) -> None:
        """Let the engine go, and its files."""
        self._shard.close()
        self._folder.cleanup()

    def matching(self, points: Mapping[PointId, Payload], filter_: Filter) -> set[PointId]:
        """The ids of those of `points` that the engine finds to meet `filter_`."""
        self._fill(points)
        request = edge.ScrollRequest(limit=len(points), filter=to_edge(filter_), with_payload=False)
        records, _ = self._shard.scroll(request)
        return {cast("PointId", record.id) for record in records}

    def selected(self, payload: Payload, paths: tuple[str, ...]) -> dict[str, Json]:
        """The part of `payload` that the engine gives for `paths`."""
        self._fill({0: payload})
        (record,) = self._shard.retrieve([0], with_payload=edge.PayloadSelector.Include(list(paths)), with_vector=False)
        return record.payload or {}

    def _fill(self, points: Mapping[PointId, Payload]) -> None:
        gone = self._held - points.keys()
        self._shard.update(edge.UpdateOperation.delete_points(list(gone)))
        written = [edge.Point(point_id, [1.0], dict(payload)) for point_id, payload in points.items()]
        self._shard.update(edge.UpdateOperation.upsert_points(written))
        self._held = set(points)


def takes_path(path: str) -> bool:
    """Whether the engine can read `path`."""
    try:
        edge.IsEmptyCondition(path)
    except (ValueError, UnicodeError):
        return False
    return True


def domain_takes_path(path: str) -> bool:
    """Whether the domain does."""
    try:
        parse_path(path)
    except InvalidInput:
        return False
    return True
