"""The services of Qdrant's gRPC interface, on the data of a stand-in. Messages are converted by qdrant-client."""

# ruff: noqa: N802

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeAlias

import grpc
from qdrant_client import grpc as messages
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc, grpc_field_type_to_payload_schema
from qdrant_client.http import models

from tests.servers.qdrant_core import QdrantCore
from tests.servers.qdrant_rules import QdrantError

Message: TypeAlias = Any
Context: TypeAlias = Any
Call: TypeAlias = Callable[[Any, Message, Context], Awaitable[Message]]


def _translated(call: Call) -> Call:
    """Abort the call with the code of the error that the data raises."""

    @wraps(call)
    async def wrapped(self: object, request: Message, context: Context) -> Message:
        try:
            return await call(self, request, context)
        except QdrantError as error:
            message = error.message.replace("in JSON body", "in body")
            return await context.abort(grpc.StatusCode[error.kind.code], message)

    return wrapped


def _optional(request: Message, name: str, convert: Callable[[Message], Message]) -> Message:
    """The field, converted, or None where it is not set."""
    return convert(getattr(request, name)) if request.HasField(name) else None


def _updated(result: models.UpdateResult) -> Message:
    return messages.PointsOperationResponse(result=RestToGrpc.convert_update_result(result), time=0.0)


class Root(messages.QdrantServicer):
    """The service that tells the version."""

    def __init__(self, core: QdrantCore) -> None:
        self.core = core

    async def HealthCheck(self, _request: Message, _context: Context) -> Message:
        return RestToGrpc.convert_health_check_reply(await self.core.info())


class Collections(messages.CollectionsServicer):
    """The calls on collections."""

    def __init__(self, core: QdrantCore) -> None:
        self.core = core

    @_translated
    async def List(self, _request: Message, _context: Context) -> Message:
        found = (await self.core.list_collections()).collections
        return messages.ListCollectionsResponse(
            collections=[RestToGrpc.convert_collection_description(item) for item in found]
        )

    @_translated
    async def Get(self, request: Message, _context: Context) -> Message:
        info = await self.core.get_collection(request.collection_name)
        return messages.GetCollectionInfoResponse(result=RestToGrpc.convert_collection_info(info))

    @_translated
    async def CollectionExists(self, request: Message, _context: Context) -> Message:
        found = await self.core.collection_exists(request.collection_name)
        return messages.CollectionExistsResponse(result=messages.CollectionExists(exists=found.exists))

    @_translated
    async def Create(self, request: Message, _context: Context) -> Message:
        made = models.CreateCollection(
            vectors=_optional(request, "vectors_config", GrpcToRest.convert_vectors_config),
            hnsw_config=_optional(request, "hnsw_config", GrpcToRest.convert_hnsw_config_diff),
            quantization_config=_optional(request, "quantization_config", GrpcToRest.convert_quantization_config),
            on_disk_payload=_optional(request, "on_disk_payload", bool),
            shard_number=_optional(request, "shard_number", int),
            replication_factor=_optional(request, "replication_factor", int),
            write_consistency_factor=_optional(request, "write_consistency_factor", int),
        )
        return messages.CollectionOperationResponse(
            result=await self.core.create_collection(request.collection_name, made)
        )

    @_translated
    async def Delete(self, request: Message, _context: Context) -> Message:
        return messages.CollectionOperationResponse(result=await self.core.delete_collection(request.collection_name))


class Points(messages.PointsServicer):
    """The calls on points."""

    def __init__(self, core: QdrantCore) -> None:
        self.core = core

    @_translated
    async def CreateFieldIndex(self, request: Message, _context: Context) -> Message:
        schema = _optional(request, "field_index_params", GrpcToRest.convert_payload_schema_params)
        if schema is None and request.HasField("field_type"):
            type_ = grpc_field_type_to_payload_schema(request.field_type)
            schema = GrpcToRest.convert_payload_schema_type(type_)
        index = models.CreateFieldIndex(field_name=request.field_name, field_schema=schema)
        return _updated(await self.core.create_index(request.collection_name, index))

    @_translated
    async def Upsert(self, request: Message, _context: Context) -> Message:
        points = [GrpcToRest.convert_point_struct(point) for point in request.points]
        filter_ = _optional(request, "update_filter", GrpcToRest.convert_filter)
        operation = models.PointsList(points=points, update_filter=filter_)
        return _updated(await self.core.upsert(request.collection_name, operation))

    @_translated
    async def SetPayload(self, request: Message, _context: Context) -> Message:
        selector = GrpcToRest.convert_points_selector(request.points_selector)
        operation = models.SetPayload(
            payload=GrpcToRest.convert_payload(request.payload),
            points=getattr(selector, "points", None),
            filter=getattr(selector, "filter", None),
            key=_optional(request, "key", str),
        )
        return _updated(await self.core.set_payload(request.collection_name, operation))

    @_translated
    async def Delete(self, request: Message, _context: Context) -> Message:
        selector = GrpcToRest.convert_points_selector(request.points)
        return _updated(await self.core.delete(request.collection_name, selector))

    @_translated
    async def Get(self, request: Message, _context: Context) -> Message:
        asked = models.PointRequest(
            ids=[GrpcToRest.convert_point_id(item) for item in request.ids],
            with_payload=_optional(request, "with_payload", GrpcToRest.convert_with_payload_selector),
            with_vector=_optional(request, "with_vectors", GrpcToRest.convert_with_vectors_selector),
        )
        records = await self.core.retrieve(request.collection_name, asked)
        return messages.GetResponse(result=[_retrieved(record) for record in records])

    @_translated
    async def Scroll(self, request: Message, _context: Context) -> Message:
        asked = models.ScrollRequest(
            filter=_optional(request, "filter", GrpcToRest.convert_filter),
            limit=_optional(request, "limit", int),
            offset=_optional(request, "offset", GrpcToRest.convert_point_id),
            order_by=_optional(request, "order_by", GrpcToRest.convert_order_by),
            with_payload=_optional(request, "with_payload", GrpcToRest.convert_with_payload_selector),
            with_vector=_optional(request, "with_vectors", GrpcToRest.convert_with_vectors_selector),
        )
        page = await self.core.scroll(request.collection_name, asked)
        after = page.next_page_offset
        return messages.ScrollResponse(
            result=[_retrieved(record) for record in page.points],
            next_page_offset=None if after is None else RestToGrpc.convert_extended_point_id(after),
        )

    @_translated
    async def Count(self, request: Message, _context: Context) -> Message:
        asked = models.CountRequest(filter=_optional(request, "filter", GrpcToRest.convert_filter))
        found = await self.core.count(request.collection_name, asked)
        return messages.CountResponse(result=RestToGrpc.convert_count_result(found))

    @_translated
    async def Query(self, request: Message, _context: Context) -> Message:
        found = await self.core.query(request.collection_name, GrpcToRest.convert_query_points(request))
        return messages.QueryResponse(result=[RestToGrpc.convert_scored_point(point) for point in found.points])

    @_translated
    async def QueryBatch(self, request: Message, _context: Context) -> Message:
        searches = [GrpcToRest.convert_query_points(query) for query in request.query_points]
        batch = models.QueryRequestBatch(searches=searches)
        results = []
        for found in await self.core.query_batch(request.collection_name, batch):
            points = [RestToGrpc.convert_scored_point(point) for point in found.points]
            results.append(messages.BatchResult(result=points))
        return messages.QueryBatchResponse(result=results)


def _retrieved(record: models.Record) -> Message:
    """The record as a message; one without a payload has an empty one there."""
    return RestToGrpc.convert_record(record.model_copy(update={"payload": record.payload or {}}))
