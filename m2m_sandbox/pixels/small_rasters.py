"""Small rasters that are drawn whole when first read, and served as cloud-optimized GeoTIFFs or zip archives."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.files.content import Content, LazyContent
from m2m_sandbox.pixels.tiff import TILE, Tiff, TiffShape

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.archive.small.frame import Layout

Pixels = NDArray[np.generic]


def of_array(
    shape: tuple[int, ...], draw: Callable[[], Pixels], layout: Layout | None = None, kind: str = "uint8"
) -> Tiff:
    """Return the file of a raster of (height, width) or (height, width, bands).

    ``draw`` should cache its result: it is called for every tile.
    """
    crs, corner, pixel = (layout.epsg, layout.corner, layout.pixel) if layout else (None, (0.0, 0.0), 1.0)
    bands = shape[2] if len(shape) > 2 else 1
    tiff_shape = TiffShape((shape[1], shape[0]), np.dtype(kind), crs, corner, pixel, None, bands)

    def tile(level: int, column: int, row: int) -> Pixels:
        pixels = np.zeros((TILE, TILE, *shape[2:]), kind)
        part = _halved(draw(), level)[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        pixels[: part.shape[0], : part.shape[1]] = part
        return pixels

    return Tiff(tiff_shape, tile)


def _halved(pixels: Pixels, times: int) -> Pixels:
    """Average two by two pixels, ``times`` times; an odd last row or column is duplicated."""
    for _ in range(times):
        odd = [(0, side % 2) for side in pixels.shape[:2]] + [(0, 0)] * (pixels.ndim - 2)
        even = np.pad(pixels, odd, mode="edge").astype(np.int64)
        total = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
        pixels = (total // 4).astype(pixels.dtype)
    return pixels


def zipped(members: dict[str, Content]) -> LazyContent:
    """Return a zip archive whose members are stored uncompressed, so that its size follows from theirs."""
    return LazyContent(zipped_size({name: member.size for name, member in members.items()}), lambda: _packed(members))


def zipped_size(sizes: dict[str, int]) -> int:
    """Return the size of a zip archive of members of these names and sizes."""
    names = [len(name.encode()) for name in sizes]
    return sum(sizes.values()) + 22 + sum(30 + 46 + 2 * name for name in names)


def _packed(members: dict[str, Content]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name), member.read(0, member.size))
    return buffer.getvalue()
