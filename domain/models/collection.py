"""Collections: what they are made with, and what a store says of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from domain.errors import InvalidInput, at
from domain.models.distance import Distance
from domain.models.vector import MAX_NORM, MAX_SIZE, NOT_ZERO, Vector
from domain.paths import parse_path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")

MAX_NAME = 255
"""The most characters of a name. Longer ones are refused before anything is kept of them."""


def check_collection_name(name: str) -> None:
    """Raise `InvalidInput` unless `name` may name a collection."""
    if not isinstance(name, str) or len(name) > MAX_NAME or not _is_name(name):
        raise InvalidInput(
            "collection", "a name of 1 to 255 letters, digits, '_', '.', '-' that starts with a letter or digit"
        )


@lru_cache(maxsize=1024)
def _is_name(text: str) -> bool:
    """Whether it is a name; the same few come with every request."""
    return NAME.fullmatch(text) is not None


class IndexType(StrEnum):
    """The type of values that a payload index holds."""

    KEYWORD = "keyword"
    INTEGER = "integer"
    FLOAT = "float"
    BOOL = "bool"
    DATETIME = "datetime"
    UUID = "uuid"
    GEO = "geo"


class QuantizationType(StrEnum):
    """How vectors are compressed in memory: to int8 components, or to one bit each."""

    SCALAR = "scalar"
    BINARY = "binary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """Compression of the vectors that the index reads. The originals are kept beside them.

    `quantile` (0.5 to 1.0, scalar alone) cuts outliers off; `always_ram` keeps the compressed
    vectors in memory. None leaves the choice to the store.
    """

    type: QuantizationType
    quantile: float | None = None
    always_ram: bool | None = None

    def __post_init__(self) -> None:
        if self.quantile is None:
            return
        if self.type is not QuantizationType.SCALAR:
            raise InvalidInput("quantile", "nothing here, since only scalar quantization has a quantile")
        if not 0.5 <= self.quantile <= 1.0:
            raise InvalidInput("quantile", "a number from 0.5 to 1.0")
        # A store may keep it as float32.
        object.__setattr__(self, "quantile", round(self.quantile, 6))


@dataclass(frozen=True, slots=True, kw_only=True)
class HnswOptions:
    """The graph index. None leaves a choice to the store.

    `m`: edges a node, 4 to 128. `ef_construct`: candidates while building, 4 to 10,000.
    `full_scan_threshold`: in kilobytes, below which a segment is scanned instead. `on_disk`: map
    the graph from disk.
    """

    m: int | None = None
    ef_construct: int | None = None
    full_scan_threshold: int | None = None
    on_disk: bool | None = None

    def __post_init__(self) -> None:
        _check_range("m", self.m, 4, 128)
        _check_range("ef_construct", self.ef_construct, 4, 10_000)
        _check_range("full_scan_threshold", self.full_scan_threshold, 10, 100_000_000)


def _check_range(name: str, value: int | None, low: int, high: int) -> None:
    if value is not None and not low <= value <= high:
        raise InvalidInput(name, f"an integer from {low} to {high}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A named set of points whose vectors have one size and one distance.

    `indexes` maps payload paths to the type of their index. The engine options (`on_disk`,
    `quantization`, `hnsw`) are left to the store where they are None.
    """

    name: str
    size: int
    distance: Distance
    indexes: Mapping[str, IndexType] = field(default_factory=lambda: MappingProxyType({}))
    on_disk: bool | None = None
    quantization: Quantization | None = None
    hnsw: HnswOptions | None = None

    def __post_init__(self) -> None:
        check_collection_name(self.name)
        if not 1 <= self.size <= MAX_SIZE:
            raise InvalidInput("size", f"an integer from 1 to {MAX_SIZE}")
        for key in self.indexes:
            with at(f"indexes[{key!r}]"):
                parse_path(key)

    def check(self, vector: Vector) -> float:
        """The norm of `vector`, which fits this collection.

        Raises `InvalidInput` for another size, the zero vector under cosine, and under the other
        distances for a norm over `MAX_NORM`.
        """
        if len(vector) != self.size:
            raise InvalidInput("", f"{self.size} numbers, got {len(vector)}")
        norm = vector.norm()
        if self.distance is Distance.COSINE:
            if norm == 0.0:
                raise InvalidInput("", NOT_ZERO)
        elif norm > MAX_NORM:
            raise InvalidInput("", f"a vector of norm at most {MAX_NORM:g}, so that scores stay finite")
        return norm

    def fit(self, vector: Vector) -> Vector:
        """`vector` as this collection keeps it: under cosine of norm 1. Raises as `check` does."""
        self.check(vector)
        return vector.unit() if self.distance is Distance.COSINE else vector

    def differences(self, wanted: Collection) -> list[str]:
        """How this collection differs from `wanted`, a clause each; empty where it will do.

        Options that `wanted` leaves open, and indexes that this collection lacks or has besides,
        are no difference; an index of another type is.
        """
        pairs: list[tuple[str, object, object]] = [
            ("size", self.size, wanted.size),
            ("distance", self.distance, wanted.distance),
        ]
        if wanted.on_disk is not None:
            pairs.append(("on_disk", bool(self.on_disk), wanted.on_disk))
        pairs += _option_pairs("quantization", self.quantization, wanted.quantization)
        pairs += _option_pairs("index", self.hnsw, wanted.hnsw)
        pairs += [(f"index of '{key}'", self.indexes.get(key, type_), type_) for key, type_ in wanted.indexes.items()]
        return [f"{name} is {_shown(mine)}, not {_shown(theirs)}" for name, mine, theirs in pairs if mine != theirs]


def _option_pairs(
    name: str, mine: Quantization | HnswOptions | None, wanted: Quantization | HnswOptions | None
) -> Iterator[tuple[str, object, object]]:
    """Each option that `wanted` states, beside what the collection has."""
    for option in fields(wanted) if wanted is not None else ():
        value = getattr(wanted, option.name)
        if value is not None:
            yield f"{name}.{option.name}", getattr(mine, option.name, None), value


def _shown(value: object) -> str:
    return "unset" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionInfo:
    """What a store says of a collection now.

    `points`: how many it holds. `building`: whether the store still builds indexes. `indexed`: for
    each payload index, how many points it covers so far, where the store tells; `indexed_vectors`: how many
    vectors its graph covers (the others are compared one by one), where the store tells.
    """

    collection: Collection
    points: int
    building: bool = False
    indexed: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    indexed_vectors: int | None = None
