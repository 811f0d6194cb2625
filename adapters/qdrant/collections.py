"""What a collection is made of, for Qdrant and for the domain."""

from __future__ import annotations

from qdrant_client import models

from domain.errors import CollectionConflict, InvalidInput
from domain.models import (
    Collection,
    CollectionInfo,
    Distance,
    HnswOptions,
    IndexType,
    Quantization,
    QuantizationType,
)
from domain.paths import parse_path

_INDEX_TYPES = frozenset(type_.value for type_ in IndexType)


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
        building=info.status is models.CollectionStatus.YELLOW,
        indexed={key: index.points for key, index in known.items()},
        indexed_vectors=info.indexed_vectors_count,
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
            quantile = scalar.quantile if scalar.quantile is None or 0.5 <= scalar.quantile <= 1.0 else None
            return Quantization(type=QuantizationType.SCALAR, quantile=quantile, always_ram=scalar.always_ram)
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
