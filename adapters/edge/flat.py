"""Values of the domain as plain tuples, which take a fraction of the time on their way to another process."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.filters import Filter
from domain.models import Hit, Record, Vector
from domain.queries import SearchQuery

_ANY = Filter()

_unpack = msgspec.msgpack.Decoder().decode


def flat_query(query: SearchQuery) -> tuple[Any, ...]:
    """A search."""
    return (
        None if query.vector is None else query.vector.data,
        query.id,
        None if query.filter.is_empty else query.filter,
        query.limit,
        query.offset,
        query.score_threshold,
        query.with_payload,
        query.with_vectors,
        query.hnsw_ef,
        query.exact,
    )


def to_query(flat: tuple[Any, ...]) -> SearchQuery:
    """The search that `flat_query` made flat."""
    data, id_, filter_, limit, offset, threshold, with_payload, with_vectors, hnsw_ef, exact = flat
    return SearchQuery(
        vector=None if data is None else Vector.trusted(data),
        id=id_,
        filter=filter_ or _ANY,
        limit=limit,
        offset=offset,
        score_threshold=threshold,
        with_payload=with_payload,
        with_vectors=with_vectors,
        hnsw_ef=hnsw_ef,
        exact=exact,
    )


def flat_record(record: Record) -> tuple[Any, ...]:
    """A stored point."""
    return record.id, record.payload, record.vector and record.vector.data


def to_record(flat: tuple[Any, ...]) -> Record:
    """The point that `flat_record` made flat."""
    id_, payload, data = flat
    return Record(id_, payload, None if data is None else Vector.trusted(data))


def to_hits(flat: list[tuple[Any, ...]]) -> tuple[Hit, ...]:
    """The hits: the id, the score, the payload in MessagePack and the bytes of the vector of each."""
    return tuple(
        [
            Hit(id_, score, packed and _unpack(packed), None if data is None else Vector.trusted(data))
            for id_, score, packed, data in flat
        ]
    )
