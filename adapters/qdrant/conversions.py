"""Between the domain's values and those of Qdrant's client."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from qdrant_client import models

from adapters.qdrant.filters import to_qdrant
from domain.errors import CollectionConflict, InvalidInput, at
from domain.models import (
    Collection,
    CollectionInfo,
    Distance,
    Hit,
    HnswOptions,
    IndexType,
    Json,
    Point,
    Page,
    PointId,
    Quantization,
    QuantizationType,
    Record,
    Vector,
)

from domain.paths import parse_path

if TYPE_CHECKING:
    from domain.queries import PayloadSelection, Selection

SAFE_NORMS = (1e-3, 1e15)
"""Norms between which Qdrant normalises in float32 as it should; below it leaves a vector as it is."""

_INDEX_TYPES = frozenset(type_.value for type_ in IndexType)


def to_id(point_id: PointId) -> int | str:
    """An id as the client takes it."""
    return str(point_id) if isinstance(point_id, UUID) else point_id


def from_id(point_id: int | str | UUID) -> PointId:
    """An id as the client gives it."""
    return UUID(point_id) if isinstance(point_id, str) else point_id


def to_selector(selection: PayloadSelection) -> bool | list[str]:
    """Which part of the payload to send."""
    return selection if isinstance(selection, bool) else list(selection)


def to_points_selector(selection: Selection) -> models.PointsSelector:
    """The points that a write is about."""
    if selection.filter is not None:
        return models.FilterSelector(filter=to_qdrant(selection.filter))
    return models.PointIdsList(points=[to_id(point_id) for point_id in selection.ids])


def to_vector_params(collection: Collection) -> models.VectorParams:
    """What a collection is made with. Engine options stand with the vector, so that they can be read back."""
    hnsw = collection.hnsw
    return models.VectorParams(
        size=collection.size,
        distance=models.Distance[collection.distance.name],
        on_disk=collection.on_disk,
        hnsw_config=None
        if hnsw is None
        else models.HnswConfigDiff(
            m=hnsw.m,
            ef_construct=hnsw.ef_construct,
            full_scan_threshold=hnsw.full_scan_threshold,
            on_disk=hnsw.on_disk,
        ),
        quantization_config=_to_quantization(collection.quantization),
    )


def _to_quantization(quantization: Quantization | None) -> models.QuantizationConfig | None:
    if quantization is None:
        return None
    if quantization.type is QuantizationType.BINARY:
        return models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=quantization.always_ram))
    return models.ScalarQuantization(
        scalar=models.ScalarQuantizationConfig(
            type=models.ScalarType.INT8, quantile=quantization.quantile, always_ram=quantization.always_ram
        )
    )


def to_batch(points: Sequence[Point], collection: Collection) -> models.Batch:
    """What to write. Of points with one id the last counts. Raises `InvalidInput` at a vector that does not fit."""
    rows: dict[int | str, tuple[list[float], dict[str, Json]]] = {}
    for index, point in enumerate(points):
        with at(f"points[{index}].vector"):
            vector = to_vector(point.vector, collection)
        rows[to_id(point.id)] = (vector, dict(point.payload))
    return models.Batch(
        ids=list(rows), vectors=[vector for vector, _ in rows.values()], payloads=[load for _, load in rows.values()]
    )


def to_vector(vector: Vector, collection: Collection) -> list[float]:
    """The components to send. Raises `InvalidInput` where the vector does not fit the collection."""
    norm = collection.check(vector)
    if collection.distance is Distance.COSINE and not SAFE_NORMS[0] <= norm <= SAFE_NORMS[1]:
        vector = vector.unit()
    return list(vector)


def from_info(name: str, info: models.CollectionInfo) -> CollectionInfo:
    """What the server says of a collection. Raises `CollectionConflict` for one that cannot be served."""
    params = info.config.params.vectors
    if not isinstance(params, models.VectorParams):
        raise CollectionConflict(name, ["it has named vectors or none, and Holdfast serves collections of one vector"])
    if info.config.params.sparse_vectors:
        raise CollectionConflict(name, ["it has sparse vectors, which Holdfast does not serve"])
    if params.multivector_config is not None:
        raise CollectionConflict(name, ["it has multivectors, which Holdfast does not serve"])
    known = {key: index for key, index in info.payload_schema.items() if _is_known(key, index)}
    return CollectionInfo(
        collection=Collection(
            name=name,
            size=params.size,
            distance=Distance[params.distance.name],
            indexes={key: IndexType(index.data_type.value) for key, index in known.items()},
            on_disk=params.on_disk,
            quantization=_from_quantization(params.quantization_config),
            hnsw=_from_hnsw(params.hnsw_config),
        ),
        points=info.points_count or 0,
        building=info.status in (models.CollectionStatus.YELLOW, models.CollectionStatus.GREY),
        indexed={key: index.points for key, index in known.items()},
    )


def _is_known(key: str, index: models.PayloadIndexInfo) -> bool:
    """Whether the domain has words for an index, which another client may have made."""
    try:
        parse_path(key)
    except InvalidInput:
        return False
    return index.data_type.value in _INDEX_TYPES


def _from_quantization(config: models.QuantizationConfig | None) -> Quantization | None:
    """The quantization, where it is one that the domain has words for; options out of its range are left out."""
    match config:
        case models.ScalarQuantization(scalar=scalar):
            return Quantization(type=QuantizationType.SCALAR, quantile=scalar.quantile, always_ram=scalar.always_ram)
        case models.BinaryQuantization(binary=binary):
            return Quantization(type=QuantizationType.BINARY, always_ram=binary.always_ram)
    return None


def _from_hnsw(config: models.HnswConfigDiff | None) -> HnswOptions | None:
    if config is None:
        return None
    try:
        return HnswOptions(
            m=config.m,
            ef_construct=config.ef_construct,
            full_scan_threshold=config.full_scan_threshold,
            on_disk=config.on_disk,
        )
    except InvalidInput:
        # Made by another client, with options that the domain does not offer.
        return None


def _from_vector(vector: object) -> Vector | None:
    return Vector.of(vector) if isinstance(vector, list) else None


def from_record(record: models.Record) -> Record:
    """A point as it was read."""
    return Record(from_id(record.id), record.payload or {}, _from_vector(record.vector))


def from_page(answer: tuple[Sequence[models.Record], int | str | UUID | None]) -> Page:
    """Points as they were scrolled through, and where the next page starts."""
    records, following = answer
    return Page(tuple(map(from_record, records)), None if following is None else from_id(following))


def from_scored(point: models.ScoredPoint, *, with_payload: bool) -> Hit:
    """A point that a search found. Raises `ValueError` for a score that is no number."""
    if not math.isfinite(point.score):
        raise ValueError("a score that is not finite")
    payload = (point.payload or {}) if with_payload else None
    return Hit(from_id(point.id), point.score, payload, _from_vector(point.vector))


def from_collections(answer: models.CollectionsResponse) -> tuple[str, ...]:
    """The names of all collections, sorted."""
    return tuple(sorted(collection.name for collection in answer.collections))


def is_done(result: models.UpdateResult) -> bool:
    """Whether a write is done, and not only taken note of."""
    return result.status is models.UpdateStatus.COMPLETED
