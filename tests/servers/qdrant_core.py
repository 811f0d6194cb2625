"""What the stand-ins for Qdrant share: the data.

The data lives in the local mode of qdrant-client. What local mode does not keep, and a server
does, is kept beside it: payload indexes and the options that a collection was made with.
"""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel
from qdrant_client.http import models
from qdrant_client.local.async_qdrant_local import AsyncQdrantLocal
from qdrant_client.local.local_collection import LocalCollection

from tests.servers.qdrant_rules import Kind, QdrantError, limit, merged_hnsw, no_point, rounded, translated

VERSION = models.VersionInfo(
    title="qdrant - vector search engine", version="1.20.0", commit="0000000000000000000000000000000000000000"
)
COMPLETED = models.UpdateResult(operation_id=0, status=models.UpdateStatus.COMPLETED)


class Remembered(BaseModel):
    """What local mode forgets of a collection: the options it was made with, and its payload indexes."""

    made: models.CreateCollection
    indexes: dict[str, models.CreateFieldIndex] = {}


class Memory(BaseModel):
    """What local mode forgets, for each collection."""

    collections: dict[str, Remembered] = {}


class QdrantCore:
    """Collections as a server holds them, in memory, or in `directory` where they outlive the process.

    `statuses` overrides the status that a collection is said to have (green).
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.statuses: dict[str, models.CollectionStatus] = {}
        self._local = AsyncQdrantLocal(":memory:" if directory is None else str(directory / "local"))
        self._file = None if directory is None else directory / "remembered.json"
        self._memory = Memory()
        if self._file is not None and self._file.exists():
            self._memory = Memory.model_validate_json(self._file.read_bytes())

    async def aclose(self) -> None:
        """Let go of the directory."""
        await self._local.close()

    async def info(self) -> models.VersionInfo:
        """The name and version of the server."""
        return VERSION

    async def list_collections(self) -> models.CollectionsResponse:
        """The names of all collections."""
        return await self._local.get_collections()

    async def collection_exists(self, name: str) -> models.CollectionExistence:
        """Whether the collection exists."""
        return models.CollectionExistence(exists=name in self._local.collections)

    async def create_collection(self, name: str, made: models.CreateCollection) -> bool:
        """Make the collection."""
        if name in self._local.collections:
            raise QdrantError(Kind.EXISTS, f"Wrong input: Collection `{name}` already exists!")
        with translated():
            await self._local.create_collection(name, made.vectors, sparse_vectors_config=made.sparse_vectors)
        self._local.collections[name].LARGE_DATA_THRESHOLD = sys.maxsize
        self._memory.collections[name] = Remembered(made=made)
        self._save()
        return True

    async def delete_collection(self, name: str) -> bool:
        """Delete the collection; False where there is none."""
        self._memory.collections.pop(name, None)
        self._save()
        return await self._local.delete_collection(name)

    async def get_collection(self, name: str) -> models.CollectionInfo:
        """The collection with its options, indexes and number of points."""
        info = self._collection(name).info()
        remembered = self._memory.collections[name]
        made, params = remembered.made, info.config.params
        params.vectors = made.vectors
        params.shard_number = made.shard_number or 1
        params.replication_factor = made.replication_factor or 1
        params.write_consistency_factor = made.write_consistency_factor or 1
        params.on_disk_payload = made.on_disk_payload is not False
        info.config.hnsw_config = merged_hnsw(made.hnsw_config)
        info.config.quantization_config = made.quantization_config
        info.status = self.statuses.get(name, models.CollectionStatus.GREEN)
        info.payload_schema = {field: self._index(name, index) for field, index in remembered.indexes.items()}
        return info

    async def create_index(self, name: str, index: models.CreateFieldIndex) -> models.UpdateResult:
        """Remember an index of the field, in place of the one it had. It makes nothing faster."""
        self._collection(name)
        if index.field_schema is None:
            raise QdrantError(Kind.INVALID, f"Wrong input: Cannot infer the schema of the field {index.field_name}")
        self._memory.collections[name].indexes[index.field_name] = index
        self._save()
        return COMPLETED

    async def upsert(self, name: str, operation: models.PointsList | models.PointsBatch) -> models.UpdateResult:
        """Write the points: all of them, or none."""
        points = operation.points if isinstance(operation, models.PointsList) else operation.batch
        with translated():
            self._collection(name).upsert(points, update_filter=operation.update_filter)
        return COMPLETED

    async def set_payload(self, name: str, operation: models.SetPayload) -> models.UpdateResult:
        """Merge the payload into that of the points; ids that exist are written before one that does not fails."""
        selector = operation.filter if operation.points is None else operation.points
        with translated():
            if selector is None:
                raise QdrantError(Kind.INVALID, "Bad request: No filter or points provided")
            self._collection(name).set_payload(operation.payload, selector, operation.key)
        return COMPLETED

    async def delete(self, name: str, selector: models.PointIdsList | models.FilterSelector) -> models.UpdateResult:
        """Delete the points."""
        with translated():
            self._collection(name).delete(selector)
        return COMPLETED

    async def retrieve(self, name: str, request: models.PointRequest) -> list[models.Record]:
        """The points with these ids, each once."""
        with translated():
            records = self._collection(name).retrieve(
                request.ids,
                with_payload=True if request.with_payload is None else request.with_payload,
                with_vectors=request.with_vector or False,
            )
        return list({record.id: record for record in records}.values())

    async def scroll(self, name: str, request: models.ScrollRequest) -> models.ScrollResult:
        """A page of points in the order of their ids."""
        with translated():
            points, next_page = self._collection(name).scroll(
                request.filter,
                limit(request.limit),
                request.order_by,
                request.offset,
                True if request.with_payload is None else request.with_payload,
                request.with_vector or False,
            )
        return models.ScrollResult(points=points, next_page_offset=next_page)

    async def count(self, name: str, request: models.CountRequest) -> models.CountResult:
        """How many points meet the filter."""
        with translated():
            return models.CountResult(count=int(self._collection(name).count(request.filter).count))

    async def query(self, name: str, request: models.QueryRequest) -> models.QueryResponse:
        """The nearest points. A threshold keeps only what is strictly better."""
        limit(request.limit)
        collection = self._collection(name)
        self._check_query(collection, request.query)
        with translated():
            response = await self._local.query_points(
                name,
                query=request.query,  # type: ignore[arg-type]
                using=request.using,
                prefetch=request.prefetch,
                query_filter=request.filter,
                limit=limit(request.limit),
                offset=request.offset,
                with_payload=False if request.with_payload is None else request.with_payload,
                with_vectors=request.with_vector or False,
                score_threshold=request.score_threshold,
                lookup_from=request.lookup_from,
            )
        return rounded(response, request.score_threshold, collection.config.vectors)

    async def query_batch(self, name: str, batch: models.QueryRequestBatch) -> list[models.QueryResponse]:
        """What `query` gives for each request."""
        self._collection(name)
        return [await self.query(name, request) for request in batch.searches]

    def _collection(self, name: str) -> LocalCollection:
        """The collection, or the error that there is none."""
        collection = self._local.collections.get(name)
        if collection is None:
            raise QdrantError(Kind.NOT_FOUND, f"Not found: Collection `{name}` doesn't exist!")
        return collection

    def _check_query(self, collection: LocalCollection, query: object) -> None:
        """Raise the server's error for a vector of another size, and for an id that does not exist."""
        nearest = query.nearest if isinstance(query, models.NearestQuery) else query
        params = collection.config.vectors
        if isinstance(nearest, list) and isinstance(params, models.VectorParams) and len(nearest) != params.size:
            message = f"Wrong input: Vector dimension error: expected dim: {params.size}, got {len(nearest)}"
            raise QdrantError(Kind.INVALID, message)
        if isinstance(nearest, int | str | UUID) and not collection.retrieve([nearest], with_payload=False):
            raise no_point(nearest)

    def _index(self, name: str, index: models.CreateFieldIndex) -> models.PayloadIndexInfo:
        """The index as the server describes it; it covers the points that have a value in the field."""
        schema = index.field_schema
        params = None if isinstance(schema, models.PayloadSchemaType) else schema
        data_type = schema if params is None else params.type
        empty = models.IsEmptyCondition(is_empty=models.PayloadField(key=index.field_name))
        return models.PayloadIndexInfo(
            data_type=models.PayloadSchemaType(data_type),
            params=params,
            points=int(self._collection(name).count(models.Filter(must_not=[empty])).count),
        )

    def _save(self) -> None:
        if self._file is not None:
            scratch = self._file.with_suffix(".new")
            scratch.write_text(self._memory.model_dump_json())
            scratch.replace(self._file)
