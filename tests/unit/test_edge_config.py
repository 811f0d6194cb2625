"""What the embedded engine is told about a collection."""

from __future__ import annotations

import pytest
import qdrant_edge as edge

from adapters.edge.config import to_config
from domain.models import Collection, Distance, Quantization, QuantizationType

BINARY = Quantization(type=QuantizationType.BINARY)


@pytest.mark.parametrize(
    ("size", "distance", "asked", "kept"),
    [
        (128, Distance.COSINE, None, edge.ScalarQuantizationConfig),
        (127, Distance.COSINE, None, type(None)),
        (384, Distance.DOT, None, type(None)),
        (384, Distance.EUCLID, None, type(None)),
        (384, Distance.COSINE, BINARY, edge.BinaryQuantizationConfig),
        (2, Distance.DOT, BINARY, edge.BinaryQuantizationConfig),
    ],
)
def test_compresses_where_it_loses_nothing(
    size: int, distance: Distance, asked: Quantization | None, kept: type[object]
) -> None:
    """Large vectors under cosine, unless the collection says itself how."""
    collection = Collection(name="any", size=size, distance=distance, quantization=asked)
    vectors = to_config(collection).vectors
    assert isinstance(vectors, dict)
    assert type(vectors[""].quantization_config) is kept
