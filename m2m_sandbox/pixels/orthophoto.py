"""Orthophotos: the landscape from an aircraft on a clear summer day, in red, green, blue and near infrared.

Real ones have pixels of 0.6 m and hundreds of megabytes; these show every twentieth pixel and take about two.
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
from m2m_sandbox.pixels.landscape.view import render_view
from m2m_sandbox.pixels.pictures import true_color
from m2m_sandbox.pixels.small_rasters import of_array
from m2m_sandbox.pixels.tiff import TILE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PIXEL = 12.0
_MAX_SIDE = 768
"""Maximum width and height in pixels; larger frames get larger pixels."""

_COMPRESSION_RATIO = 8
"""Compression ratio of a JPEG 2000."""

_OPACITY, _NEAR_INFRARED = struct.pack(">3H", 3, 1, 0), struct.pack(">3H", 3, 0xFFFF, 0xFFFF)
"""Entries of a channel definition box: the fourth band as opacity, which Pillow writes, and as an unspecified band."""

_GEOJP2 = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03")


def orthophoto(frame: Frame) -> Content:
    """Return a GeoTIFF of four bands in the frame's UTM zone of NAD83."""
    layout = _layout(frame)
    return of_array((*layout.shape, 4), lambda: photograph(frame), layout)


def _layout(frame: Frame) -> Layout:
    """NAD83 defines zones 1 to 23; elsewhere the zone of WGS 84 is used."""
    west, _south, east, _north = frame.box
    zone = int(((west + east) / 2 + 180) // 6) % 60 + 1
    return upright(frame, (26900 if zone <= 23 else 32600) + zone, _PIXEL, _MAX_SIDE)


@lru_cache(maxsize=4)
def photograph(frame: Frame) -> NDArray[np.uint8]:
    """Draw the whole photograph, as (height, width, 4)."""
    layout = _layout(frame)
    clear_sky = Weather(None, 0.0, 0, (52.0, 150.0))
    view = render_view(layout.window, frame.day, clear_sky, np.ones(layout.shape, bool))
    infrared = np.clip(surface(view, "nir") * np.float32(380), 0, 255).astype(np.uint8)
    return np.dstack([true_color(view), infrared])


def natural_color(frame: Frame) -> NDArray[np.uint8]:
    """Return the photograph in red, green and blue."""
    return np.ascontiguousarray(photograph(frame)[..., :3])


def orthophoto_jp2(frame: Frame) -> Content:
    """Return the photograph as a JPEG 2000 whose size is known before it is drawn."""
    height, width = _layout(frame).shape
    size = height * width * 4 // _COMPRESSION_RATIO
    return LazyContent(size, lambda: _jp2(frame, size))


@lru_cache(maxsize=4)
def _jp2(frame: Frame, size: int) -> bytes:
    """Encode it, with a GeoJP2 box for georeferencing and a free box that pads it to ``size``.

    Both precede the codestream, whose box may extend to the end of the file.
    """
    buffer = io.BytesIO()
    picture = Image.fromarray(photograph(frame), "RGBA")
    picture.save(buffer, "JPEG2000", quality_mode="rates", quality_layers=[_COMPRESSION_RATIO * 1.6], irreversible=True)
    plain = buffer.getvalue().replace(_OPACITY, _NEAR_INFRARED, 1)
    header = of_array((1, 1), lambda: np.zeros((1, 1), np.uint8), _layout(frame))
    georeference = _box(b"uuid", _GEOJP2 + header.read(0, header.size - TILE * TILE))
    codestream = plain.index(b"jp2c") - 4
    filler = _box(b"free", b"\0" * (size - len(plain) - len(georeference) - 8))
    return plain[:codestream] + georeference + filler + plain[codestream:]


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content
