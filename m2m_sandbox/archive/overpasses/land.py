"""A coarse map of the land: enough to decide which scenes an archive of land scenes would hold."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BOXES = (
    # west, south, east, north: the Americas and Greenland
    (-168, 55, -141, 72), (-141, 50, -60, 75), (-125, 30, -65, 50), (-118, 15, -85, 30), (-92, 7, -77, 18),
    (-85, 18, -60, 24), (-82, -20, -50, 12), (-75, -20, -34, -5), (-76, -56, -53, -20), (-53, -34, -40, -20),
    (-120, 68, -60, 83), (-60, 60, -18, 83), (-25, 63, -13, 67), (-161, 18, -154, 23), (-180, 62, -168, 68),
    # Europe and Africa
    (-10, 36, 40, 60), (4, 55, 60, 71), (-11, 50, 2, 60), (10, 76, 30, 81), (-18, 4, 42, 37), (8, -18, 42, 4),
    (11, -35, 36, -18), (42, -26, 51, -11), (36, 0, 52, 12), (55, -22, 58, -20),
    # Asia
    (40, 40, 180, 73), (26, 12, 60, 42), (60, 8, 92, 40), (92, 10, 123, 40), (95, -9, 141, 20), (118, 20, 146, 46),
    (45, 70, 150, 80), (79, 5, 82, 10),
    # Australia and the Pacific
    (113, -39, 154, -11), (131, -11, 156, 0), (166, -47, 179, -34), (163, -23, 169, -13), (176, -20, 180, -15),
    (-180, -20, -172, -13), (155, -12, 163, -5),
    # Antarctica
    (-70, -75, -55, -63), (40, -71, 60, -66),
)  # fmt: skip

_INLAND_BOXES = (
    (-117, 34, -95, 57), (-94, 32, -84, 40), (-104, 22, -99, 30), (-71, -11, -52, -1), (-59, -27, -42, -7),
    (-68, -37, -62, -22), (1, 44.5, 6, 48.5), (10, 47, 27, 52.5), (29, 50, 60, 61), (-7, 15, 31, 30), (16, -31, 29, 12),
    (43, 19, 51, 28), (51, 28, 59, 35), (61, 40, 116, 61), (62, 61, 130, 67), (101, 26, 114, 40), (76, 18, 81, 29),
    (99, 17, 104, 25), (119, -30, 149, -21), (142, -35, 148, -30),
)  # fmt: skip
"""Parts of the continents far enough from the sea that a whole scene or tile around any point is on land."""


@lru_cache(maxsize=2)
def _union(boxes: tuple[tuple[float, float, float, float], ...]) -> shapely.Geometry:
    union = shapely.union_all([shapely.box(*bounds) for bounds in boxes])
    shapely.prepare(union)
    return union


def is_land(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Test whether places, in degrees, lie on land according to this map."""
    return np.asarray(shapely.contains_xy(_union(_BOXES), longitude, latitude))


def is_inland(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Test whether places, in degrees, lie so far inland that a picture around them shows no sea."""
    return np.asarray(shapely.contains_xy(_union(_INLAND_BOXES), longitude, latitude))
