"""Positions of the pixels of an image: any north-up tile of a grid, any photograph with four corners.

Positions are fractions of the way around the globe and down from the top of its Web Mercator square. They are
projected at nodes every 32 pixels and interpolated between: within 1/30 pixel at every level of a Landsat scene.
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
    from m2m_sandbox.archive.landsat.grid import Crs, Grid

EARTH = 40075016.7
"""Circumference at the equator in meters."""

NODE = 32
"""Pixels between nodes."""

Places = NDArray[np.float64]


class Window:
    """An image of ``height`` by ``width`` pixels (multiples of 32), by its nodes.

    The first node is the outer corner of the first pixel. Fields over a window are one pixel wider on every side, so
    that slopes can be computed up to its edge.
    """

    def __init__(self, east: Places, down: Places) -> None:
        self.east, self.down = east, down
        self.height, self.width = ((count - 1) * NODE for count in east.shape)
        self._coarse: dict[int, tuple[Places, Places]] = {}

    @property
    def latitudes(self) -> Places:
        """Degrees at the nodes."""
        return np.asarray(np.degrees(np.arctan(np.sinh((1 - 2 * self.down) * pi))))

    @property
    def latitude(self) -> float:
        """Degrees in the middle."""
        return round(float(self.latitudes[self.height // NODE // 2, self.width // NODE // 2]), 4)

    @property
    def upward(self) -> tuple[float, float]:
        """The step of one pixel up: fractions of the globe eastward and northward."""
        middle = self.width // NODE // 2
        across = self.east[0, middle] - self.east[-1, middle]
        return float(across) / self.height, float(self.down[-1, middle] - self.down[0, middle]) / self.height

    @property
    def cell(self) -> float:
        """The fraction of the globe that a pixel spans on the map."""
        right, up = self.upward
        return hypot(right, up)

    @property
    def meters(self) -> float:
        """Length of a pixel on the ground in meters."""
        return self.cell * EARTH * cos(radians(self.latitude))

    def places(self, step: int) -> tuple[Places, Places]:
        """Return east and down at the center of every ``step``-th pixel.

        Two more precede them and three follow, which interpolation needs. Cached by step.
        """
        if step not in self._coarse:
            self._coarse[step] = self.spread(self.east, step), self.spread(self.down, step)
        return self._coarse[step]

    def spread(self, nodes: Places, step: int = 1) -> Places:
        """Interpolate values at nodes to the centers of every ``step``-th pixel, plus two before and three behind."""
        return _interpolate(_interpolate(nodes, self.height, step).T, self.width, step).T


def of_tile(grid: Grid, level: int, column: int, row: int) -> Window:
    """Return the window of a tile of a grid, or of an overview of it."""
    size = grid.pixel * 2**level
    corner = grid.west - grid.pixel / 2 + size * TILE * column, grid.north + grid.pixel / 2 - size * TILE * row
    return of_box(grid.crs, corner, size, (TILE, TILE))


def of_box(crs: Crs, corner: tuple[float, float], pixel: float, shape: tuple[int, int], stretch: float = 1.0) -> Window:
    """Return the window of a north-up image of (height, width) pixels, multiples of 32, from its upper left corner.

    ``pixel`` is the height of a pixel, ``stretch`` its width divided by its height.
    """
    height, width = shape
    xs = corner[0] + pixel * stretch * np.arange(0, width + 1, NODE)
    ys = corner[1] - pixel * np.arange(0, height + 1, NODE)
    x, y = np.meshgrid(xs, ys)
    longitude, latitude = projector(crs).transform(x, y, direction="INVERSE")
    return _window(np.asarray(longitude), np.asarray(latitude), float(np.asarray(longitude)[0, 0]))


def of_ring(ring: NDArray[np.float64], height: int, width: int) -> Window:
    """Return the window of a photograph with corners upper left, upper right, lower right, lower left, in degrees."""
    u, v = np.meshgrid(np.linspace(0, 1, width // NODE + 1), np.linspace(0, 1, height // NODE + 1))
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], -1)
    longitude, latitude = (weights * ring[:, 0]).sum(-1), (weights * ring[:, 1]).sum(-1)
    return _window(longitude, latitude, float(ring[0, 0]))


def _window(longitude: Places, latitude: Places, reference: float) -> Window:
    """Build a window with longitudes unwrapped and above 0, so that an image may cross the 180th meridian."""
    east = (reference + (longitude - reference + 180) % 360) / 360 + 1
    down = (1 - np.arcsinh(np.tan(np.radians(np.clip(latitude, -85, 85)))) / pi) / 2
    return Window(east, down)


def _interpolate(nodes: Places, length: int, step: int) -> Places:
    index, fraction = _nodes_before(length, step)
    return nodes[index] + (nodes[index + 1] - nodes[index]) * fraction


@lru_cache(maxsize=256)
def _nodes_before(length: int, step: int) -> tuple[NDArray[np.intp], Places]:
    """Return the node before each position, and the fraction of the way to the next node."""
    places = (np.arange(-2, length // step + 3) * step + 0.5) / NODE
    nodes = np.clip(np.floor(places).astype(np.intp), 0, length // NODE - 1)
    return nodes, (places - nodes)[:, None]


def refine(values: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Resample values at ``factor`` times as many positions per axis (1, 2, 4 …), by a smooth curve (Catmull-Rom)."""
    while factor > 1:
        values, factor = _double(_double(values).T).T, factor // 2
    return values


def _double(values: NDArray[np.float32]) -> NDArray[np.float32]:
    result = np.empty((2 * len(values) - 5, values.shape[1]), np.float32)
    result[::2] = values[1:-1]
    middle = values[1:-2] + values[2:-1]
    middle *= np.float32(0.5625)
    middle -= np.float32(0.0625) * (values[:-3] + values[3:])
    result[1::2] = middle
    return result
