"""Quality bands: a view packed into bits as the Landsat Collection 2 data format control books define them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from m2m_sandbox.pixels.landscape.view import View

Values = NDArray[Any]

_DILATION = 0.35
"""Distance from cloud that counts as dilated cloud, in standard deviations of the cloud noise."""


def quality(view: View, sensor: str) -> Values:
    """Return QA_PIXEL: flags in bits 1 to 7, confidences (1 low, 2 medium, 3 high) in pairs from bit 8.

    Fill is written over it later. Only OLI detects cirrus; the confidence of cirrus is 0 for other sensors.
    """
    sky = view.sky
    cloud = sky.cloud > 0.5
    dilated = (sky.cloud_distance < _DILATION) & ~cloud
    cirrus = (sky.cirrus > 0.2) & sensor.startswith("OLI")
    shadow = (sky.shadow > 0.5) & ~cloud
    snow = (view.share("snow") > 0.5) & ~cloud
    water = (view.share("water") > 0.5) & ~cloud & ~snow
    flags = ((1, dilated), (2, cirrus), (3, cloud), (4, shadow), (5, snow), (6, ~cloud & ~dilated), (7, water))
    packed = sum((flag.astype(np.uint16) << bit for bit, flag in flags), np.zeros(cloud.shape, np.uint16))
    # Thin edges are cloud of medium confidence: 1 more than low.
    packed |= _confidence(cloud, 8) + ((sky.cloud > 0.15) & ~cloud).astype(np.uint16) * np.uint16(1 << 8)
    packed |= _confidence(shadow, 10) | _confidence(snow, 12)
    return np.asarray(packed | _confidence(cirrus, 14) if sensor.startswith("OLI") else packed)


def _confidence(flag: NDArray[np.bool_], bit: int) -> NDArray[np.uint16]:
    """Return high confidence for flagged pixels, low for the others."""
    return np.where(flag, np.uint16(3 << bit), np.uint16(1 << bit))


def aerosol(view: View) -> Values:
    """Return SR_QA_AEROSOL: 1 valid, 2 water, 5 interpolated; bits 6 and 7 the level, which is high near clouds."""
    level = np.where(view.sky.cloud_distance < 0.15, 3, np.where(view.sky.cloud_distance < 0.8, 2, 1))
    water = view.share("water") > 0.5
    return np.asarray(2 * (level < 3) | 4 * water | 32 * (level == 3) | level << 6)


def opacity(view: View) -> Values:
    """Return SR_ATMOS_OPACITY in thousandths: clear below 100, hazy above 300."""
    return np.asarray(60 + 420 * np.clip(0.5 - 0.5 * view.sky.cloud_distance, 0, 1) + 40 * view.sky.cirrus)


def cloud_flags(view: View) -> Values:
    """Return SR_CLOUD_QA: 0 dark dense vegetation, 1 cloud, 2 shadow, 3 near cloud, 4 snow, 5 water."""
    cloud = view.sky.cloud > 0.5
    clear = ~cloud
    flags = (
        clear & (view.share("forest") > 0.7),
        cloud,
        clear & (view.sky.shadow > 0.5),
        clear & (view.sky.cloud_distance < _DILATION),
        clear & (view.share("snow") > 0.5),
        clear & (view.share("water") > 0.5),
    )
    return sum((flag.astype(np.uint8) << bit for bit, flag in enumerate(flags)), np.zeros(cloud.shape, np.uint8))
