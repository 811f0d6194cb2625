"""Bodies about collections."""

from __future__ import annotations

from typing import Annotated

import msgspec

from domain.errors import at
from domain.models import Collection, Distance, HnswOptions, IndexType, Quantization, QuantizationType
from domain.models.vector import MAX_SIZE
from entrypoints.http.bodies.values import Body


class QuantizationBody(Body):
    """How the store compresses vectors."""

    type: QuantizationType
    quantile: float | None = None
    always_ram: bool | None = None


class VectorBody(Body):
    """The vectors of a collection."""

    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_SIZE)]
    distance: Distance
    on_disk: bool | None = None
    quantization: QuantizationBody | None = None


class HnswBody(Body):
    """The graph index of a collection."""

    m: int | None = None
    ef_construct: int | None = None
    full_scan_threshold: int | None = None
    on_disk: bool | None = None


class CollectionBody(Body):
    """A collection to be made."""

    vector: VectorBody
    indexes: dict[str, IndexType] | None = None
    index: HnswBody | None = None

    def to_domain(self, name: str) -> Collection:
        """The collection. Raises `InvalidInput`."""
        with at("vector.quantization"):
            given = self.vector.quantization
            quantization = None if given is None else Quantization(**msgspec.structs.asdict(given))
        with at("index"):
            hnsw = None if self.index is None else HnswOptions(**msgspec.structs.asdict(self.index))
        return Collection(
            name=name,
            size=self.vector.size,
            distance=self.vector.distance,
            indexes=self.indexes or {},
            on_disk=self.vector.on_disk,
            quantization=quantization,
            hnsw=hnsw,
        )


class IndexBody(Body):
    """A payload index to be made."""

    type: IndexType
