"""Position of the sun, to about a tenth of a degree."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)

Floats = NDArray[np.float64]


def sun_at(longitude: float, latitude: float, moment: datetime) -> tuple[float, float]:
    """Return elevation and azimuth (clockwise from north) in degrees, by the usual low-precision formulas."""
    elevation, azimuth = _position(math, longitude, latitude, (moment - _J2000).total_seconds() / 86400)
    return elevation, azimuth


def elevations(longitude: Floats, latitude: Floats, since: datetime, days: Floats) -> Floats:
    """Return elevations in degrees for arrays of places, each at its own number of days after ``since``."""
    return np.asarray(_position(np, longitude, latitude, (since - _J2000).total_seconds() / 86400 + days)[0])


def earth_sun_distance(moment: datetime) -> float:
    """Return the distance in astronomical units, to about four decimals, by the usual low-precision formula."""
    mean = math.radians((357.528 + 0.9856003 * (moment - _J2000).total_seconds() / 86400) % 360)
    return 1.00014 - 0.01671 * math.cos(mean) - 0.00014 * math.cos(2 * mean)


def _position(functions: Any, longitude: Any, latitude: Any, days: Any) -> tuple[Any, Any]:
    """Compute elevation and azimuth; ``functions`` is math for numbers or numpy for arrays."""
    sin, cos, radians = functions.sin, functions.cos, functions.radians
    mean = radians((357.528 + 0.9856003 * days) % 360)
    ecliptic = radians((280.460 + 0.9856474 * days) % 360) + radians(1.915) * sin(mean) + radians(0.020) * sin(2 * mean)
    tilt = radians(23.439)
    ascension = functions.atan2(cos(tilt) * sin(ecliptic), cos(ecliptic))
    declination = functions.asin(sin(tilt) * sin(ecliptic))
    sidereal = radians((280.46062 + 360.98564737 * days + longitude) % 360)
    hour, phi = sidereal - ascension, radians(latitude)
    elevation = functions.asin(sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(hour))
    azimuth = functions.atan2(sin(hour), cos(hour) * sin(phi) - functions.tan(declination) * cos(phi))
    return functions.degrees(elevation), (functions.degrees(azimuth) + 180) % 360
