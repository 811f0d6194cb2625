"""The operations that search."""

from __future__ import annotations

from entrypoints.http.openapi import fruit
from entrypoints.http.openapi.collections import ONE
from entrypoints.http.openapi.operations import Example, Operation
from entrypoints.http.openapi.responses import answer
from entrypoints.http.openapi.values import ref

_CACHED = {"Cache-Status": ref("CacheStatus", "headers"), "Age": ref("Age", "headers")}

_NEIGHBOURS = {"id": 1, "with_payload": ["name"], "with_vectors": True, "limit": 1}

SEARCHES = (
    Operation(
        method="POST",
        path=f"{ONE}/search",
        id="search",
        tag="search",
        summary="Find the nearest neighbours",
        description="Of a vector, or of a stored point. All but the one of them may be left out.",
        parameters=("Collection", "CacheControl"),
        body="SearchBody",
        answers={200: answer("The hits, nearest first.", "SearchResult", _CACHED)},
        errors=(409, 504),
        examples=(
            Example(
                name="vector", summary="Near a vector, and red", path=fruit.HERE, body=fruit.NEAREST, answer=fruit.FOUND
            ),
            Example(
                name="point",
                summary="The neighbours of a stored point",
                path=fruit.HERE,
                headers={"Cache-Control": "max-age=5, stale-if-error=600"},
                body=_NEIGHBOURS,
                answer={
                    "hits": [{"id": 2, "score": 0.5, "payload": {"name": "plum"}, "vector": [0.5, 0.5, 0.0]}],
                    "stale": False,
                },
            ),
            Example(
                name="all",
                summary="With all that can be said",
                path=fruit.HERE,
                body={
                    **fruit.NEAREST,
                    "offset": 0,
                    "score_threshold": 0.6,
                    "with_payload": False,
                    "with_vectors": False,
                    "params": {"hnsw_ef": 128, "exact": False},
                },
                answer={"hits": [{"id": 1, "score": 0.75}], "stale": False},
            ),
        ),
    ),
    Operation(
        method="POST",
        path=f"{ONE}/search/batch",
        id="searchBatch",
        tag="search",
        summary="Make several searches at once",
        parameters=("Collection", "CacheControl"),
        body="SearchBatchBody",
        answers={200: answer("The hits of each search, in order.", "SearchResults", _CACHED)},
        errors=(409, 504),
        examples=(
            Example(
                name="two",
                summary="Two searches",
                path=fruit.HERE,
                body={"searches": [fruit.NEAREST, {"id": 2, "limit": 1, "with_payload": False}]},
                answer={"results": [fruit.FOUND, {"hits": [{"id": 1, "score": 0.5}], "stale": False}]},
            ),
        ),
    ),
)
