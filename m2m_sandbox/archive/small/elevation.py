"""Elevation: srtm, srtm_v2 and srtm_v3 have a tile for every square degree of land that the Shuttle Radar Topography
Mission mapped, gmted2010 for every 20 by 30 degrees with land."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.archive.calendar_days import central_offset
from m2m_sandbox.archive.overpasses.land import is_inland, is_land
from m2m_sandbox.archive.small.row import Row, day_of, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.archive.small.row import Facts

_GLOBAL_WIDTH, _GLOBAL_HEIGHT = 30, 20
"""Sides of a tile of gmted2010 in degrees."""


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
    }
    publish_date = f"{publish_day} 09:18:31{central_offset(publish_day)}"
    codes = {arc: frozenset(arc_codes) for arc, arc_codes in scenes["products"].items()}
    for x, y in zip(west[land].tolist(), south[land].tolist(), strict=True):
        for arc in (arc for arc, area in scenes["arcs"].items() if _is_inside(area, x, y)):
            name = _name(arc, x, y, scenes["version"])
            fields = {"Entity ID": name, **shared, "Resolution": f"{arc}-ARC"}
            others = frozenset[str]().union(*(others for other, others in codes.items() if other != arc))
            yield Row(name, name, day, rectangle(x, y, 1, 1), fields, publish_date, missing_products=others)


def _is_inside(area: list[int] | None, west: int, south: int) -> bool:
    """Test whether a tile is in an area of west, south, east and north limits; None is the whole world."""
    return area is None or (area[0] <= west < area[2] and area[1] <= south < area[3])


def _name(arc: int, west: int, south: int, version: str) -> str:
    return f"SRTM{arc}{'S' if south < 0 else 'N'}{abs(south):02}{'W' if west < 0 else 'E'}{abs(west):03}{version}"


def global_rows(scenes: Facts) -> Iterator[Row]:
    """Yield the tiles of gmted2010, named for their south-west corner, those with an inland middle first."""
    corners = [(west, south) for south in scenes["souths"] for west in range(-180, 180, _GLOBAL_WIDTH)]
    wests, souths = np.array(corners, np.float64).T
    middles = wests + _GLOBAL_WIDTH / 2, souths + _GLOBAL_HEIGHT / 2
    land = is_land(*middles)
    rank = land.astype(int) + (land & is_inland(*middles))
    day, publish_day = day_of(scenes["day"]), day_of(scenes["published"])
    publish_date = f"{publish_day} 09:18:31{central_offset(publish_day)}"
    for number in np.argsort(-rank, kind="stable").tolist():
        west, south = corners[number]
        name = f"GMTED2010{'S' if south < 0 else 'N'}{abs(south):02}{'W' if west < 0 else 'E'}{abs(west):03}"
        fields = {"Entity ID": name, "Acquisition Date": f"{day:%Y/%m/%d}"}
        yield Row(name, name, day, rectangle(west, south, _GLOBAL_WIDTH, _GLOBAL_HEIGHT), fields, publish_date)
