"""Scanned film: the landscape as a historical camera imaged it, with grain, frame edges and markings."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from m2m_sandbox.archive.hashing import mix_bits, share
from m2m_sandbox.pixels.landscape.clouds import Weather
from m2m_sandbox.pixels.landscape.spectra import surface
from m2m_sandbox.pixels.landscape.view import render_view
from m2m_sandbox.pixels.small_rasters import of_array
from m2m_sandbox.pixels.window import NODE, of_ring

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.archive.small.frame import Frame
    from m2m_sandbox.files.content import Content
    from m2m_sandbox.pixels.landscape.noise import Floats

_MARGIN = 48
"""Pixels of unexposed film around the image."""

_EMULSIONS = {
    "color": ("red", "green", "blue"),
    "color infrared": ("nir", "red", "green"),
}
"""Kind of film → the parts of the spectrum that it shows as red, green and blue. All other film is gray."""

_GRAY = ("green+red",)

_PIECE_COLUMNS, _OVERLAP = 640, 64
"""Columns of a piece of a long scan, and columns that neighboring pieces share."""

_PIXELS = 360_000
_MAX_SIDE = 2048
_FILM_BASE, _INK = 26, 215


def film(frame: Frame) -> Content:
    """Return a TIFF without georeferencing, as scans are: grayscale, or color if the film is."""
    return of_array(_scan_shape(frame), lambda: scanned(frame))


def film_pieces(frame: Frame) -> dict[str, Content]:
    """Return a scan as several TIFFs by file name, which overlap: long film is scanned piece by piece."""
    height, width, *bands = _scan_shape(frame)
    count = max(2, -(-width // _PIECE_COLUMNS))
    edges = np.linspace(0, width, count + 1).round().astype(int).tolist()
    pieces: dict[str, Content] = {}
    for letter, start, stop in zip("abcdefgh", edges, edges[1:], strict=False):
        begin = max(0, start - _OVERLAP)
        draw = partial(_columns, frame, begin, stop)
        pieces[f"{frame.name}_{letter}.tif"] = of_array((height, stop - begin, *bands), draw)
    return pieces


def _columns(frame: Frame, start: int, stop: int) -> NDArray[np.uint8]:
    return scanned(frame)[:, start:stop]


def _emulsion(frame: Frame) -> tuple[str, ...]:
    return _EMULSIONS.get(frame.film.strip().lower(), _GRAY)


def _scan_shape(frame: Frame) -> tuple[int, ...]:
    height, width = _shape(frame)
    bands = len(_emulsion(frame))
    return (height + 2 * _MARGIN, width + 2 * _MARGIN, *([bands] if bands > 1 else []))


def _shape(frame: Frame) -> tuple[int, int]:
    """Return height and width in multiples of 32 pixels, in the proportions of the frame on the ground."""
    across, down = frame.meters
    longest = min(_MAX_SIDE, (_PIXELS * max(across, down) / min(across, down)) ** 0.5)
    sides = (down / max(across, down) * longest, across / max(across, down) * longest)
    height, width = (max(160, round(side / NODE) * NODE) for side in sides)
    return height, width


@lru_cache(maxsize=4)
def scanned(frame: Frame) -> NDArray[np.uint8]:
    """Draw the whole scan."""
    height, width = _shape(frame)
    seed = int(mix_bits(*frame.name.encode())) & 0xFFFFFF
    window = of_ring(np.array(frame.corners), height, width)
    weather = Weather(None, (0.0, 0.0, 0.04, 0.12)[seed & 3], seed, (42.0, 140.0))
    view = render_view(window, frame.day, weather, np.ones((height, width), bool))
    layers = [_layer(surface(view, band), seed) for band in _emulsion(frame)]
    return _marked(layers[0] if len(layers) == 1 else np.dstack(layers), frame)


def _layer(reflectance: Floats, seed: int) -> NDArray[np.uint8]:
    """Draw a layer of film that is sensitive to one part of the spectrum."""
    height, width = reflectance.shape
    scan = np.full((height + 2 * _MARGIN, width + 2 * _MARGIN), np.float32(_FILM_BASE))
    scan[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = _developed(reflectance)
    grain = share(mix_bits(*np.indices(scan.shape), np.int64(seed))) + share(
        mix_bits(*np.indices(scan.shape), np.int64(seed)), 16
    )
    scan += (grain.astype(np.float32) - 1) * np.float32(22) * (np.float32(0.35) + scan / 400)
    return _scratched(np.clip(scan, 0, 255), seed).astype(np.uint8)


def _developed(reflectance: Floats) -> Floats:
    """Apply the film's tone curve: high contrast, and darker toward the corners."""
    tone = reflectance / (reflectance + np.float32(0.11))
    height, width = reflectance.shape
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    vignette = (1 - 0.28 * np.minimum(x * x + y * y, 2) / 2 * (x * x + y * y)).astype(np.float32)
    return np.asarray(np.float32(12) + np.float32(265) * np.clip(tone - np.float32(0.12), 0, 1) * vignette)


def _scratched(scan: Floats, seed: int) -> Floats:
    """Add a few fine scratches along the direction in which the film ran."""
    for number in range(4):
        word = int(mix_bits(np.int64(seed), np.int64(number)))
        row = _MARGIN + word % (len(scan) - 2 * _MARGIN)
        begin = (word >> 20) % scan.shape[1]
        scan[row, begin : begin + 200 + (word >> 40) % 600] += 18 if word & 1 << 33 else -14
    return np.clip(scan, 0, 255)


def _marked(scan: NDArray[np.uint8], frame: Frame) -> NDArray[np.uint8]:
    """Draw ticks along both edges, fiducial crosses in the corners, and the frame's name and day."""
    picture = Image.fromarray(scan)
    pen, (width, height) = ImageDraw.Draw(picture), picture.size
    ink = (_INK,) * len(picture.getbands())
    for x in range(_MARGIN, width - _MARGIN + 1, 64):
        pen.rectangle((x, 8, x + 3, 14), fill=ink)
        pen.rectangle((x, height - 15, x + 3, height - 9), fill=ink)
    for x in (_MARGIN // 2, width - _MARGIN // 2):
        for y in (_MARGIN // 2, height - _MARGIN // 2):
            pen.line((x - 9, y, x + 9, y), fill=ink)
            pen.line((x, y - 9, x, y + 9), fill=ink)
    caption = f"{frame.name}   {frame.day:%d %b %Y}".upper()
    pen.text((_MARGIN + 12, height - _MARGIN + 12), caption, fill=ink, font=ImageFont.load_default_imagefont())
    return np.asarray(picture)


def camera_report(frame: Frame) -> str:
    """Write a camera's calibration report, with numbers derived from the frame's name."""
    seed = int(mix_bits(*frame.name.encode()))
    lines = ["REPORT OF CALIBRATION OF AERIAL MAPPING CAMERA", "", f"Frame: {frame.name}", f"Exposed: {frame.day}"]
    lines += [f"Calibrated focal length: {152.4 + seed % 900 / 1000:.3f} mm"]
    lines += [
        f"Radial distortion at {angle} degrees: {(seed >> angle) % 9 - 4} micrometers" for angle in (8, 15, 23, 30)
    ]
    return "\n".join([*lines, "", "Computed by the sandbox of stac-bridge; no such camera exists.", ""])
