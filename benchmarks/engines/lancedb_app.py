"""LanceDB behind FastAPI, written as well as both allow. It runs in an environment of its own.

Bodies are read with orjson and go into Arrow without a model between, answers go out as orjson's bytes,
and LanceDB is called through its async interface, which works in threads of its own. What is asked is
not checked, which is in its favour.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import lancedb
import numpy as np
import orjson
import pyarrow as pa
from fastapi import FastAPI, Request, Response
from lancedb.index import Bitmap, BTree, HnswSq

SHOWN = ["id", "name", "section", "installed_kib", "version", "tags", "summary", "description"]
TEXTS = ("name", "section", "version", "summary", "description")

open_tables: dict[str, Any] = {}
engine: dict[str, Any] = {}


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    """Open the folder."""
    engine["db"] = await lancedb.connect_async(os.environ["BENCH_LANCEDB"])
    yield


app = FastAPI(lifespan=lifespan)


def schema(size: int) -> Any:
    """Packages and their vectors."""
    return pa.schema(
        [
            pa.field("id", pa.uint64()),
            *(pa.field(name, pa.string()) for name in TEXTS),
            pa.field("installed_kib", pa.int64()),
            pa.field("tags", pa.list_(pa.string())),
            pa.field("vector", pa.list_(pa.float32(), size)),
        ]
    )


@app.put("/tables/{name}")
async def create(name: str, request: Request) -> Response:
    """An empty table for vectors of a size."""
    size = orjson.loads(await request.body())["size"]
    open_tables[name] = await engine["db"].create_table(name, schema=schema(size))
    return Response(b"{}", media_type="application/json")


@app.post("/tables/{name}/points")
async def add(name: str, request: Request) -> Response:
    """Points, as ids, vectors and payloads."""
    points = orjson.loads(await request.body())["points"]
    table = open_tables[name]
    fields = schema(len(points[0]["vector"]))
    vectors = pa.array(np.array([point["vector"] for point in points], np.float32).ravel())
    columns = {"id": [point["id"] for point in points]} | {
        key: [point["payload"].get(key) for point in points] for key in SHOWN[1:]
    }
    columns["vector"] = pa.FixedSizeListArray.from_arrays(vectors, fields.field("vector").type.list_size)
    arrays = [pa.array(columns[field.name], field.type) for field in fields]
    await table.add(pa.table(arrays, schema=fields))
    return Response(b"{}", media_type="application/json")


@app.post("/tables/{name}/indexes")
async def index(name: str) -> Response:
    """Compact the table, then make the graph, one for all vectors, and the scalar indexes."""
    table = open_tables[name]
    await table.optimize()
    await table.create_index("vector", config=HnswSq(distance_type="cosine", num_partitions=1))
    await table.create_index("section", config=Bitmap())
    await table.create_index("installed_kib", config=BTree())
    await table.prewarm_index("vector_idx")
    return Response(b"{}", media_type="application/json")


@app.post("/tables/{name}/search")
async def search(name: str, request: Request) -> Response:
    """The nearest neighbours. `refine` says how many times the limit are ranked anew by their whole vectors."""
    asked = orjson.loads(await request.body())
    query = open_tables[name].query().nearest_to(np.array(asked["vector"], np.float32)).distance_type("cosine")
    query = query.limit(asked["limit"]).nprobes(1).select([*SHOWN, "_distance"])
    if asked.get("ef"):
        query = query.ef(asked["ef"])
    if asked.get("refine"):
        query = query.refine_factor(asked["refine"])
    if asked.get("where"):
        query = query.where(asked["where"])
    rows = (await query.to_arrow()).to_pylist()
    return Response(orjson.dumps({"hits": rows}), media_type="application/json")


@app.delete("/tables/{name}")
async def delete(name: str) -> Response:
    """Take the table away."""
    open_tables.pop(name).close()
    await engine["db"].drop_table(name)
    return Response(status_code=204)
