"""Orthophotos: the landscape from an aircraft on a clear summer's day, in red, green, blue and near infrared.

Real ones have 0.6 m pixels and hundreds of megabytes; these show every twentieth pixel and have about two.
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from m2m_sandbox.archive.small.frame import Frame, Layout, upright
from m2m_sandbox.files.content import Content, LazyContent
from m2m_sandbox.pixels.landscape.clouds import Weather
from m2m_sandbox.pixels.landscape.spectra import surface
from m2m_sandbox.pixels.landscape.view import looked
from m2m_sandbox.pixels.pictures import coloured
from m2m_sandbox.pixels.small_rasters import of_array
from m2m_sandbox.pixels.tiff import TILE

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["orthophoto", "orthophoto_jp2", "taken"]

_PIXEL = 12.0
_LARGEST = 768
"""Pixels across or down; the pixels of larger frames are larger."""

_SHRUNK = 8
"""How many times smaller than its pixels a JPEG 2000 is."""

_GEOJP2 = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")


def orthophoto(frame: Frame) -> Content:
    """A GeoTIFF of four bands in the UTM zone of NAD83 that the frame lies in."""
    layout = _layout(frame)
    return of_array((*layout.shape, 4), lambda: taken(frame), layout)


def _layout(frame: Frame) -> Layout:
    """NAD83 has the zones 1 to 23; elsewhere that of WGS 84."""
    west, _south, east, _north = frame.box
    zone = int(((west + east) / 2 + 180) // 6) % 60 + 1
    return upright(frame, (26900 if zone <= 23 else 32600) + zone, _PIXEL, _LARGEST)


@lru_cache(maxsize=4)
def taken(frame: Frame) -> NDArray[np.uint8]:
    """The whole photograph, as (height, width, 4)."""
    layout = _layout(frame)
    clear = Weather(None, 0.0, 0, (52.0, 150.0))
    seen = looked(layout.window, frame.day, clear, np.ones(layout.shape, bool))
    infrared = np.clip(surface(seen, "nir") * np.float32(380), 0, 255).astype(np.uint8)
    return np.dstack([coloured(seen), infrared])


def orthophoto_jp2(frame: Frame) -> Content:
    """The same, its first three bands, as a JPEG 2000 of a size known beforehand."""
    height, width = _layout(frame).shape
    size = height * width * 3 // _SHRUNK
    return LazyContent(size, lambda: _jp2(frame, size))


@lru_cache(maxsize=4)
def _jp2(frame: Frame, size: int) -> bytes:
    """With a GeoJP2 box that says where it lies, and a free box that fills it up to ``size``.

    Both stand before the stream, which may be said to run to the end of the file.
    """
    written = io.BytesIO()
    picture = Image.fromarray(np.ascontiguousarray(taken(frame)[..., :3]))
    picture.save(written, "JPEG2000", quality_mode="rates", quality_layers=[_SHRUNK * 1.6], irreversible=True)
    plain = written.getvalue()
    header = of_array((1, 1), lambda: np.zeros((1, 1), np.uint8), _layout(frame))
    where = _box(b"uuid", _GEOJP2 + header.read(0, header.size - TILE * TILE))
    stream = plain.index(b"jp2c") - 4
    filler = _box(b"free", b"\0" * (size - len(plain) - len(where) - 8))
    return plain[:stream] + where + filler + plain[stream:]


def _box(kind: bytes, said: bytes) -> bytes:
    return struct.pack(">I", 8 + len(said)) + kind + said
