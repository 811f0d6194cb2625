"""The values of the domain: frozen, and each checks itself when it is made."""

from domain.models.collection import (
    Collection,
    CollectionInfo,
    HnswOptions,
    IndexType,
    Quantization,
    QuantizationType,
    check_collection_name,
)
from domain.models.distance import Distance
from domain.models.payload import Json, Payload
from domain.models.point import Hit, Page, Point, PointId, Record, id_order, parse_point_id, parse_uuid
from domain.models.vector import Vector, float32

__all__ = [
    "Collection",
    "CollectionInfo",
    "Distance",
    "Hit",
    "HnswOptions",
    "IndexType",
    "Json",
    "Page",
    "Payload",
    "Point",
    "PointId",
    "Quantization",
    "QuantizationType",
    "Record",
    "Vector",
    "check_collection_name",
    "float32",
    "id_order",
    "parse_point_id",
    "parse_uuid",
]
