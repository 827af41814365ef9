"""Where the sun stands, to about a tenth of a degree."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["elevations", "sun_at"]

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)

Floats = NDArray[np.float64]


def sun_at(longitude: float, latitude: float, moment: datetime) -> tuple[float, float]:
    """Elevation and azimuth (clockwise from north) in degrees, by the usual low-precision formulas."""
    elevation, azimuth = _position(math, longitude, latitude, (moment - _J2000).total_seconds() / 86400)
    return elevation, azimuth


def elevations(longitude: Floats, latitude: Floats, since: datetime, days: Floats) -> Floats:
    """The same of many places, each at its own number of days after a moment."""
    return np.asarray(_position(np, longitude, latitude, (since - _J2000).total_seconds() / 86400 + days)[0])


def _position(maths: Any, longitude: Any, latitude: Any, days: Any) -> tuple[Any, Any]:
    """``maths`` is the module whose functions fit: math for numbers, numpy for arrays."""
    sin, cos, radians = maths.sin, maths.cos, maths.radians
    mean = radians((357.528 + 0.9856003 * days) % 360)
    ecliptic = radians((280.460 + 0.9856474 * days) % 360) + radians(1.915) * sin(mean) + radians(0.020) * sin(2 * mean)
    tilt = radians(23.439)
    ascension = maths.atan2(cos(tilt) * sin(ecliptic), cos(ecliptic))
    declination = maths.asin(sin(tilt) * sin(ecliptic))
    sidereal = radians((280.46062 + 360.98564737 * days + longitude) % 360)
    hour, phi = sidereal - ascension, radians(latitude)
    elevation = maths.asin(sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(hour))
    azimuth = maths.atan2(sin(hour), cos(hour) * sin(phi) - maths.tan(declination) * cos(phi))
    return maths.degrees(elevation), (maths.degrees(azimuth) + 180) % 360
