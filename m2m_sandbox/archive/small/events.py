"""Disasters of the Hazards Data Distribution System: images of a region before and after the event."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from m2m_sandbox.archive.calendar_days import central_offset
from m2m_sandbox.archive.hashing import mix_bits, share
from m2m_sandbox.archive.small.row import Row, day_of, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.archive.small.row import Facts


def event_rows(scenes: Facts) -> Iterator[Row]:
    """Yield as many images as the facts state, spread over the event's region and days."""
    for number in range(scenes["count"]):
        yield _image_row(scenes, number)


def _image_row(scenes: Facts, number: int) -> Row:
    words = mix_bits(scenes["seed"], number)
    first, last = day_of(scenes["first"]), day_of(scenes["last"])
    day = first + timedelta(days=int((last - first).days * float(share(words))))
    source = scenes["sources"][number % len(scenes["sources"])]
    west, south, east, north = scenes["region"]
    x = west + (east - west - source["side"]) * float(share(words, 16))
    y = south + (north - south - source["side"]) * float(share(words, 32))
    name = f"{source['prefix']}_{day:%Y%m%d}_{number:05}"
    cloud = None if source["agency"] == "NOAA" else f"{100 * float(share(words, 48)):.2f}"
    fields = {
        "Entity ID": name,
        "Acquisition Date": f"{day:%Y/%m/%d}",
        "Agency": source["agency"],
        "Vendor": source["vendor"],
        "Platform": source["platform"],
        "Resolution": source["resolution"],
        "Map Projection": "UTM",
        "Datum": "WGS84",
    }
    publish_day = day + timedelta(days=1)
    ring = () if number % 97 == 96 else rectangle(x, y, source["side"], source["side"])
    return Row(
        name,
        name,
        day,
        ring,
        fields,
        f"{publish_day} 06:12:44{central_offset(publish_day)}",
        cloud=cloud,
        bounded=number % 50 != 49,
    )
