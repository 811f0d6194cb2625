"""The operations on points."""

from __future__ import annotations

from entrypoints.http.openapi import fruit
from entrypoints.http.openapi.collections import ONE, WRITTEN
from entrypoints.http.openapi.operations import Example, Operation
from entrypoints.http.openapi.responses import answer

_CHERRY_VECTOR = [0.75, 0.25, 0.0]

POINTS = (
    Operation(
        method="PUT",
        path=f"{ONE}/points",
        id="upsertPoints",
        tag="points",
        summary="Write points",
        description="All are checked before any is written. A point that exists is replaced.",
        parameters=("Collection",),
        body="UpsertBody",
        answers={200: answer("They are written.", "Upserted", WRITTEN)},
        errors=(409,),
        examples=(
            Example(
                name="three",
                summary="Numbers and base64, integers and UUIDs",
                path=fruit.HERE,
                body=fruit.POINTS,
                answer={"upserted": 3},
            ),
        ),
    ),
    Operation(
        method="PATCH",
        path=f"{ONE}/points",
        id="setPayload",
        tag="points",
        summary="Change the payload of points",
        description="Ids that do not exist are a 404, before anything is written.",
        parameters=("Collection",),
        body="SetPayloadBody",
        answers={204: answer("It is changed.", headers=WRITTEN)},
        errors=(409,),
        examples=(
            Example(
                name="ids",
                summary="Of points by their ids",
                status=204,
                path=fruit.HERE,
                body={"payload": {"ripe": True, "color": None}, "ids": [1, fruit.LIME_ID]},
            ),
            Example(
                name="filter",
                summary="Of all points that meet a filter",
                status=204,
                path=fruit.HERE,
                body={"payload": {"ripe": True}, "filter": fruit.RED},
            ),
        ),
    ),
    Operation(
        method="GET",
        path=f"{ONE}/points/{{id}}",
        id="getPoint",
        tag="points",
        summary="Read a point",
        parameters=("Collection", "Id", "WithVectors"),
        answers={200: answer("The point.", "Record")},
        errors=(409,),
        examples=(
            Example(name="plain", summary="Its payload", path={**fruit.HERE, "id": "1"}, answer=fruit.CHERRY),
            Example(
                name="vector",
                summary="With its vector",
                path={**fruit.HERE, "id": "1"},
                query={"with_vectors": "true"},
                answer={**fruit.CHERRY, "vector": _CHERRY_VECTOR},
            ),
        ),
    ),
    Operation(
        method="POST",
        path=f"{ONE}/points/retrieve",
        id="retrievePoints",
        tag="points",
        summary="Read points by their ids",
        description="In the order asked, each once, missing ones left out.",
        parameters=("Collection",),
        body="RetrieveBody",
        answers={200: answer("Those that exist.", "Records")},
        errors=(409,),
        examples=(
            Example(
                name="some",
                summary="One of them missing",
                path=fruit.HERE,
                body={"ids": [fruit.LIME_ID, 1, 7]},
                answer={"points": [fruit.LIME, fruit.CHERRY]},
            ),
            Example(
                name="base64",
                summary="With vectors in base64",
                path=fruit.HERE,
                body={"ids": [2], "with_vectors": "base64"},
                answer={"points": [{**fruit.PLUM, "vector": "AAAAPwAAAD8AAAAA"}]},
            ),
        ),
    ),
    Operation(
        method="POST",
        path=f"{ONE}/points/delete",
        id="deletePoints",
        tag="points",
        summary="Delete points",
        description="Ids that do not exist are passed over.",
        parameters=("Collection",),
        body="SelectionBody",
        answers={204: answer("They are gone.", headers=WRITTEN)},
        errors=(409,),
        examples=(
            Example(name="ids", summary="By their ids", status=204, path=fruit.HERE, body={"ids": [1, 7]}),
            Example(
                name="filter", summary="All that meet a filter", status=204, path=fruit.HERE, body={"filter": fruit.RED}
            ),
        ),
    ),
    Operation(
        method="POST",
        path=f"{ONE}/scroll",
        id="scrollPoints",
        tag="points",
        summary="Read points page by page",
        description="In the order of their ids. `next` is handed back as `after`, and is null at the end.",
        parameters=("Collection",),
        body="ScrollBody",
        answers={200: answer("A page.", "Page")},
        errors=(409,),
        examples=(
            Example(
                name="first",
                summary="The first page",
                path=fruit.HERE,
                body={"limit": 1, "filter": fruit.RED},
                answer={"points": [fruit.CHERRY], "next": "2"},
            ),
            Example(
                name="last",
                summary="The page after it, which is the last",
                path=fruit.HERE,
                body={"limit": 1, "filter": fruit.RED, "after": "2"},
                answer={"points": [fruit.PLUM], "next": None},
            ),
        ),
    ),
    Operation(
        method="POST",
        path=f"{ONE}/count",
        id="countPoints",
        tag="points",
        summary="Count points",
        parameters=("Collection",),
        body="CountBody",
        answers={200: answer("How many there are, exactly.", "Counted")},
        errors=(409,),
        examples=(
            Example(name="all", summary="All points", path=fruit.HERE, body={}, answer={"count": 3}),
            Example(
                name="filter",
                summary="Those that meet a filter",
                path=fruit.HERE,
                body={
                    "filter": {
                        "must": [{"key": "color", "match": {"any": ["red", "green"]}}],
                        "must_not": [{"is_empty": {"key": "name"}}, {"has_id": [2]}],
                    }
                },
                answer={"count": 2},
            ),
        ),
    ),
)
