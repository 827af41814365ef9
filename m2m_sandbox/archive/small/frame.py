"""One photograph of a small dataset: its name, its day, and the position of its corners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import cos, radians
from typing import Any

import numpy as np

from m2m_sandbox.archive.landsat.grid import projector
from m2m_sandbox.pixels.window import NODE, Window, of_box

Corners = tuple[tuple[float, float], ...]
_MIN_SIDE = 0.02
"""Degrees; scenes without a footprint get a square of this size, so that they have an image too."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A photograph; ``corners`` are upper left, upper right, lower right and lower left, in degrees.

    ``film`` is the kind of film as the scene's metadata states it, empty if it does not.
    """

    name: str
    day: date
    corners: Corners
    film: str = ""

    @property
    def meters(self) -> tuple[float, float]:
        """Width and height on the ground in meters, along the upper and the left side."""
        return _length(self.corners[0], self.corners[1]), _length(self.corners[0], self.corners[3])

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east and north limits in degrees."""
        xs, ys = zip(*self.corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True, slots=True)
class Layout:
    """A north-up raster: (height, width) in multiples of 32 pixels, and the position of its outer corner."""

    epsg: int
    corner: tuple[float, float]
    pixel: float
    shape: tuple[int, int]

    @property
    def window(self) -> Window:
        """The window that covers the whole raster."""
        return of_box(self.epsg, self.corner, self.pixel, self.shape)


def upright(frame: Frame, epsg: int, pixel: float, max_side: int) -> Layout:
    """Return a raster around the whole frame.

    ``pixel`` is doubled until no side is longer than ``max_side`` pixels.
    """
    ring = np.array(frame.corners)
    xs, ys = projector(epsg).transform(ring[:, 0], ring[:, 1])
    while max(max(xs) - min(xs), max(ys) - min(ys)) > (max_side - NODE) * pixel:
        pixel *= 2
    corner = float(np.floor(min(xs) / pixel) * pixel), float(np.ceil(max(ys) / pixel) * pixel)
    height, width = corner[1] - min(ys), max(xs) - corner[0]
    shape = int(np.ceil(height / pixel / NODE)) * NODE, int(np.ceil(width / pixel / NODE)) * NODE
    return Layout(epsg, corner, pixel, shape)


def frame_of(scene: dict[str, Any]) -> Frame:
    """Build a frame from a scene of scene-search, whose ring may start at any corner and run in either direction."""
    ring = [(float(x), float(y)) for x, y, *_ in scene["spatialCoverage"]["coordinates"][0][:-1]]
    day = date.fromisoformat(str(scene["temporalCoverage"]["startDate"])[:10])
    film = next((str(row["value"]) for row in scene.get("metadata", ()) if row["fieldName"] == "Image Type"), "")
    return Frame(str(scene["displayId"]), day, _ordered(ring), film)


def _ordered(ring: list[tuple[float, float]]) -> Corners:
    """Sort a ring's corners, clockwise from the upper left."""
    west, south, east, north = (
        limit(point[axis] for point in ring) for limit, axis in ((min, 0), (min, 1), (max, 0), (max, 1))
    )
    if len(ring) != 4 or east - west < 1e-6 or north - south < 1e-6:
        east, south = max(east, west + _MIN_SIDE), min(south, north - _MIN_SIDE)
        return (west, north), (east, north), (east, south), (west, south)
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
    clockwise = ring if area < 0 else ring[::-1]
    scores = [(y - south) / (north - south) - (x - west) / (east - west) for x, y in clockwise]
    first = scores.index(max(scores))
    return tuple(clockwise[first:] + clockwise[:first])


def _length(a: tuple[float, float], b: tuple[float, float]) -> float:
    shrink = cos(radians((a[1] + b[1]) / 2))
    return float(np.hypot((b[0] - a[0]) * shrink, b[1] - a[1])) * 111_320
