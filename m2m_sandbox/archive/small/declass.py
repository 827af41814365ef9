"""corona2, declassii and declassiii: strips of film, frame behind frame along the flight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.small.row import Row, central, day_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from m2m_sandbox.archive.small.row import Facts, Ring

__all__ = ["declass_rows"]


def declass_rows(said: Facts) -> Iterator[Row]:
    """The frames of each strip by each of its cameras; every tenth is scanned, the rest can only be ordered."""
    for strip in said["strips"]:
        for camera in strip["cameras"]:
            for frame in range(1, strip["frames"] + 1):
                yield _frame(strip, camera, frame)


def _frame(strip: Facts, camera: str, frame: int) -> Row:
    name = strip["name"].format(camera=camera, frame=frame)
    day, scanned = day_of(strip["day"]), frame % 10 == 7
    own: dict[str, Any] = {
        "Entity ID": name,
        "Acquisition Date": f"{day:%Y/%m/%d}",
        "Mission": strip["mission"],
        "Frame": frame,
        "Camera Type": strip["cameras"][camera],
        "Camera Resolution": strip["resolution"],
        "Download Available": "Y" if scanned else "N",
    }
    published = day_of(strip["published"])
    return Row(
        name,
        name,
        day,
        () if frame == strip.get("nowhere") else _ring(strip, frame),
        own,
        f"{published} 10:09:54{central(published)}",
        download=scanned,
        bounded=frame % 50 != 49,
    )


def _ring(strip: Facts, frame: int) -> Ring:
    """As the recorded frames of mission 1117-2 lie: a long strip across the flight, a little tilted [R]."""
    step_x, step_y = strip["step"]
    within, line = frame % strip["lines"], frame
    x, y = strip["east"] + step_x * line, strip["south"] + step_y * within
    return tuple((round(x + dx, 3), round(y + dy, 3)) for dx, dy in strip["corners"])
