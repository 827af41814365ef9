"""The raster of a Landsat product: a north-up rectangle around the tilted scene, on the 30 m grid of its UTM zone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import CRS, Transformer

from m2m_sandbox.archive.overpasses import wrs2

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIXEL = 30.0
POLAR_LATITUDE = -63.0
"""Degrees of latitude; products south of it are in the Antarctic polar stereographic projection."""


@dataclass(frozen=True, slots=True)
class Albers:
    """An equal-area conic projection of WGS 84, without an EPSG code: its origin and standard parallels in degrees."""

    longitude: float
    latitude: float
    parallels: tuple[float, float]

    @property
    def proj(self) -> str:
        """The projection as PROJ describes it."""
        first, second = self.parallels
        return f"+proj=aea +lat_0={self.latitude} +lon_0={self.longitude} +lat_1={first} +lat_2={second} +datum=WGS84"


Crs = int | Albers
"""The coordinate reference system of a raster: an EPSG code, or a projection without one."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A raster; ``west`` and ``north`` are the center of the upper left pixel, in meters of ``crs``.

    ``center`` is longitude and latitude of the scene center, ``footprint`` the corners in degrees, as (4, 2).
    """

    crs: Crs
    west: float
    north: float
    width: int
    height: int
    center: tuple[float, float]
    footprint: NDArray[np.float64]
    pixel: float = PIXEL

    @property
    def zone(self) -> int | None:
        """The UTM zone, always a northern one [REFERENCE §5]; None in other projections."""
        return self.crs - 32600 if isinstance(self.crs, int) and 32600 < self.crs <= 32660 else None

    @property
    def east(self) -> float:
        """The center of the rightmost pixels."""
        return self.west + self.pixel * (self.width - 1)

    @property
    def south(self) -> float:
        """The center of the lowest pixels."""
        return self.north - self.pixel * (self.height - 1)

    @property
    def corners(self) -> list[tuple[float, float]]:
        """Longitude and latitude of the corner pixels' centers: upper left, upper right, lower right, lower left."""
        xs, ys = [self.west, self.east, self.east, self.west], [self.north, self.north, self.south, self.south]
        longitudes, latitudes = projector(self.crs).transform(xs, ys, direction="INVERSE")
        return list(zip(longitudes, latitudes, strict=True))


@lru_cache(maxsize=128)
def projector(crs: Crs) -> Transformer:
    """Return the transformation from longitude and latitude to meters.

    It stays on the system's own ellipsoid: the sandbox does not distinguish datums.
    """
    system = CRS.from_string(crs.proj) if isinstance(crs, Albers) else CRS.from_epsg(crs)
    return Transformer.from_crs(system.geodetic_crs, system, always_xy=True)


@lru_cache(maxsize=4096)
def grid_of(path: int, row: int, pixel: float = PIXEL) -> Grid:
    """Return the product grid of a path and row, the same on every day; ``pixel`` in meters (60 for MSS)."""
    path_row = np.array(float(path)), np.array(float(row))
    longitude, latitude = (float(value) for value in wrs2.scene_center(*path_row))
    ring = wrs2.footprint(*path_row)
    epsg = 3031 if latitude < POLAR_LATITUDE else 32601 + int((longitude + 180) // 6) % 60
    xs, ys = projector(epsg).transform(ring[:, 0], ring[:, 1])
    west, north = np.floor(xs.min() / pixel) * pixel, np.ceil(ys.max() / pixel) * pixel
    width, height = int((xs.max() - west) // pixel) + 2, int((north - ys.min()) // pixel) + 2
    return Grid(epsg, float(west), float(north), width, height, (longitude, latitude), ring, pixel)


def within(crs: Crs, ring: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Test which places (meters of ``crs``) lie in a convex ring of longitudes and latitudes, in either orientation.

    The ring is rounded to millimeters, so that differences in the last digit between machines never flip a pixel.
    """
    xs, ys = (np.round(axis, 3) for axis in projector(crs).transform(ring[:, 0], ring[:, 1]))
    left = right = np.ones(np.broadcast_shapes(x.shape, y.shape), bool)
    for x0, y0, x1, y1 in zip(xs, ys, np.roll(xs, -1), np.roll(ys, -1), strict=True):
        cross = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
        left, right = left & (cross >= 0), right & (cross <= 0)
    return left | right
