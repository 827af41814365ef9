"""The Worldwide Reference System 2 as arithmetic: where each path and row is, and when a satellite passes over it.

The formulas agree with USGS's polygons to 0.007° in the median and 0.024° at most.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

PATHS, ROWS = 233, 248
_ROW_STEP = 360 / ROWS
_INCLINATION = np.radians(98.2)
_AXIS_RATIO_SQUARED = 1 - 0.00669438
"""Of the WGS 84 ellipsoid; converts geocentric to geodetic latitude."""

_DAY = 86400.0

# Landsat 8 passed row 27 of path 47 at this time, and row 60, on the equator, 33 of 248 rows later.
_T47 = datetime(2020, 12, 4, 19, 2, 11, 194000, tzinfo=UTC) + timedelta(days=33 / 248 * 16 / 233)
EPOCH = datetime(2013, 1, 1, tzinfo=UTC)
"""Pass times count from here."""

Numbers = NDArray[np.float64]


def scene_center(path: Numbers, row: Numbers) -> tuple[Numbers, Numbers]:
    """Return longitude (−180 up to 180) and latitude of scene centers, in degrees."""
    theta = np.radians((row - 60) * _ROW_STEP)
    latitude = np.degrees(np.arctan(np.tan(np.arcsin(-np.sin(_INCLINATION) * np.sin(theta))) / _AXIS_RATIO_SQUARED))
    along = np.degrees(np.arctan2(np.cos(_INCLINATION) * np.sin(theta), np.cos(theta)))
    longitude = -64.60 - (path - 1) * 360 / PATHS + along - (row - 60) * _ROW_STEP * 16 / PATHS
    return (longitude + 180) % 360 - 180, latitude


def pass_days(path: Numbers, row: Numbers) -> Numbers:
    """Return a time at which Landsat 8 passes, in days since EPOCH.

    The pass repeats every 16 days; Landsat 9 follows 8 days after Landsat 8.
    """
    t47 = (_T47 - EPOCH).total_seconds() / _DAY
    return t47 + (path - 47) * (7 + 1 / PATHS) + (row - 60) / ROWS * 16 / PATHS


def footprint(path: Numbers, row: Numbers) -> NDArray[np.float64]:
    """Return the four corners of scenes, counter-clockwise, as (…, 4, 2) of longitude and latitude.

    Corners may lie past ±180, as they do in USGS's data.
    """
    longitude, latitude = scene_center(path, row)
    previous, following = scene_center(path, row - 0.5), scene_center(path, row + 0.5)
    shrink = np.cos(np.radians(latitude))
    east = ((following[0] - previous[0] + 180) % 360 - 180) * shrink
    north = following[1] - previous[1]
    length = np.hypot(east, north)
    ahead = np.stack([east / length, north / length], -1)
    left = np.stack([-ahead[..., 1], ahead[..., 0]], -1)  # left of the flight direction
    # A scene extends 0.88° before and after its center, and 0.82° to the left and right.
    corners = [-0.88 * ahead - 0.82 * left, 0.88 * ahead - 0.82 * left, 0.88 * ahead + 0.82 * left]
    corners.append(-0.88 * ahead + 0.82 * left)
    offsets = np.stack(corners, -2)
    offsets[..., 0] /= shrink[..., None]
    return np.stack([longitude, latitude], -1)[..., None, :] + offsets
