"""eo1_hyp_pub: narrow strips along the flight, over places that somebody wanted to see."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.archive.hashing import mixed
from m2m_sandbox.archive.overpasses.sun import sun_at
from m2m_sandbox.archive.overpasses.wrs2 import centre
from m2m_sandbox.archive.small.row import Row, central, day_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.archive.small.row import Facts, Ring

__all__ = ["eo1_rows"]

_WIDTH = 0.069
"""Degrees of a great circle: 7.7 km."""
_CLOUDS = 10, 30, -1, "-1", None, 20, 0, 50, 80, 0, 0, 40
"""What a scene's cloud cover may be; unknown in three ways [REFERENCE §5]."""


def eo1_rows(said: Facts) -> Iterator[Row]:
    """Every site again and again, some four months apart."""
    for number, (path, row) in enumerate(said["sites"]):
        for visit in range(said["visits"]):
            yield _strip(said, path, row, number, visit)


def _strip(said: Facts, path: int, row: int, site: int, visit: int) -> Row:
    bits = int(mixed(path, row, visit))
    day = day_of(said["first"]) + timedelta(days=16 * (8 * visit + site) + bits % 11)
    ring = _ring(path + (bits >> 8) % 9 * 0.05, row)
    longitude, latitude = sum(x for x, _y in ring) / 4, sum(y for _x, y in ring) / 4
    noon = datetime.combine(day, time(10), UTC) - timedelta(seconds=round(longitude * 240 - (bits >> 16) % 900, 3))
    elevation, azimuth = sun_at(longitude, latitude, noon)
    cloud = _CLOUDS[bits % len(_CLOUDS)]
    name = f"EO1H{path:03}{row:03}{noon:%Y%j}110{'KP'[visit % 2]}{'FP'[site % 2]}_{said['stations'][bits % 3]}_01"
    own = {
        "Entity ID": name,
        "Acquisition Date": f"{noon:%Y/%m/%d}",
        "Cloud Cover": _class_of(cloud),
        "Orbit Path": path,
        "Orbit Row": row,
        "Target Path": path,
        "Target Row": row,
        "Station": said["stations"][bits % 3],
        "Processing Level": "L1T" if bits % 4 else "L1Gst",
        "Sun Azimuth": f"{azimuth:.2f}",
        "Sun Elevation": f"{elevation:.2f}",
        "Satellite Inclination": "98.2",
        "Look Angle": f"{(bits >> 24) % 40 - 20}.{(bits >> 32) % 10000:04}",
        "Scene Start Time": _moment(noon),
        "Scene Stop Time": _moment(noon + timedelta(seconds=14)),
        "Date Entered": f"{noon + timedelta(days=9):%Y/%m/%d}",
    }
    entered = noon + timedelta(days=9)
    return Row(name, name, noon.date(), ring, own, f"{entered:%Y-%m-%d %H:%M:%S}{central(entered)}", cloud=cloud)


def _ring(path: float, row: int) -> Ring:
    """A strip as long as a row of WRS-2, and a twenty-fourth as wide."""
    (west, *_), (south, *_) = _at(path, row + 0.45)
    (east, *_), (north, *_) = _at(path, row - 0.45)
    aside = _WIDTH / 2 / float(np.cos(np.radians(south)))
    corners = (west - aside, south), (west + aside, south), (east + aside, north), (east - aside, north)
    return tuple((round(x, 6), round(y, 6)) for x, y in corners)


def _at(path: float, row: float) -> tuple[list[float], list[float]]:
    longitude, latitude = centre(np.array([path]), np.array([row]))
    return longitude.tolist(), latitude.tolist()


def _moment(at: datetime) -> str:
    return f"{at:%Y:%j:%H:%M:%S}.{at.microsecond // 1000:03}"


def _class_of(cloud: object) -> str:
    percent = int(str(cloud)) if cloud is not None else -1
    return f"{percent}% to {percent + 9}% Cloud Cover" if percent >= 0 else "Not Assessed"
