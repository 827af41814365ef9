"""An EO-1 product: a few of its many bands, every fourth pixel, in a zip archive with a text about them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.archive.landsat.grid import within
from m2m_sandbox.archive.small.frame import Frame, Layout, upright
from m2m_sandbox.files.content import BytesContent, Content
from m2m_sandbox.pixels.landscape.clouds import Weather
from m2m_sandbox.pixels.landscape.spectra import top
from m2m_sandbox.pixels.landscape.view import View, looked
from m2m_sandbox.pixels.small_rasters import of_array, zipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["hyperspectral"]

_PIXEL = 120.0
_LARGEST = 1024

# Number of the band: part of the spectrum, wavelength in nanometres
_BANDS = {12: ("blue", 467), 20: ("green", 549), 32: ("red", 671), 49: ("nir", 844), 150: ("swir1", 1649), 204: ("swir2", 2194)}  # fmt: skip  # noqa: E501


def hyperspectral(frame: Frame) -> Content:
    """A GeoTIFF for every band, as int16."""
    rasters: dict[str, Content] = {
        f"{frame.name}_B{number:03}_L1T.TIF": _raster(frame, part) for number, (part, _) in _BANDS.items()
    }
    return zipped({**rasters, f"{frame.name}_MTL_L1T.TXT": BytesContent(_text(frame).encode())})


def _raster(frame: Frame, part: str) -> Content:
    layout = _layout(frame)
    return of_array(layout.shape, lambda: _values(frame, part), layout, "int16")


def _layout(frame: Frame) -> Layout:
    west, _south, east, _north = frame.box
    return upright(frame, 32601 + int(((west + east) / 2 + 180) // 6) % 60, _PIXEL, _LARGEST)


def _values(frame: Frame, part: str) -> NDArray[np.int16]:
    seen = _seen(frame)
    return np.where(seen.inside, np.rint(top(seen, part) * np.float32(8000)), 0).astype(np.int16)


@lru_cache(maxsize=1)
def _seen(frame: Frame) -> View:
    """The strip, and nothing beside it."""
    layout = _layout(frame)
    (height, width), (left, upper) = layout.shape, layout.corner
    x = left + layout.pixel * (np.arange(width) + 0.5)[None, :]
    y = upper - layout.pixel * (np.arange(height) + 0.5)[:, None]
    seen = within(layout.epsg, np.array(frame.corners), np.asarray(x), np.asarray(y))
    return looked(layout.window, frame.day, Weather(None, 0.0, 0, (48.0, 140.0)), seen)


def _text(frame: Frame) -> str:
    lines = ["GROUP = PRODUCT_METADATA", f'  PRODUCT_ID = "{frame.name}"', f"  ACQUISITION_DATE = {frame.day}"]
    lines += [f"  BAND_{number:03}_WAVELENGTH = {length}" for number, (_, length) in _BANDS.items()]
    return "\n".join([*lines, "END_GROUP = PRODUCT_METADATA", "END", ""])
