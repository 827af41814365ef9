"""naip: quarter quadrangles; image names number them as the USGS map series does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m2m_sandbox.archive.small.row import Row, day_of, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from m2m_sandbox.archive.small.row import Facts

_SIDE = 0.0625
"""Degrees: a quadrangle is an eighth of a degree, a quarter half of that."""
_OVERLAP = 0.003
"""Degrees by which an image extends beyond its quarter on every side."""

_FIRST_ENTITY_ID = 3_000_000
_COMPRESSED_CODE = "D482"
"""Product code of the compressed image."""


def naip_rows(scenes: Facts) -> Iterator[Row]:
    """Yield 20 × 20 quarters per flight (a state in a year); the last one of each flight has no footprint."""
    for flight, facts in enumerate(scenes["flights"]):
        for index in range(400):
            yield _quarter_row(facts, index, _FIRST_ENTITY_ID + 997 * (400 * flight + index))


def _quarter_row(flight: Facts, index: int, entity_id: int) -> Row:
    x, y, day = flight["west"] + index % 20 * _SIDE, flight["south"] + index // 20 * _SIDE, day_of(flight["day"])
    name = _name(x, y, flight, day)
    fields = {
        "State": flight["state"],
        "NAIP Entity ID": name,
        "Agency": "USDA",
        "Vendor": flight["vendor"],
        "Map Projection": "UTM",
        "Projection Zone": f"{flight['zone']}N",
        "Datum": "NAD83",
        "Resolution": flight["resolution"],
        "Units": "METER",
        "Number of Bands": "4",
        "Sensor Type": "CNIR",
        "Project Name": f"{day.year}_{flight['state']}",
        "Acquisition Date": f"{day:%Y/%m/%d}",
    }
    ring = () if index == 399 else rectangle(x - _OVERLAP, y - _OVERLAP, _SIDE + 2 * _OVERLAP, _SIDE + 2 * _OVERLAP)
    publish_date = f"{day.year + 1}-02-03 09:10:{11 + index % 40}.205175-06"
    missing_products = frozenset({_COMPRESSED_CODE} if day.year == 2022 else ())  # [REFERENCE §8]
    return Row(str(entity_id), name, day, ring, fields, publish_date, missing_products=missing_products)


def _name(x: float, y: float, flight: Facts, day: date) -> str:
    """Build a name from the south-east corner, quadrangle (1 to 64 from the north-west), quarter and zone."""
    column, row = int(x * 16 // 1), int(y * 16 // 1)  # in quarters; whole sixteenths are exact
    quadrangle = (7 - row // 2 % 8) * 8 + column // 2 % 8 + 1
    quarter = "SN"[row % 2] + "WE"[column % 2]
    place = f"{row // 16:02}{-(column // 16) - 1:03}{quadrangle:02}"
    return f"M_{place}_{quarter}_{flight['zone']}_{round(100 * float(flight['resolution'])):03}_{day:%Y%m%d}"
