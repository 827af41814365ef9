"""Scanned film: the landscape in grey, as a camera of its day saw it, with grain, frame edges and markings."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from m2m_sandbox.archive.hashing import mixed, share
from m2m_sandbox.pixels.landscape.clouds import Weather
from m2m_sandbox.pixels.landscape.spectra import surface
from m2m_sandbox.pixels.landscape.view import looked
from m2m_sandbox.pixels.small_rasters import of_array
from m2m_sandbox.pixels.window import NODE, of_ring

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.archive.small.frame import Frame
    from m2m_sandbox.files.content import Content
    from m2m_sandbox.pixels.landscape.noise import Floats

__all__ = ["camera_report", "film", "scanned"]

_EDGE = 48
"""Pixels of bare film round the picture."""

_PIXELS = 360_000
_LONGEST = 2048
_BASE, _MARK = 26, 215


def film(frame: Frame) -> Content:
    """A TIFF in grey that lies nowhere, as scans do."""
    height, width = _shape(frame)
    return of_array((height + 2 * _EDGE, width + 2 * _EDGE), lambda: scanned(frame))


def _shape(frame: Frame) -> tuple[int, int]:
    """As long and as high as the frame is on the ground, in multiples of 32 pixels."""
    across, down = frame.metres
    long = min(_LONGEST, (_PIXELS * max(across, down) / min(across, down)) ** 0.5)
    sides = (down / max(across, down) * long, across / max(across, down) * long)
    height, width = (max(160, round(side / NODE) * NODE) for side in sides)
    return height, width


@lru_cache(maxsize=4)
def scanned(frame: Frame) -> NDArray[np.uint8]:
    """The whole scan."""
    height, width = _shape(frame)
    seed = int(mixed(*frame.name.encode())) & 0xFFFFFF
    window = of_ring(np.array(frame.corners), height, width)
    weather = Weather(None, (0.0, 0.0, 0.04, 0.12)[seed & 3], seed, (42.0, 140.0))
    seen = looked(window, frame.day, weather, np.ones((height, width), bool))
    scan = np.full((height + 2 * _EDGE, width + 2 * _EDGE), np.float32(_BASE))
    scan[_EDGE:-_EDGE, _EDGE:-_EDGE] = _developed(surface(seen, "green+red"))
    grain = share(mixed(*np.indices(scan.shape), np.int64(seed))) + share(
        mixed(*np.indices(scan.shape), np.int64(seed)), 16
    )
    scan += (grain.astype(np.float32) - 1) * np.float32(22) * (np.float32(0.35) + scan / 400)
    return _marked(_scratched(np.clip(scan, 0, 255), seed).astype(np.uint8), frame)


def _developed(seen: Floats) -> Floats:
    """Contrasty, and darker toward the corners."""
    tone = seen / (seen + np.float32(0.11))
    height, width = seen.shape
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    falling = (1 - 0.28 * np.minimum(x * x + y * y, 2) / 2 * (x * x + y * y)).astype(np.float32)
    return np.asarray(np.float32(12) + np.float32(265) * np.clip(tone - np.float32(0.12), 0, 1) * falling)


def _scratched(scan: Floats, seed: int) -> Floats:
    """A few fine lines along the way the film ran."""
    for number in range(4):
        word = int(mixed(np.int64(seed), np.int64(number)))
        row = _EDGE + word % (len(scan) - 2 * _EDGE)
        begin = (word >> 20) % scan.shape[1]
        scan[row, begin : begin + 200 + (word >> 40) % 600] += 18 if word & 1 << 33 else -14
    return np.clip(scan, 0, 255)


def _marked(scan: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """Ticks along both edges, fiducial crosses in the corners, and the frame's name and day."""
    picture = Image.fromarray(scan)
    pen, (width, height) = ImageDraw.Draw(picture), picture.size
    for x in range(_EDGE, width - _EDGE + 1, 64):
        pen.rectangle((x, 8, x + 3, 14), fill=_MARK)
        pen.rectangle((x, height - 15, x + 3, height - 9), fill=_MARK)
    for x in (_EDGE // 2, width - _EDGE // 2):
        for y in (_EDGE // 2, height - _EDGE // 2):
            pen.line((x - 9, y, x + 9, y), fill=_MARK)
            pen.line((x, y - 9, x, y + 9), fill=_MARK)
    said = f"{frame.name}   {frame.day:%d %b %Y}".upper()
    pen.text((_EDGE + 12, height - _EDGE + 12), said, fill=_MARK, font=ImageFont.load_default_imagefont())
    return np.asarray(picture)


def camera_report(frame: Frame) -> str:
    """What a camera's calibration report says, with numbers of the frame's own."""
    seed = int(mixed(*frame.name.encode()))
    lines = ["REPORT OF CALIBRATION OF AERIAL MAPPING CAMERA", "", f"Frame: {frame.name}", f"Exposed: {frame.day}"]
    lines += [f"Calibrated focal length: {152.4 + seed % 900 / 1000:.3f} mm"]
    lines += [
        f"Radial distortion at {angle} degrees: {(seed >> angle) % 9 - 4} micrometres" for angle in (8, 15, 23, 30)
    ]
    return "\n".join([*lines, "", "Computed by the sandbox of stac-bridge; no such camera exists.", ""])
