"""Elevation tiles of one degree by one: the heights of the landscape's terrain, computed by the byte range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from m2m_sandbox.archive.landsat.grid import Grid
from m2m_sandbox.pixels.landscape.terrain import heights
from m2m_sandbox.pixels.tiff import Tiff, TiffShape
from m2m_sandbox.pixels.window import of_tile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.archive.small.frame import Frame

_SECOND = 1 / 3600
_POSTS = 3601
"""Samples per side, one arc second apart; neighboring tiles share those on the edges."""


def elevation(frame: Frame) -> Tiff:
    """Return meters above sea level as int16, in longitude and latitude."""
    west, south, _east, _north = frame.box
    corner = float(round(west)), float(round(south) + 1)
    grid = Grid(4326, *corner, _POSTS, _POSTS, (corner[0] + 0.5, corner[1] - 0.5), np.array(frame.corners), _SECOND)
    outer = corner[0] - _SECOND / 2, corner[1] + _SECOND / 2

    def tile(level: int, column: int, row: int) -> NDArray[Any]:
        return np.rint(heights(of_tile(grid, level, column, row))[1:-1, 1:-1]).astype(np.int16)

    return Tiff(TiffShape((_POSTS, _POSTS), np.dtype("int16"), 4326, outer, _SECOND, -32767), tile)
