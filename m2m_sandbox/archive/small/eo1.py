"""eo1_hyp_pub: narrow strips along the flight, over requested sites."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.archive.calendar_days import central_offset
from m2m_sandbox.archive.hashing import mix_bits
from m2m_sandbox.archive.overpasses.sun import sun_at
from m2m_sandbox.archive.overpasses.wrs2 import scene_center
from m2m_sandbox.archive.small.row import Row, day_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.archive.small.row import Facts, Ring

_WIDTH = 0.069
"""Width of a strip in degrees of a great circle: 7.7 km."""
_CLOUD_COVERS = 10, 30, -1, "-1", None, 20, 0, 50, 80, 0, 0, 40
"""Cloud covers of scenes; M2M writes an unknown one in three ways [REFERENCE §5]."""


def eo1_rows(scenes: Facts) -> Iterator[Row]:
    """Yield the visits to every site, about four months apart."""
    for number, (path, row) in enumerate(scenes["sites"]):
        for visit in range(scenes["visits"]):
            yield _strip(scenes, path, row, number, visit)


def _strip(scenes: Facts, path: int, row: int, site: int, visit: int) -> Row:
    bits = int(mix_bits(path, row, visit))
    day = day_of(scenes["first"]) + timedelta(days=16 * (8 * visit + site) + bits % 11)
    ring = _ring(path + (bits >> 8) % 9 * 0.05, row)
    longitude, latitude = sum(x for x, _y in ring) / 4, sum(y for _x, y in ring) / 4
    start = datetime.combine(day, time(10), UTC) - timedelta(seconds=round(longitude * 240 - (bits >> 16) % 900, 3))
    elevation, azimuth = sun_at(longitude, latitude, start)
    cloud = _CLOUD_COVERS[bits % len(_CLOUD_COVERS)]
    name = f"EO1H{path:03}{row:03}{start:%Y%j}110{'KP'[visit % 2]}{'FP'[site % 2]}_{scenes['stations'][bits % 3]}_01"
    fields = {
        "Entity ID": name,
        "Acquisition Date": f"{start:%Y/%m/%d}",
        "Cloud Cover": _cloud_class(cloud),
        "Orbit Path": path,
        "Orbit Row": row,
        "Target Path": path,
        "Target Row": row,
        "Station": scenes["stations"][bits % 3],
        "Processing Level": "L1T" if bits % 4 else "L1Gst",
        "Sun Azimuth": f"{azimuth:.2f}",
        "Sun Elevation": f"{elevation:.2f}",
        "Satellite Inclination": "98.2",
        "Look Angle": f"{(bits >> 24) % 40 - 20}.{(bits >> 32) % 10000:04}",
        "Scene Start Time": _time_text(start),
        "Scene Stop Time": _time_text(start + timedelta(seconds=14)),
        "Date Entered": f"{start + timedelta(days=9):%Y/%m/%d}",
    }
    entered = start + timedelta(days=9)
    publish_date = f"{entered:%Y-%m-%d %H:%M:%S}{central_offset(entered.date())}"
    return Row(name, name, start.date(), ring, fields, publish_date, cloud=cloud)


def _ring(path: float, row: int) -> Ring:
    """Return a strip as long as a row of WRS-2, and a twenty-fourth as wide."""
    (west, *_), (south, *_) = _center(path, row + 0.45)
    (east, *_), (north, *_) = _center(path, row - 0.45)
    half_width = _WIDTH / 2 / float(np.cos(np.radians(south)))
    corners = (
        (west - half_width, south),
        (west + half_width, south),
        (east + half_width, north),
        (east - half_width, north),
    )
    return tuple((round(x, 6), round(y, 6)) for x, y in corners)


def _center(path: float, row: float) -> tuple[list[float], list[float]]:
    longitude, latitude = scene_center(np.array([path]), np.array([row]))
    return longitude.tolist(), latitude.tolist()


def _time_text(instant: datetime) -> str:
    return f"{instant:%Y:%j:%H:%M:%S}.{instant.microsecond // 1000:03}"


def _cloud_class(cloud: object) -> str:
    percent = int(str(cloud)) if cloud is not None else -1
    return f"{percent}% to {percent + 9}% Cloud Cover" if percent >= 0 else "Not Assessed"
