"""Bodies about points."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from domain.errors import InvalidInput, at
from domain.filters import Filter
from domain.models import Point, PointId, parse_point_id
from domain.points import MAX_POINTS
from domain.queries import Selection
from entrypoints.http.bodies.filter_forms import FilterBody
from entrypoints.http.bodies.filters import read_filter
from entrypoints.http.bodies.values import Body, Id, Ids, VectorForm, VectorValue, read_id, read_ids, read_vector


class PointBody(Body):
    """A point to be written."""

    id: Id
    vector: VectorValue
    payload: dict[str, Any] | None = None

    def to_domain(self) -> Point:
        """The point. Raises `InvalidInput`."""
        with at("id"):
            point_id = read_id(self.id)
        return Point(point_id, read_vector(self.vector), self.payload or {})


class UpsertBody(Body):
    """Points to be written. Those that exist are replaced where they meet `update_filter`."""

    points: Annotated[list[PointBody], msgspec.Meta(max_length=MAX_POINTS)]
    update_filter: FilterBody | None = None

    def only(self) -> Filter:
        """What a point that exists must meet. Raises `InvalidInput` at `update_filter`."""
        return read_filter(self.update_filter, "update_filter")


class SelectionBody(Body):
    """The points that a write is about."""

    ids: Ids | None = None
    filter: FilterBody | None = None

    def selection(self) -> Selection:
        """The selection. Raises `InvalidInput` unless it is exactly one of ids and a filter that is not empty."""
        if (self.ids is None) == (self.filter is None):
            raise InvalidInput("", "exactly one of 'ids' and 'filter'")
        return Selection(
            ids=read_ids("ids", self.ids or []), filter=None if self.filter is None else read_filter(self.filter)
        )


class SetPayloadBody(SelectionBody, kw_only=True):
    """Payload to be merged into that of points."""

    payload: dict[str, Any]


class RetrieveBody(Body):
    """Points to be read by their ids."""

    ids: Ids
    with_vectors: VectorForm = False


class ScrollBody(Body):
    """A page of points to be read. `after` is what the page before gave as `next`."""

    filter: FilterBody | None = None
    limit: int = 10
    after: str | None = None
    with_vectors: VectorForm = False

    def start(self) -> PointId | None:
        """Where the page starts. Raises `InvalidInput` at `after`."""
        if self.after is None:
            return None
        try:
            return parse_point_id(self.after)
        except InvalidInput:
            raise InvalidInput("after", "the 'next' of the page before") from None


class CountBody(Body):
    """Points to be counted."""

    filter: FilterBody | None = None
