"""Bodies of requests as they come in JSON; each becomes a value of the domain."""

from entrypoints.http.bodies.collections import CollectionBody, IndexBody
from entrypoints.http.bodies.points import (
    CountBody,
    PointBody,
    RetrieveBody,
    ScrollBody,
    SelectionBody,
    SetPayloadBody,
    UpsertBody,
)
from entrypoints.http.bodies.search import SearchBatchBody, SearchBody

__all__ = [
    "CollectionBody",
    "CountBody",
    "IndexBody",
    "PointBody",
    "RetrieveBody",
    "ScrollBody",
    "SearchBatchBody",
    "SearchBody",
    "SelectionBody",
    "SetPayloadBody",
    "UpsertBody",
]
