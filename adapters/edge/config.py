"""What the engine is told about a collection."""

from __future__ import annotations

import qdrant_edge as edge

from domain.models import Collection, Distance, HnswOptions, IndexType, Quantization, QuantizationType

M, EF_CONSTRUCT = 16, 100
"""Qdrant's own defaults of the graph: links of a point, and candidates while it is built."""

FULL_SCAN_KB = 20_000
"""Filters that leave less than this of vectors are answered exactly.

Twice Qdrant's default: measured on 20,000 and 100,000 x 384, that costs no more than a walk through the graph
that passes over what the filter leaves out, and misses nothing. With less, the graph gets links of its own for
more of the values that are filtered by, and every walk that looks past others takes half as long again.
"""

INDEXING_KB = 10_000
"""The vectors that a segment holds before it gets a graph (Qdrant's default): below, comparing all is as quick."""

QUANTIZED_SIZE, DEFAULT = 128, Quantization(type=QuantizationType.SCALAR, quantile=0.99)
"""From this size on vectors under cosine are compared as int8, with components beyond the quantile cut off.

What is found so is ranked by the vectors themselves (see `breadth`). Measured on 20,000 and 100,000 x 384, recall is
the same, and searches, scans and the building of a graph take about half the time: they wait for memory. Smaller
vectors gain less, and their components tell less apart; where lengths count, the longest are cut off, and recall fell
to 0.67.
"""

DELETED_SHARE = 0.2
"""The share of deleted points from which on a segment is written anew (Qdrant's default)."""

INDEX_TYPES = {
    IndexType.KEYWORD: edge.PayloadSchemaType.Keyword,
    IndexType.INTEGER: edge.PayloadSchemaType.Integer,
    IndexType.FLOAT: edge.PayloadSchemaType.Float,
    IndexType.BOOL: edge.PayloadSchemaType.Bool,
    IndexType.DATETIME: edge.PayloadSchemaType.Datetime,
    IndexType.UUID: edge.PayloadSchemaType.Uuid,
    IndexType.GEO: edge.PayloadSchemaType.Geo,
}


def to_config(collection: Collection, *, graph: int = 0) -> edge.EdgeConfig:
    """The engine's configuration of a collection.

    `graph` counts how often its graph was ordered anew: the engine builds a graph again whose
    configuration changed, and one candidate more while building changes nothing else.
    """
    hnsw = collection.hnsw or HnswOptions()
    return edge.EdgeConfig(
        vectors=edge.EdgeVectorParams(
            collection.size,
            getattr(edge.Distance, collection.distance.name.capitalize()),
            on_disk=collection.on_disk,
            quantization_config=_to_quantization(collection),
        ),
        hnsw_config=edge.HnswIndexConfig(
            hnsw.m or M,
            (hnsw.ef_construct or EF_CONSTRUCT) + graph % 2,
            hnsw.full_scan_threshold or FULL_SCAN_KB,
            on_disk=hnsw.on_disk,
        ),
        # A collection is two segments, mostly: handing them to threads takes longer than what it saves.
        max_search_threads=1,
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=INDEXING_KB, deleted_threshold=DELETED_SHARE),
    )


def _to_quantization(collection: Collection) -> edge.QuantizationConfigType | None:
    quantization = collection.quantization
    if quantization is None and collection.distance is Distance.COSINE and collection.size >= QUANTIZED_SIZE:
        quantization = DEFAULT
    if quantization is None:
        return None
    if quantization.type is QuantizationType.BINARY:
        return edge.BinaryQuantizationConfig(always_ram=quantization.always_ram)
    return edge.ScalarQuantizationConfig(
        edge.ScalarType.Int8, quantile=quantization.quantile, always_ram=quantization.always_ram
    )
