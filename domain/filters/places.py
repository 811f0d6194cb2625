"""Conditions on where a value is on Earth."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors import InvalidInput
from domain.filters.matches import check_path
from domain.models.vector import float32

SMALLEST_FLOAT32, MAX_FLOAT32 = 2.0**-149, (2 - 2.0**-23) * 2.0**127


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A place on Earth in degrees: latitude -90 to 90, longitude -180 to 180."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        for name, value, most in (("lat", self.lat, 90), ("lon", self.lon, 180)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
                raise InvalidInput(name, f"degrees from -{most} to {most}")


@dataclass(frozen=True, slots=True)
class GeoRadius:
    """The value is a place less than `radius` metres from `center`, on a sphere; kept as float32."""

    key: str
    center: GeoPoint
    radius: float

    def __post_init__(self) -> None:
        check_path(self.key)
        if isinstance(self.radius, bool) or not 0 < self.radius <= MAX_FLOAT32:
            raise InvalidInput("geo_radius.radius", "metres, more than 0 and finite in float32")
        # What every way to the engine carries.
        object.__setattr__(self, "radius", max(float32(self.radius), SMALLEST_FLOAT32))


@dataclass(frozen=True, slots=True)
class GeoBoundingBox:
    """The value is a place inside the box. A box whose left is east of its right crosses longitude 180."""

    key: str
    top_left: GeoPoint
    bottom_right: GeoPoint

    def __post_init__(self) -> None:
        check_path(self.key)
        if self.top_left.lat <= self.bottom_right.lat:
            raise InvalidInput("geo_bounding_box", "a top that is north of the bottom")
