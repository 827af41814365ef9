"""aerial_combin: rolls of photographs, flown to and fro."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from m2m_sandbox.archive.hashing import mixed
from m2m_sandbox.archive.small.row import Row, central, day_of, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.archive.small.row import Facts, Ring

__all__ = ["aerial_rows"]

_LINE = 12
"""Photographs of one line of flight."""
_REPORT = "D555"


def aerial_rows(said: Facts) -> Iterator[Row]:
    """The frames of each roll."""
    for roll in said["rolls"]:
        for frame in range(1, roll["frames"] + 1):
            yield _photograph(roll, frame)


def _photograph(roll: Facts, frame: int) -> Row:
    name = f"AR{roll['project']}{roll['roll']:06}{frame:04}"
    day = day_of(roll["day"]) + timedelta(days=(frame - 1) // _LINE // 4)
    clouds = int(mixed(roll["roll"], frame)) % 23
    clouds = clouds if clouds < 4 else 0  # in tens of percent
    own = {
        "Entity  ID": name,  # with two blanks [REFERENCE §6]
        "Agency": roll["agency"],
        "Project": roll["project"],
        "Roll": f"{roll['roll']:06}",
        "Frame": frame,
        "Recording Technique": "FRAMING",
        "Acquisition Date": f"{day:%Y/%m/%d}",
        "High Resolution Download Avail": "Y" if frame % 3 == 0 else "N",
        "Image Type": roll["film"],
        "Quality": 8,
        "Cloud Cover": clouds,
        "Flying Height in Feet": roll["height"],
        "Photo ID": name.removeprefix("AR"),
        "Focal Length": "152.6 mm",
    }
    published = f"{roll['published']} 14:20:23{central(day_of(roll['published']))}"
    lacks = frozenset[str]() if roll["report"] else frozenset({_REPORT})
    return Row(name, name, day, _ring(roll, frame), own, published, cloud=10 * clouds, lacks=lacks)


def _ring(roll: Facts, frame: int) -> Ring:
    """A roll's first frame, its label, lies nowhere; neighbours overlap by three fifths, lines by three tenths."""
    if frame == 1:
        return ()
    line, along = divmod(frame - 1, _LINE)
    column, side = along if line % 2 == 0 else _LINE - 1 - along, roll["side"]
    return rectangle(roll["west"] + 0.4 * side * column, roll["south"] + 0.7 * side * line, side, side)
