"""Where the pixels of a picture lie: any upright tile of a grid, any four-cornered photograph.

Places are shares of the way round the globe and down from the top of its Web Mercator square. They are projected
at nodes every 32 pixels and interpolated between: within a thirtieth of a pixel at every level of a Landsat scene.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, hypot, pi, radians
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.archive.landsat.grid import projector
from m2m_sandbox.pixels.tiff import TILE

if TYPE_CHECKING:
    from m2m_sandbox.archive.landsat.grid import Grid

__all__ = ["EARTH", "NODE", "Window", "of_box", "of_ring", "of_tile", "refined"]

EARTH = 40075016.7
"""Metres round the equator."""

NODE = 32
Places = NDArray[np.float64]


class Window:
    """Nodes of ``height`` by ``width`` pixels (multiples of 32), the first at the outer corner of the first pixel.

    Fields over a window have one pixel more on every side, so that slopes can be had to its very edge.
    """

    def __init__(self, east: Places, down: Places) -> None:
        self.east, self.down = east, down
        self.height, self.width = ((count - 1) * NODE for count in east.shape)
        self._coarse: dict[int, tuple[Places, Places]] = {}

    @property
    def latitudes(self) -> Places:
        """Degrees, at the nodes."""
        return np.asarray(np.degrees(np.arctan(np.sinh((1 - 2 * self.down) * pi))))

    @property
    def latitude(self) -> float:
        """Degrees, in the middle."""
        return round(float(self.latitudes[self.height // NODE // 2, self.width // NODE // 2]), 4)

    @property
    def upward(self) -> tuple[float, float]:
        """What one pixel up means: shares of the globe eastward and northward."""
        middle = self.width // NODE // 2
        across = self.east[0, middle] - self.east[-1, middle]
        return float(across) / self.height, float(self.down[-1, middle] - self.down[0, middle]) / self.height

    @property
    def cell(self) -> float:
        """The share of the globe that a pixel spans, as the map shows it."""
        right, up = self.upward
        return hypot(right, up)

    @property
    def metres(self) -> float:
        """Length of a pixel on the ground."""
        return self.cell * EARTH * cos(radians(self.latitude))

    def places(self, step: int) -> tuple[Places, Places]:
        """East and down at the centre of every ``step``-th pixel; two more before and three behind, to interpolate."""
        if step not in self._coarse:
            self._coarse[step] = self.spread(self.east, step), self.spread(self.down, step)
        return self._coarse[step]

    def spread(self, nodes: Places, step: int = 1) -> Places:
        """Values at nodes → at the centres of every ``step``-th pixel, two before and three behind."""
        return _between(_between(nodes, self.height, step).T, self.width, step).T


def of_tile(grid: Grid, level: int, column: int, row: int) -> Window:
    """A tile of a grid, or of an overview of it."""
    size = grid.pixel * 2**level
    corner = grid.west - grid.pixel / 2 + size * TILE * column, grid.north + grid.pixel / 2 - size * TILE * row
    return of_box(grid.epsg, corner, size, (TILE, TILE))


def of_box(epsg: int, corner: tuple[float, float], pixel: float, shape: tuple[int, int]) -> Window:
    """An upright picture of (height, width) pixels, multiples of 32, from its outer upper left corner."""
    height, width = shape
    xs = corner[0] + pixel * np.arange(0, width + 1, NODE)
    ys = corner[1] - pixel * np.arange(0, height + 1, NODE)
    x, y = np.meshgrid(xs, ys)
    longitude, latitude = projector(epsg).transform(x, y, direction="INVERSE")
    return _placed(np.asarray(longitude), np.asarray(latitude), float(np.asarray(longitude)[0, 0]))


def of_ring(ring: NDArray[np.float64], height: int, width: int) -> Window:
    """A photograph whose corners are ``ring``: upper left, upper right, lower right, lower left, in degrees."""
    u, v = np.meshgrid(np.linspace(0, 1, width // NODE + 1), np.linspace(0, 1, height // NODE + 1))
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], -1)
    longitude, latitude = (weights * ring[:, 0]).sum(-1), (weights * ring[:, 1]).sum(-1)
    return _placed(longitude, latitude, float(ring[0, 0]))


def _placed(longitude: Places, latitude: Places, near: float) -> Window:
    """Unwrapped and above 0, so that a picture may lie across the 180th meridian."""
    east = (near + (longitude - near + 180) % 360) / 360 + 1
    down = (1 - np.arcsinh(np.tan(np.radians(np.clip(latitude, -85, 85)))) / pi) / 2
    return Window(east, down)


def _between(nodes: Places, length: int, step: int) -> Places:
    low, part = _low(length, step)
    return nodes[low] + (nodes[low + 1] - nodes[low]) * part


@lru_cache(maxsize=256)
def _low(length: int, step: int) -> tuple[NDArray[np.intp], Places]:
    """The node before each place, and how far behind it the place lies."""
    places = (np.arange(-2, length // step + 3) * step + 0.5) / NODE
    low = np.clip(np.floor(places).astype(np.intp), 0, length // NODE - 1)
    return low, (places - low)[:, None]


def refined(values: NDArray[np.float32], times: int) -> NDArray[np.float32]:
    """Values at ``times`` as many places along either axis (1, 2, 4 …), by a smooth curve (Catmull-Rom)."""
    while times > 1:
        values, times = _doubled(_doubled(values).T).T, times // 2
    return values


def _doubled(values: NDArray[np.float32]) -> NDArray[np.float32]:
    found = np.empty((2 * len(values) - 5, values.shape[1]), np.float32)
    found[::2] = values[1:-1]
    middle = values[1:-2] + values[2:-1]
    middle *= np.float32(0.5625)
    middle -= np.float32(0.0625) * (values[:-3] + values[3:])
    found[1::2] = middle
    return found
