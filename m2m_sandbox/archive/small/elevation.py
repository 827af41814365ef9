"""srtm_v3: a tile for every square degree of land that the Shuttle Radar Topography Mission mapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.archive.calendar_days import central_offset
from m2m_sandbox.archive.overpasses.land import is_inland, is_land
from m2m_sandbox.archive.small.row import Row, day_of, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.archive.small.row import Facts


def elevation_rows(scenes: Facts) -> Iterator[Row]:
    """Yield tiles named for their south-west corner, from 56° S to 60° N, those far from the sea first."""
    south, west = (axis.ravel() for axis in np.meshgrid(np.arange(-56, 60), np.arange(-180, 180), indexing="ij"))
    inland_first = np.argsort(~is_inland(west.astype(np.float64) + 0.5, south.astype(np.float64) + 0.5), kind="stable")
    south, west = south[inland_first], west[inland_first]
    land = is_land(west.astype(np.float64) + 0.5, south.astype(np.float64) + 0.5)
    day, publish_day = day_of(scenes["day"]), day_of(scenes["published"])
    shared = {
        "Acquisition Date": f"{day:%Y/%m/%d}",
        "Publication Date": f"{publish_day:%Y/%m/%d}",
        "Resolution": scenes["resolution"],
    }
    publish_date = f"{publish_day} 09:18:31{central_offset(publish_day)}"
    for x, y in zip(west[land].tolist(), south[land].tolist(), strict=True):
        name = _name(x, y)
        yield Row(name, name, day, rectangle(x, y, 1, 1), {"Entity ID": name, **shared}, publish_date)


def _name(west: int, south: int) -> str:
    return f"SRTM1{'S' if south < 0 else 'N'}{abs(south):02}{'W' if west < 0 else 'E'}{abs(west):03}V3"
