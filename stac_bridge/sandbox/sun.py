"""Where the sun stands, to about a tenth of a degree."""

from __future__ import annotations

from datetime import UTC, datetime
from math import asin, atan2, cos, degrees, radians, sin, tan

__all__ = ["sun_at"]

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def sun_at(longitude: float, latitude: float, moment: datetime) -> tuple[float, float]:
    """Elevation and azimuth (clockwise from north) in degrees, by the usual low-precision formulas."""
    days = (moment - _J2000).total_seconds() / 86400
    mean = radians((357.528 + 0.9856003 * days) % 360)
    ecliptic = radians((280.460 + 0.9856474 * days) % 360) + radians(1.915) * sin(mean) + radians(0.020) * sin(2 * mean)
    tilt = radians(23.439)
    ascension = atan2(cos(tilt) * sin(ecliptic), cos(ecliptic))
    declination = asin(sin(tilt) * sin(ecliptic))
    sidereal = radians((280.46062 + 360.98564737 * days + longitude) % 360)
    hour, phi = sidereal - ascension, radians(latitude)
    elevation = asin(sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(hour))
    azimuth = atan2(sin(hour), cos(hour) * sin(phi) - tan(declination) * cos(phi))
    return degrees(elevation), (degrees(azimuth) + 180) % 360
