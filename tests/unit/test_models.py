"""Collections, points and payloads check themselves."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

import pytest

from domain.errors import InvalidInput
from domain.models import (
    Collection,
    Distance,
    HnswOptions,
    IndexType,
    Point,
    PointId,
    Quantization,
    QuantizationType,
    Vector,
    check_collection_name,
    id_order,
    parse_point_id,
)
from domain.models.payload import MAX_DEPTH, check_payload
from domain.models.vector import MAX_NORM

ONE = UUID(int=1)


@pytest.mark.parametrize("name", ["a", "9", "a.b-c_d", "A" * 255])
def test_takes_good_names(name: str) -> None:
    """Letters, digits and three signs make a name."""
    check_collection_name(name)


@pytest.mark.parametrize("name", ["", ".a", "-a", "_a", "a b", "a/b", "a\n", "ä", "A" * 256, None, 1])
def test_refuses_bad_names(name: Any) -> None:
    """Anything else is refused, a newline at the end too."""
    with pytest.raises(InvalidInput, match="collection: expected a name"):
        check_collection_name(name)


@pytest.mark.parametrize("size", [0, -1, 65_537])
def test_refuses_a_size_out_of_range(size: int) -> None:
    """A collection's size is that of a vector."""
    with pytest.raises(InvalidInput, match="size: expected an integer from 1 to 65536"):
        Collection(name="a", size=size, distance=Distance.DOT)


def test_refuses_an_index_at_no_path() -> None:
    """The key of an index is a path."""
    with pytest.raises(InvalidInput, match=r"indexes\['a b'\]: expected a path"):
        Collection(name="a", size=1, distance=Distance.DOT, indexes={"a b": IndexType.BOOL})


@pytest.mark.parametrize(
    ("options", "where"),
    [({"m": 3}, "m"), ({"m": 129}, "m"), ({"ef_construct": 3}, "ef_construct"), ({"full_scan_threshold": 9}, "full")],
)
def test_refuses_hnsw_options_out_of_range(options: dict[str, int], where: str) -> None:
    """Options of the graph have ranges."""
    with pytest.raises(InvalidInput, match=f"{where}.*: expected an integer from"):
        HnswOptions(**options)  # type: ignore[arg-type]


def test_refuses_quantiles_out_of_place() -> None:
    """A quantile is from 0.5 to 1.0, and of scalar quantization."""
    assert Quantization(type=QuantizationType.SCALAR, quantile=0.99).quantile == 0.99
    with pytest.raises(InvalidInput, match="quantile: expected a number from"):
        Quantization(type=QuantizationType.SCALAR, quantile=0.4)
    with pytest.raises(InvalidInput, match="quantile: expected nothing here"):
        Quantization(type=QuantizationType.BINARY, quantile=0.9)


def test_names_each_difference() -> None:
    """What differs is named, what was left open is not."""
    mine = Collection(
        name="a",
        size=2,
        distance=Distance.DOT,
        indexes={"x": IndexType.BOOL, "y": IndexType.GEO},
        quantization=Quantization(type=QuantizationType.BINARY),
    )
    wanted = Collection(
        name="a",
        size=3,
        distance=Distance.COSINE,
        indexes={"x": IndexType.UUID, "z": IndexType.GEO},
        on_disk=True,
        quantization=Quantization(type=QuantizationType.SCALAR),
        hnsw=HnswOptions(m=8),
    )
    assert mine.differences(mine) == []
    assert mine.differences(Collection(name="a", size=2, distance=Distance.DOT)) == []
    assert mine.differences(wanted) == [
        "size is 2, not 3",
        "distance is dot, not cosine",
        "on_disk is false, not true",
        "quantization.type is binary, not scalar",
        "index.m is unset, not 8",
        "index of 'x' is bool, not uuid",
    ]


def test_fits_vectors() -> None:
    """A vector fits by its size, its direction under cosine, and its length elsewhere."""
    cosine = Collection(name="a", size=2, distance=Distance.COSINE)
    dot = Collection(name="a", size=2, distance=Distance.DOT)
    assert cosine.fit(Vector.of([3, 4])) == Vector.of([0.6, 0.8])
    assert cosine.fit(Vector.of([3e38, 0])) == Vector.of([1, 0])
    assert dot.fit(Vector.of([3, 4])) == Vector.of([3, 4])
    with pytest.raises(InvalidInput, match="2 numbers, got 1"):
        dot.fit(Vector.of([1]))
    with pytest.raises(InvalidInput, match="not zero"):
        cosine.fit(Vector.of([0, 0]))
    with pytest.raises(InvalidInput, match="norm at most 1e"):
        dot.fit(Vector.of([2 * MAX_NORM, 0]))


def test_ranks_integers_before_uuids() -> None:
    """Ids are in the order of their values, integers first."""
    ids: list[PointId] = [UUID(int=2), 10, ONE, 2**64 - 1, 0]
    assert sorted(ids, key=id_order) == [0, 10, 2**64 - 1, ONE, UUID(int=2)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), (str(2**64 - 1), 2**64 - 1), (str(ONE), ONE), (ONE.hex, ONE), (str(ONE).upper(), ONE)],
)
def test_parses_ids(text: str, expected: object) -> None:
    """Digits are an integer, and a UUID is one with or without hyphens."""
    assert parse_point_id(text) == expected


@pytest.mark.parametrize(
    "text", ["", "-1", "1.0", str(2**64), "9" * 30, "abc", f"{{{ONE}}}", f"urn:uuid:{ONE}", f"{ONE}\n"]
)
def test_refuses_texts_that_are_no_id(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidInput, match="an unsigned 64-bit integer or a UUID"):
        parse_point_id(text)


@pytest.mark.parametrize("point_id", [-1, 2**64, True, 1.0, "1", None])
def test_refuses_values_that_are_no_id(point_id: Any) -> None:
    """A point's id is an integer in range, or a UUID; true is no integer."""
    with pytest.raises(InvalidInput, match="id: expected an unsigned"):
        Point(point_id, Vector.of([1]))


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        ([], ""),
        ({1: 1}, ""),
        ({"a": 2**63}, "a"),
        ({"a": -(2**63) - 1}, "a"),
        ({"a": math.nan}, "a"),
        ({"a": {"b": [0, math.inf]}}, "a.b[1]"),
        ({"a": b"bytes"}, "a"),
        ({"a": [(1,)]}, "a[0]"),
        ({"a": "\ud800"}, "a"),
        ({"\ud800": 1}, "\ud800"),
    ],
)
def test_refuses_payloads_that_cannot_be_kept(payload: Any, where: str) -> None:
    """What is no JSON, or would not come back as it was, is refused with its place."""
    with pytest.raises(InvalidInput) as caught:
        Point(1, Vector.of([1]), payload)
    assert caught.value.where == f"payload.{where}".rstrip(".")


def test_takes_every_kind_of_json() -> None:
    """All of JSON can be kept, and any text that UTF-8 can write."""
    check_payload({"": None, "a": [True, 1, -(2**63), 2**63 - 1, 0.5, "ü\0"], "b": {"c": {}}})


def test_bounds_the_depth_of_payloads() -> None:
    """Payloads nest as deep as the limit says, and no deeper."""
    inner: Any = 1
    for _ in range(MAX_DEPTH - 1):
        inner = [inner]
    check_payload({"a": inner})
    with pytest.raises(InvalidInput, match=f"at most {MAX_DEPTH} levels"):
        check_payload({"a": [inner]})
