"""What the document says of the fields of bodies beyond their types: their bounds, and what they mean.

The decoder takes what is of the right type; the domain checks the rest, in words of its own. Both are said here.
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.filters import MAX_CONDITIONS
from domain.filters.matches import MAX_VALUES
from domain.filters.places import MAX_FLOAT32
from domain.models.payload import MAX_INTEGER, MIN_INTEGER
from domain.points import MAX_POINTS
from domain.queries import MAX_LIMIT, MAX_OFFSET, MAX_PATHS
from domain.search import MAX_SEARCHES
from entrypoints.http.openapi.values import FLOAT32, Schema, list_of, ref


def _bounded(description: str, least: float, most: float) -> Schema:
    return {"description": description, "minimum": least, "maximum": most}


def _said(description: str, **more: object) -> Schema:
    return {"description": description, **more}


INT64 = {"type": "integer", "format": "int64", "minimum": MIN_INTEGER, "maximum": MAX_INTEGER}

CHOICES: Schema = {
    "oneOf": [
        list_of({"type": "string"}, minItems=1, maxItems=MAX_VALUES),
        list_of(dict(INT64), minItems=1, maxItems=MAX_VALUES),
    ]
}

_IDS = list_of(ref("PointId"), minItems=1, maxItems=MAX_POINTS)
_FILTER = _said("Which points; all where there is none.")
_KEY = ref("PayloadPath")
_CLAUSE = {"maxItems": MAX_CONDITIONS}
_VECTORS = _said('Whether vectors are to come, and with `"base64"` in that form instead of lists of numbers.')

FIELDS: Mapping[str, Mapping[str, Schema]] = {
    "CollectionBody": {
        "vector": {},
        "indexes": _said(
            "The type of the payload index at each path. They make filters fast, and change no answer as long as the"
            " values are of the index's type.",
            propertyNames=_KEY,
        ),
        "index": {},
    },
    "VectorBody": {
        "size": _said("How many numbers a vector has."),
        "distance": {},
        "on_disk": _said("Whether the store keeps vectors on disk rather than in memory."),
        "quantization": {},
    },
    "QuantizationBody": {
        "type": {},
        "quantile": _bounded("Cuts outliers off; for `scalar` alone.", 0.5, 1.0),
        "always_ram": _said("Keeps the compressed vectors in memory."),
    },
    "HnswBody": {
        "m": _bounded("Edges of a node of the graph.", 4, 128),
        "ef_construct": _bounded("Candidates while the graph is built.", 4, 10_000),
        "full_scan_threshold": _bounded("In kilobytes, below which points are compared one by one.", 10, 100_000_000),
        "on_disk": _said("Whether the graph is kept on disk."),
    },
    "IndexBody": {"type": {}},
    "PointBody": {"id": ref("PointId"), "vector": ref("Vector"), "payload": ref("Payload")},
    "UpsertBody": {
        "points": _said("Of points with one id the last counts.", minItems=1),
        "update_filter": _said("Points that exist and do not meet it are left as they are.", **ref("Filter")),
    },
    "SelectionBody": {"ids": _IDS, "filter": ref("SelectiveFilter")},
    "SetPayloadBody": {
        "ids": _IDS,
        "filter": ref("SelectiveFilter"),
        "payload": _said(
            "Merged into the payload at the top level; a null removes its key. At least one key.",
            additionalProperties=True,
            minProperties=1,
        ),
    },
    "RetrieveBody": {"ids": _IDS, "with_vectors": _VECTORS},
    "ScrollBody": {
        "filter": _FILTER,
        "limit": _bounded("The most points in the answer.", 1, MAX_LIMIT),
        "after": _said("The `next` of the page before; the first page where there is none.", format="page-token"),
        "with_vectors": _VECTORS,
    },
    "CountBody": {"filter": _FILTER},
    "SearchBody": {
        "vector": ref("Vector"),
        "id": _said("The stored point whose neighbours are looked for, itself left out.", **ref("PointId")),
        "filter": _FILTER,
        "limit": _bounded("The most hits in the answer.", 1, MAX_LIMIT),
        "offset": _bounded("How many of the nearest are passed over.", 0, MAX_OFFSET),
        "score_threshold": _said("A hit at the threshold stays, one that is farther does not.", **FLOAT32),
        "with_payload": {
            "description": "Whether payloads are to come, or the paths to give of them; a path goes into lists by"
            " `[]` alone.",
            "anyOf": [
                {"type": "boolean"},
                list_of(ref("SelectionPath"), minItems=1, maxItems=MAX_PATHS),
            ],
        },
        "with_vectors": _said("Whether vectors are to come."),
        "params": {},
    },
    "SearchParamsBody": {
        "hnsw_ef": _bounded(
            "How many candidates the search in the graph keeps: more are slower, and find more.", 1, 10_000
        ),
        "exact": _said("Compares every point instead of going through the graph."),
    },
    "SearchBatchBody": {"searches": _said("Answered in this order.", minItems=1, maxItems=MAX_SEARCHES)},
    "FilterBody": {
        "must": _said("All of these hold.", **_CLAUSE),
        "should": _said("At least one of these holds, where there are any.", **_CLAUSE),
        "must_not": _said("None of these holds.", **_CLAUSE),
        "min_should": {},
    },
    "MinShouldBody": {
        "conditions": _said("Of which some are to hold.", minItems=1, **_CLAUSE),
        "min_count": _bounded("At least so many hold; at most as many as there are conditions.", 1, MAX_CONDITIONS),
    },
    "NestedBody": {
        "key": _KEY,
        "filter": _said(
            "Paths start at the object. No `has_id`: elements of a list have no id.", **ref("SelectiveFilter")
        ),
    },
    "KeyBody": {"key": _KEY},
    "GeoPointBody": {"lat": _bounded("Degrees north.", -90, 90), "lon": _bounded("Degrees east.", -180, 180)},
    "GeoRadiusBody": {
        "center": {},
        "radius": _said("Metres.", exclusiveMinimum=0, maximum=MAX_FLOAT32),
    },
    "GeoBoundingBoxBody": {
        "top_left": _said("North of the other corner. The box crosses longitude 180 where it is east of it."),
        "bottom_right": {},
    },
}
"""By the name of the body and of the field: what is merged into its schema; a `$ref` takes the schema's place."""
