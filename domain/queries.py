"""What can be asked of a collection. An invalid query cannot be made."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from domain.access import Tenant
from domain.errors import InvalidInput, at
from domain.filters import Filter
from domain.fingerprint import fingerprint
from domain.models.point import PointId, check_ids, check_point_id
from domain.models.vector import Vector, float32
from domain.paths import parse_path
from domain.tenancy import others, within

MAX_LIMIT = 1000
"""The most hits or points that one answer holds."""

MAX_OFFSET = 10_000
"""The most hits that a search may skip."""

MAX_PATHS = 100
"""The most paths in one selection of a payload."""

PayloadSelection: TypeAlias = "bool | tuple[str, ...]"
"""All of the payload, none of it, or what stands at these paths, with the objects and lists around it.

A path goes into a list by `[]` alone.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """The nearest neighbours of `vector`, or of the stored point `id`, itself left out.

    `filter` narrows the points down; `offset` (0 to 10,000) skips, `limit` (1 to 1000) bounds the
    hits. `score_threshold` leaves out hits that are farther: a lower score for cosine and dot, a
    higher one for euclid and manhattan. `hnsw_ef` (1 to 10,000) widens the search in the graph;
    `exact` compares every point instead. With a `tenant` all of it is about his points, and `filter` says so
    too; the point `id` must be his.

    Raises `InvalidInput` naming the field that is wrong.
    """

    vector: Vector | None = None
    id: PointId | None = None
    filter: Filter = Filter()
    limit: int = 10
    offset: int = 0
    score_threshold: float | None = None
    with_payload: PayloadSelection = True
    with_vectors: bool = False
    hnsw_ef: int | None = None
    exact: bool = False
    tenant: Tenant | None = None
    _fingerprint: str = field(default="", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if (self.vector is None) == (self.id is None):
            raise InvalidInput("", "exactly one of 'vector' and 'id'")
        if self.id is not None:
            with at("id"):
                check_point_id(self.id)
        check_integer("limit", self.limit, 1, MAX_LIMIT)
        check_integer("offset", self.offset, 0, MAX_OFFSET)
        if self.score_threshold is not None:
            with at("score_threshold"):
                float32(self.score_threshold)
        if self.hnsw_ef is not None:
            check_integer("params.hnsw_ef", self.hnsw_ef, 1, 10_000)
        check_payload_selection(self.with_payload)
        if self.tenant is not None:
            object.__setattr__(self, "filter", within(self.filter, self.tenant))

    def of(self, tenant: Tenant | None) -> SearchQuery:
        """The same search among the tenant's points."""
        return self if tenant is None or tenant == self.tenant else replace(self, tenant=tenant)

    def resolved(self, vector: Vector) -> SearchQuery:
        """The same search by the vector of the point `id`, which is still left out."""
        filter_ = self.filter if self.id is None else others(self.filter, self.id)
        return replace(self, id=None, vector=vector, filter=filter_)

    @property
    def fingerprint(self) -> str:
        """What tells this search from others, 32 hexadecimal digits; computed once. See `domain.fingerprint`."""
        if not self._fingerprint:
            object.__setattr__(self, "_fingerprint", fingerprint(self))
        return self._fingerprint


def check_integer(name: str, value: int, low: int, high: int) -> None:
    """Raise `InvalidInput` unless `value` is an integer from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInput(name, f"an integer from {low} to {high}")


def check_payload_selection(selection: PayloadSelection) -> None:
    """Raise `InvalidInput` for a selection of no paths, or of something that is no path."""
    if isinstance(selection, bool):
        return
    if not 1 <= len(selection) <= MAX_PATHS:
        raise InvalidInput("with_payload", f"true, false, or a list of 1 to {MAX_PATHS} paths")
    for index, path in enumerate(selection):
        with at(f"with_payload[{index}]"):
            if any(isinstance(step, int) for step in parse_path(path)):
                raise InvalidInput("", "a path without an index, such as items[].price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The points that a write is about: these ids, or all that meet a filter that is not empty.

    Raises `InvalidInput` for both, neither, no ids, or a filter that would meet every point.
    """

    ids: tuple[PointId, ...] = ()
    filter: Filter | None = None

    def __post_init__(self) -> None:
        if bool(self.ids) == (self.filter is not None):
            raise InvalidInput("", "exactly one of 'ids' (not empty) and 'filter'")
        if self.filter is not None and self.filter.is_empty:
            raise InvalidInput("filter", "at least one condition, since an empty filter meets every point")
        check_ids(self.ids)
