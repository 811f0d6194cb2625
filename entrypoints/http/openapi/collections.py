"""The operations on collections as a whole."""

from __future__ import annotations

from entrypoints.http.openapi import fruit
from entrypoints.http.openapi.operations import Example, Operation
from entrypoints.http.openapi.responses import answer
from entrypoints.http.openapi.values import ref

ONE = "/v1/collections/{collection}"

WRITTEN = {"Cache-Status": ref("WriteCacheStatus", "headers")}
"""The headers of the answer to a write."""

_LINKED = (
    "describeCollection",
    "createIndex",
    "upsertPoints",
    "setPayload",
    "retrievePoints",
    "deletePoints",
    "scrollPoints",
    "countPoints",
    "search",
    "searchBatch",
    "purgeCache",
    "deleteCollection",
)

LINKS = {name: {"operationId": name, "parameters": {"collection": "$request.path.collection"}} for name in _LINKED}
"""What can be done with a collection that was made."""

COLLECTIONS = (
    Operation(
        method="GET",
        path="/v1/collections",
        id="listCollections",
        tag="collections",
        summary="List the collections",
        answers={200: answer("The names, sorted.", "CollectionNames")},
        examples=(Example(name="all", summary="All there are", answer={"collections": ["fruit"]}),),
    ),
    Operation(
        method="PUT",
        path=ONE,
        id="createCollection",
        tag="collections",
        summary="Make a collection",
        description="Where it exists just so, nothing happens, but that new indexes are added.",
        parameters=("Collection",),
        body="CollectionBody",
        answers={
            200: answer("It existed just so.", "CollectionDescription", WRITTEN),
            201: {
                **answer("It was made.", "CollectionDescription", WRITTEN),
                "links": {name: ref(name, "links") for name in LINKS},
            },
        },
        errors=(409,),
        examples=(
            Example(
                name="new", summary="A new collection", status=201, path=fruit.HERE, body=fruit.NEW, answer=fruit.MADE
            ),
            Example(name="again", summary="The same again", path=fruit.HERE, body=fruit.NEW, answer=fruit.FULL),
            Example(
                name="options",
                summary="With options of the engine",
                status=201,
                path={"collection": "papers"},
                body={
                    "vector": {
                        "size": 384,
                        "distance": "cosine",
                        "on_disk": True,
                        "quantization": {"type": "scalar", "quantile": 0.99, "always_ram": True},
                    },
                    "indexes": {"author.name": "keyword", "published": "datetime"},
                    "index": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000},
                },
            ),
        ),
    ),
    Operation(
        method="GET",
        path=ONE,
        id="describeCollection",
        tag="collections",
        summary="Describe a collection",
        parameters=("Collection",),
        answers={200: answer("The description.", "CollectionDescription")},
        errors=(409,),
        examples=(Example(name="fruit", summary="One of three points", path=fruit.HERE, answer=fruit.FULL),),
    ),
    Operation(
        method="DELETE",
        path=ONE,
        id="deleteCollection",
        tag="collections",
        summary="Delete a collection with all its points",
        parameters=("Collection",),
        answers={204: answer("It is gone.", headers=WRITTEN)},
        examples=(Example(name="gone", summary="A collection that exists", status=204, path=fruit.HERE),),
    ),
    Operation(
        method="PUT",
        path=f"{ONE}/indexes/{{field}}",
        id="createIndex",
        tag="collections",
        summary="Index the values at a path",
        parameters=("Collection", "Field"),
        body="IndexBody",
        answers={
            200: answer("It is built.", "IndexDescription", WRITTEN),
            202: answer("It is being built; the collection's description tells how far.", "IndexDescription", WRITTEN),
        },
        errors=(409,),
        examples=(
            Example(
                name="text",
                summary="Of strings",
                path={**fruit.HERE, "field": "name"},
                body={"type": "keyword"},
                answer={"field": "name", "type": "keyword", "built": True},
            ),
        ),
    ),
    Operation(
        method="DELETE",
        path=f"{ONE}/cache",
        id="purgeCache",
        tag="cache",
        summary="Forget what is remembered of a collection",
        description="Whether or not the collection exists. Needs the cache.",
        parameters=("Collection",),
        answers={204: answer("Nothing is remembered any more.")},
        examples=(Example(name="forgotten", summary="All results of a collection", status=204, path=fruit.HERE),),
    ),
)
