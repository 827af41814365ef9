"""naip: quarter quadrangles, which the names of the pictures number as the map series does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m2m_sandbox.archive.small.row import Row, day_of, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from m2m_sandbox.archive.small.row import Facts

__all__ = ["naip_rows"]

_SIDE = 0.0625
"""Degrees: an eighth of a degree is a quadrangle, half of that a quarter."""
_OVERLAP = 0.003
_FIRST = 3_000_000
_COMPRESSED = "D482"


def naip_rows(said: Facts) -> Iterator[Row]:
    """20 × 20 quarters of each flight (a state in a year); of each the last one's place was never filled in."""
    for flight, facts in enumerate(said["flights"]):
        for index in range(400):
            yield _quarter(facts, index, _FIRST + 997 * (400 * flight + index))


def _quarter(flight: Facts, index: int, entity_id: int) -> Row:
    x, y, day = flight["west"] + index % 20 * _SIDE, flight["south"] + index // 20 * _SIDE, day_of(flight["day"])
    name = _name(x, y, flight, day)
    own = {
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
    published = f"{day.year + 1}-02-03 09:10:{11 + index % 40}.205175-06"
    lacks = frozenset({_COMPRESSED} if day.year == 2022 else ())  # [REFERENCE §8]
    return Row(str(entity_id), name, day, ring, own, published, lacks=lacks)


def _name(x: float, y: float, flight: Facts, day: date) -> str:
    """Degrees of the south-east corner of the square degree, quadrangle 1 to 64 from its north-west, quarter, zone."""
    column, row = int(x * 16 // 1), int(y * 16 // 1)  # in quarters; whole sixteenths are exact
    quadrangle = (7 - row // 2 % 8) * 8 + column // 2 % 8 + 1
    quarter = "SN"[row % 2] + "WE"[column % 2]
    place = f"{row // 16:02}{-(column // 16) - 1:03}{quadrangle:02}"
    return f"M_{place}_{quarter}_{flight['zone']}_{round(100 * float(flight['resolution'])):03}_{day:%Y%m%d}"
