"""aerial_combin: rolls of photographs, taken along parallel flight lines in alternating directions."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from m2m_sandbox.archive.calendar_days import central_offset
from m2m_sandbox.archive.hashing import mix_bits
from m2m_sandbox.archive.small.row import Row, day_of, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.archive.small.row import Facts, Ring

_FRAMES_PER_LINE = 12
_REPORT_CODE, _HIGH_RESOLUTION_CODE = "D555", "D198"
"""Product codes of the camera calibration report, and of the scan in high resolution."""


def aerial_rows(scenes: Facts) -> Iterator[Row]:
    """Yield the frames of each roll."""
    for roll in scenes["rolls"]:
        for frame in range(1, roll["frames"] + 1):
            yield _frame_row(roll, frame)


def _frame_row(roll: Facts, frame: int) -> Row:
    name = f"AR{roll['project']}{roll['roll']:06}{frame:04}"
    day = day_of(roll["day"]) + timedelta(days=(frame - 1) // _FRAMES_PER_LINE // 4)
    clouds = int(mix_bits(roll["roll"], frame)) % 23
    clouds = clouds if clouds < 4 else 0  # a class, in tenths of the frame [REFERENCE §5]
    fields = {
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
    publish_date = f"{roll['published']} 14:20:23{central_offset(day_of(roll['published']))}"
    scanned = frame % 3 == 0
    missing_products = {_REPORT_CODE: not roll["report"], _HIGH_RESOLUTION_CODE: not scanned}
    return Row(
        name,
        name,
        day,
        _ring(roll, frame),
        fields,
        publish_date,
        cloud=clouds,
        missing_products=frozenset(code for code, missing in missing_products.items() if missing),
        scanned=scanned,
    )


def _ring(roll: Facts, frame: int) -> Ring:
    """Return a frame's footprint, a square on the ground: neighbors overlap by 60 %, lines by 30 %.

    A roll's side is in degrees of latitude; degrees of longitude are shorter. The first frame of a roll is its
    label and has no place.
    """
    if frame == 1:
        return ()
    line, along = divmod(frame - 1, _FRAMES_PER_LINE)
    column, height = along if line % 2 == 0 else _FRAMES_PER_LINE - 1 - along, roll["side"]
    width = height / math.cos(math.radians(roll["south"]))
    return rectangle(roll["west"] + 0.4 * width * column, roll["south"] + 0.7 * height * line, width, height)
