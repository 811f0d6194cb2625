"""Bodies of searches."""

from __future__ import annotations

from typing import Annotated

import msgspec

from domain.errors import at
from domain.queries import MAX_PATHS, SearchQuery
from domain.search import MAX_SEARCHES
from entrypoints.http.bodies.filter_forms import FilterBody
from entrypoints.http.bodies.filters import read_filter
from entrypoints.http.bodies.values import Body, Id, VectorValue, read_id, read_vector


class SearchParamsBody(Body):
    """How the store is to search."""

    hnsw_ef: int | None = None
    exact: bool = False


class SearchBody(Body):
    """A search for the neighbours of a vector, or of a stored point."""

    vector: VectorValue | None = None
    id: Id | None = None
    filter: FilterBody | None = None
    limit: int = 10
    offset: int = 0
    score_threshold: float | None = None
    with_payload: bool | Annotated[list[str], msgspec.Meta(max_length=MAX_PATHS)] = True
    with_vectors: bool = False
    params: SearchParamsBody | None = None

    def to_domain(self) -> SearchQuery:
        """The query. Raises `InvalidInput`."""
        with at("id"):
            point_id = None if self.id is None else read_id(self.id)
        params = self.params or SearchParamsBody()
        return SearchQuery(
            vector=None if self.vector is None else read_vector(self.vector),
            id=point_id,
            filter=read_filter(self.filter),
            limit=self.limit,
            offset=self.offset,
            score_threshold=self.score_threshold,
            with_payload=self.with_payload if isinstance(self.with_payload, bool) else tuple(self.with_payload),
            with_vectors=self.with_vectors,
            hnsw_ef=params.hnsw_ef,
            exact=params.exact,
        )


class SearchBatchBody(Body):
    """Several searches."""

    searches: Annotated[list[SearchBody], msgspec.Meta(max_length=MAX_SEARCHES)]
