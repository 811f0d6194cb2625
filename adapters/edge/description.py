"""A collection in plain values, as JSON has them: for the file beside its points, and for the engine's process."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from domain.models import Collection, Distance, HnswOptions, IndexType, Quantization, QuantizationType


def describe(collection: Collection) -> dict[str, Any]:
    """The collection in plain values, as JSON has them."""
    return {
        "name": collection.name,
        "size": collection.size,
        "distance": collection.distance.value,
        "indexes": {field: type_.value for field, type_ in collection.indexes.items()},
        "on_disk": collection.on_disk,
        "quantization": None if collection.quantization is None else asdict(collection.quantization),
        "hnsw": None if collection.hnsw is None else asdict(collection.hnsw),
    }


def parse(described: dict[str, Any]) -> Collection:
    """The collection that `describe` described. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
    quantization, hnsw = described["quantization"], described["hnsw"]
    if quantization is not None:
        quantization = Quantization(**{**quantization, "type": QuantizationType(quantization["type"])})
    return Collection(
        name=described["name"],
        size=described["size"],
        distance=Distance(described["distance"]),
        indexes={field: IndexType(type_) for field, type_ in described["indexes"].items()},
        on_disk=described["on_disk"],
        quantization=quantization,
        hnsw=None if hnsw is None else HnswOptions(**hnsw),
    )
