"""Quality bands: what a view shows, packed into bits as the Landsat Collection 2 data format books lay them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from m2m_sandbox.pixels.landscape.view import View

__all__ = ["aerosol", "cloud_flags", "opacity", "quality"]

Values = NDArray[Any]

_DILATED = 0.35
"""How close to cloud counts as cloud too, in deviations of its noise."""


def quality(seen: View, sensor: str) -> Values:
    """QA_PIXEL: flags in bits 1 to 7, confidences (1 low, 2 medium, 3 high) in pairs from bit 8; fill is drawn over it.

    Only OLI sees cirrus; the confidence of it is 0 for the others.
    """
    above = seen.sky
    cloud = above.cloud > 0.5
    dilated = (above.apart < _DILATED) & ~cloud
    cirrus = (above.cirrus > 0.2) & sensor.startswith("OLI")
    shadow = (above.shadow > 0.5) & ~cloud
    snow = (seen.share("snow") > 0.5) & ~cloud
    water = (seen.share("water") > 0.5) & ~cloud & ~snow
    flags = ((1, dilated), (2, cirrus), (3, cloud), (4, shadow), (5, snow), (6, ~cloud & ~dilated), (7, water))
    packed = sum((flag.astype(np.uint16) << bit for bit, flag in flags), np.zeros(cloud.shape, np.uint16))
    # A thin edge is cloud of medium confidence.
    packed |= _sure(cloud, 8) + ((above.cloud > 0.15) & ~cloud).astype(np.uint16) * np.uint16(1 << 8)
    packed |= _sure(shadow, 10) | _sure(snow, 12)
    return np.asarray(packed | _sure(cirrus, 14) if sensor.startswith("OLI") else packed)


def _sure(flag: NDArray[np.bool_], bit: int) -> NDArray[np.uint16]:
    """High where flagged, else low."""
    return np.where(flag, np.uint16(3 << bit), np.uint16(1 << bit))


def aerosol(seen: View) -> Values:
    """SR_QA_AEROSOL: 1 valid, 2 water, 5 interpolated; bits 6 and 7 the level, which is high about clouds."""
    level = np.where(seen.sky.apart < 0.15, 3, np.where(seen.sky.apart < 0.8, 2, 1))
    water = seen.share("water") > 0.5
    return np.asarray(2 * (level < 3) | 4 * water | 32 * (level == 3) | level << 6)


def opacity(seen: View) -> Values:
    """SR_ATMOS_OPACITY in thousandths: clear below 100, hazy above 300."""
    return np.asarray(60 + 420 * np.clip(0.5 - 0.5 * seen.sky.apart, 0, 1) + 40 * seen.sky.cirrus)


def cloud_flags(seen: View) -> Values:
    """SR_CLOUD_QA: 0 dark dense vegetation, 1 cloud, 2 shadow, 3 near cloud, 4 snow, 5 water."""
    cloud = seen.sky.cloud > 0.5
    clear = ~cloud
    flags = (
        clear & (seen.share("forest") > 0.7),
        cloud,
        clear & (seen.sky.shadow > 0.5),
        clear & (seen.sky.apart < _DILATED),
        clear & (seen.share("snow") > 0.5),
        clear & (seen.share("water") > 0.5),
    )
    return sum((flag.astype(np.uint8) << bit for bit, flag in enumerate(flags)), np.zeros(cloud.shape, np.uint8))
