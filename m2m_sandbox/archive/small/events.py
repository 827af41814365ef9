"""Disasters of the Hazards Data Distribution System: pictures of one region before and after one day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from m2m_sandbox.archive.hashing import mixed, share
from m2m_sandbox.archive.small.row import Row, central, day_of, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.archive.small.row import Facts

__all__ = ["event_rows"]


def event_rows(said: Facts) -> Iterator[Row]:
    """As many as the facts say, strewn over the event's region and days."""
    for number in range(said["count"]):
        yield _picture(said, number)


def _picture(said: Facts, number: int) -> Row:
    words = mixed(said["seed"], number)
    first, last = day_of(said["first"]), day_of(said["last"])
    day = first + timedelta(days=int((last - first).days * float(share(words))))
    source = said["sources"][number % len(said["sources"])]
    west, south, east, north = said["region"]
    x = west + (east - west - source["side"]) * float(share(words, 16))
    y = south + (north - south - source["side"]) * float(share(words, 32))
    name = f"{source['prefix']}_{day:%Y%m%d}_{number:05}"
    cloud = None if source["agency"] == "NOAA" else f"{100 * float(share(words, 48)):.2f}"
    own = {
        "Entity ID": name,
        "Acquisition Date": f"{day:%Y/%m/%d}",
        "Agency": source["agency"],
        "Vendor": source["vendor"],
        "Platform": source["platform"],
        "Resolution": source["resolution"],
        "Map Projection": "UTM",
        "Datum": "WGS84",
    }
    later = day + timedelta(days=1)
    ring = () if number % 97 == 96 else rectangle(x, y, source["side"], source["side"])
    return Row(name, name, day, ring, own, f"{later} 06:12:44{central(later)}", cloud=cloud, bounded=number % 50 != 49)
