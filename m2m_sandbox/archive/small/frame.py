"""One photograph of a small dataset: its name, its day, and where its corners lie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import cos, radians
from typing import Any

import numpy as np

from m2m_sandbox.archive.landsat.grid import projector
from m2m_sandbox.pixels.window import NODE, Window, of_box

__all__ = ["Corners", "Frame", "Layout", "frame_of", "upright"]

Corners = tuple[tuple[float, float], ...]
_LEAST = 0.02
"""Degrees; footprints that were never filled in become squares of this size, so that they have a picture too."""


@dataclass(frozen=True, slots=True)
class Frame:
    """``corners``: upper left, upper right, lower right, lower left, in degrees."""

    name: str
    day: date
    corners: Corners

    @property
    def metres(self) -> tuple[float, float]:
        """Its width and height on the ground, along its upper and its left side."""
        return _length(self.corners[0], self.corners[1]), _length(self.corners[0], self.corners[3])

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east and north of it."""
        xs, ys = zip(*self.corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True, slots=True)
class Layout:
    """An upright raster: (height, width) in multiples of 32 pixels, and where its outer corner lies."""

    epsg: int
    corner: tuple[float, float]
    pixel: float
    shape: tuple[int, int]

    @property
    def window(self) -> Window:
        """Of all of it."""
        return of_box(self.epsg, self.corner, self.pixel, self.shape)


def upright(frame: Frame, epsg: int, pixel: float, largest: int) -> Layout:
    """Round the whole frame; ``pixel`` is doubled until no side is longer than ``largest`` pixels."""
    ring = np.array(frame.corners)
    xs, ys = projector(epsg).transform(ring[:, 0], ring[:, 1])
    while max(max(xs) - min(xs), max(ys) - min(ys)) > (largest - NODE) * pixel:
        pixel *= 2
    corner = float(np.floor(min(xs) / pixel) * pixel), float(np.ceil(max(ys) / pixel) * pixel)
    height, width = corner[1] - min(ys), max(xs) - corner[0]
    shape = int(np.ceil(height / pixel / NODE)) * NODE, int(np.ceil(width / pixel / NODE)) * NODE
    return Layout(epsg, corner, pixel, shape)


def frame_of(scene: dict[str, Any]) -> Frame:
    """From a scene as scene-search gives it, whose ring may begin anywhere and run either way."""
    ring = [(float(x), float(y)) for x, y, *_ in scene["spatialCoverage"]["coordinates"][0][:-1]]
    day = date.fromisoformat(str(scene["temporalCoverage"]["startDate"])[:10])
    return Frame(str(scene["displayId"]), day, _ordered(ring))


def _ordered(ring: list[tuple[float, float]]) -> Corners:
    west, south, east, north = (
        pick(point[axis] for point in ring) for pick, axis in ((min, 0), (min, 1), (max, 0), (max, 1))
    )
    if len(ring) != 4 or east - west < 1e-6 or north - south < 1e-6:
        east, south = max(east, west + _LEAST), min(south, north - _LEAST)
        return (west, north), (east, north), (east, south), (west, south)
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True))
    clockwise = ring if area < 0 else ring[::-1]
    scores = [(y - south) / (north - south) - (x - west) / (east - west) for x, y in clockwise]
    first = scores.index(max(scores))
    return tuple(clockwise[first:] + clockwise[:first])


def _length(a: tuple[float, float], b: tuple[float, float]) -> float:
    shrink = cos(radians((a[1] + b[1]) / 2))
    return float(np.hypot((b[0] - a[0]) * shrink, b[1] - a[1])) * 111_320
