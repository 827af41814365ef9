"""corona2, declassii and declassiii: strips of film, one frame after the other along the flight [REFERENCE §6]."""

from __future__ import annotations

from typing import TYPE_CHECKING

from m2m_sandbox.archive.calendar_days import central_offset
from m2m_sandbox.archive.small.row import Row, day_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.archive.small.row import Facts, Ring


def declass_rows(scenes: Facts) -> Iterator[Row]:
    """Yield the frames of each strip and camera; one in ten is scanned, the others can only be ordered."""
    for strip in scenes["strips"]:
        for camera in strip["cameras"]:
            for frame in range(1, strip["frames"] + 1):
                yield _frame(strip, camera, frame, scenes["fields"])


def _frame(strip: Facts, camera: str, frame: int, templates: Facts) -> Row:
    """Build a frame. Its fields are text; nothing is entered whether a film can be downloaded until it is scanned."""
    name = strip["name"].format(camera=camera, frame=frame)
    day, scanned = day_of(strip["day"]), frame % 10 == 7
    own = {"name": name, "day": day, "frame": frame, "camera": camera, "camera_name": strip["cameras"][camera]}
    values = {**strip, **own, "available": "1" if scanned else ""}
    publish_day = day_of(strip["published"])
    return Row(
        name,
        name,
        day,
        () if frame == strip.get("nowhere") else _ring(strip, frame),
        {label: template.format_map(values) or None for label, template in templates.items()},
        f"{publish_day} 10:09:54{central_offset(publish_day)}",
        download=scanned,
        scanned=scanned,
        bounded=frame % 50 != 49,
    )


def _ring(strip: Facts, frame: int) -> Ring:
    """Return a footprint like those of the recorded frames of mission 1117-2.

    It is a long, slightly tilted strip across the flight direction [R].
    """
    step_x, step_y = strip["step"]
    x, y = strip["east"] + step_x * frame, strip["south"] + step_y * (frame % strip["lines"])
    return tuple((round(x + dx, 3), round(y + dy, 3)) for dx, dy in strip["corners"])
