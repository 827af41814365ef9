"""Elevation tiles: the heights of the same relief, of one degree by one, by the byte range."""

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

__all__ = ["elevation"]

_SECOND = 1 / 3600
_ACROSS = 3601
"""Posts a second apart, those on the edges included, so that neighbours share them."""


def elevation(frame: Frame) -> Tiff:
    """Metres above the sea as int16, in longitude and latitude."""
    west, south, _east, _north = frame.box
    corner = float(round(west)), float(round(south) + 1)
    grid = Grid(4326, *corner, _ACROSS, _ACROSS, (corner[0] + 0.5, corner[1] - 0.5), np.array(frame.corners), _SECOND)
    outer = corner[0] - _SECOND / 2, corner[1] + _SECOND / 2

    def tile(level: int, column: int, row: int) -> NDArray[Any]:
        return np.rint(heights(of_tile(grid, level, column, row))[1:-1, 1:-1]).astype(np.int16)

    return Tiff(TiffShape((_ACROSS, _ACROSS), np.dtype("int16"), 4326, outer, _SECOND, -32767), tile)
