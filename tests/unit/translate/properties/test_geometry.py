"""Footprints are on the globe, or unknown."""

from __future__ import annotations

from typing import Any

import pytest

from stac_bridge.translate.properties.geometry import footprint


def rectangle(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.mark.parametrize(
    ("sides", "bbox"),
    [
        ((175, 10, 180.01, 20), [175, 10, 180, 20]),
        ((175, 10, 180.02221, 20), [175, 10, 180, 20]),
        ((-180.009966964847, 10, -175, 20), [-180, 10, -175, 20]),
        ((-180.01, -60, 180.01, 80), [-180, -60, 180, 80]),
    ],
)
def test_a_longitude_that_exceeds_180_by_rounding_is_180(sides: tuple[float, ...], bbox: list[float]) -> None:
    for shape in (rectangle(*sides), {"type": "MultiPolygon", "coordinates": [rectangle(*sides)["coordinates"]]}):
        geometry, box = footprint(shape)
        assert box == bbox
        assert geometry is not None
        assert geometry["type"] == shape["type"]


def test_a_point_that_exceeds_180_by_rounding_is_at_180() -> None:
    assert footprint({"type": "Point", "coordinates": [180.005, 10]})[1] == [180, 10, 180, 10]


def test_a_footprint_that_crosses_180_is_cut_there() -> None:
    geometry, box = footprint(rectangle(179, 10, 181, 20))
    assert geometry is not None
    assert geometry["type"] == "MultiPolygon"
    assert box == [179, 10, -179, 20]


@pytest.mark.parametrize("north", [90.01, 97.68, 91, float("nan"), float("inf")])
def test_a_latitude_beyond_90_makes_the_footprint_unknown(north: float) -> None:
    for south, top in ((80, north), (-north, -80)):
        assert footprint(rectangle(10, south, 20, top)) == (None, None)
    assert footprint({"type": "MultiPolygon", "coordinates": [rectangle(10, 80, 20, north)["coordinates"]]})[0] is None


def test_a_pole_with_the_error_of_a_float_is_the_pole() -> None:
    assert footprint(rectangle(10, 80, 20, 90.00000001))[1] == [10, 80, 20, 90]
