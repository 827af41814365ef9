"""An EO-1 Hyperion product: a few of its many bands, every fourth pixel, in a zip archive with a metadata file."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.archive.landsat.grid import within
from m2m_sandbox.archive.small.frame import Frame, Layout, upright
from m2m_sandbox.files.content import BytesContent, Content
from m2m_sandbox.pixels.landscape.clouds import Weather
from m2m_sandbox.pixels.landscape.spectra import top
from m2m_sandbox.pixels.landscape.view import View, render_view
from m2m_sandbox.pixels.pictures import true_color
from m2m_sandbox.pixels.small_rasters import of_array, zipped

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PIXEL = 120.0
_MAX_SIDE = 1024

# Band number: band of the spectra table, wavelength in nanometers
_BANDS = {12: ("blue", 467), 20: ("green", 549), 32: ("red", 671), 49: ("nir", 844), 150: ("swir1", 1649), 204: ("swir2", 2194)}  # fmt: skip  # noqa: E501


def hyperspectral(frame: Frame) -> Content:
    """Return a zip archive with a GeoTIFF of int16 for every band."""
    rasters: dict[str, Content] = {
        f"{frame.name}_B{number:03}_L1T.TIF": _raster(frame, band) for number, (band, _) in _BANDS.items()
    }
    return zipped({**rasters, f"{frame.name}_MTL_L1T.TXT": BytesContent(_metadata_text(frame).encode())})


def _raster(frame: Frame, band: str) -> Content:
    layout = _layout(frame)
    return of_array(layout.shape, lambda: _values(frame, band), layout, "int16")


def _layout(frame: Frame) -> Layout:
    west, _south, east, _north = frame.box
    return upright(frame, 32601 + int(((west + east) / 2 + 180) // 6) % 60, _PIXEL, _MAX_SIDE)


def _values(frame: Frame, band: str) -> NDArray[np.int16]:
    view = _strip_view(frame)
    return np.where(view.inside, np.rint(top(view, band) * np.float32(8000)), 0).astype(np.int16)


@lru_cache(maxsize=1)
def _strip_view(frame: Frame) -> View:
    """Draw the strip; pixels beside it are masked."""
    layout = _layout(frame)
    (height, width), (left, upper) = layout.shape, layout.corner
    x = left + layout.pixel * (np.arange(width) + 0.5)[None, :]
    y = upper - layout.pixel * (np.arange(height) + 0.5)[:, None]
    inside = within(layout.epsg, np.array(frame.corners), np.asarray(x), np.asarray(y))
    return render_view(layout.window, frame.day, Weather(None, 0.0, 0, (48.0, 140.0)), inside)


def strip_picture(frame: Frame) -> NDArray[np.uint8]:
    """Draw the strip in natural color, black beside it."""
    view = _strip_view(frame)
    return true_color(view) * view.inside[..., None].astype(np.uint8)


def _metadata_text(frame: Frame) -> str:
    lines = ["GROUP = PRODUCT_METADATA", f'  PRODUCT_ID = "{frame.name}"', f"  ACQUISITION_DATE = {frame.day}"]
    lines += [f"  BAND_{number:03}_WAVELENGTH = {length}" for number, (_, length) in _BANDS.items()]
    return "\n".join([*lines, "END_GROUP = PRODUCT_METADATA", "END", ""])
