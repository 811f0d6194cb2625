"""Vectors check themselves."""

from __future__ import annotations

import math
import struct

import pytest

from domain.errors import InvalidInput
from domain.models import Vector, float32
from domain.models.vector import MAX_SIZE


def test_rounds_to_float32() -> None:
    """Components are kept as the nearest float32, little-endian."""
    vector = Vector.of([0.1, -2, 1e-50])
    assert vector.data == struct.pack("<3f", 0.1, -2, 0)
    assert (len(vector), list(vector)) == (3, [float32(0.1), -2.0, 0.0])


def test_equal_data_is_an_equal_vector() -> None:
    """Vectors compare and hash by their data."""
    assert {Vector.of([1, 2]), Vector(struct.pack("<2f", 1, 2))} == {Vector.of([1, 2])}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e39, -1e39, 3.5e38], ids=str)
def test_refuses_what_is_not_finite(value: float) -> None:
    """NaN, infinities and numbers past the range of float32 are refused."""
    with pytest.raises(InvalidInput, match="finite in float32"):
        Vector.of([1.0, value])
    with pytest.raises(InvalidInput, match="finite in float32"):
        float32(value)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_refuses_bytes_that_are_not_finite(value: float) -> None:
    """Ready bytes are looked at too."""
    with pytest.raises(InvalidInput, match="finite in float32"):
        Vector(struct.pack("<2f", 1.0, value))


def test_keeps_the_greatest_float32() -> None:
    """Many of the greatest components are no infinity."""
    greatest = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]
    assert Vector.of([greatest] * 1000).to_tuple() == (greatest,) * 1000


@pytest.mark.parametrize("size", [0, MAX_SIZE + 1])
def test_refuses_a_size_out_of_range(size: int) -> None:
    """A vector has 1 to 65,536 components."""
    with pytest.raises(InvalidInput, match=f"1 to {MAX_SIZE} numbers, got {size}"):
        Vector.of([0.0] * size)


def test_refuses_cut_bytes() -> None:
    """Bytes that end within a component are refused."""
    with pytest.raises(InvalidInput, match="a multiple of 4 bytes of float32, got 7"):
        Vector(b"\0" * 7)


def test_refuses_what_is_no_number() -> None:
    """Text among the numbers is refused."""
    with pytest.raises(InvalidInput, match="a list of numbers"):
        Vector.of([1.0, "2"])  # type: ignore[list-item]


@pytest.mark.parametrize("length", [1e-38, 1e-6, 1.0, 3.0, 1e38])
def test_unit_has_norm_one(length: float) -> None:
    """The unit vector keeps the direction at every length that float32 can hold."""
    unit = Vector.of([3 * length / 5, 4 * length / 5]).unit()
    assert unit.to_tuple() == pytest.approx((0.6, 0.8), rel=1e-6)


def test_unit_leaves_a_unit_vector_as_it_is() -> None:
    """A vector of norm 1 within rounding keeps every bit."""
    vector = Vector.of([0.6, 0.8])
    assert vector.unit() is vector


def test_zero_has_no_direction() -> None:
    """The zero vector has no unit vector."""
    with pytest.raises(InvalidInput, match="not zero"):
        Vector.of([0, -0.0]).unit()
