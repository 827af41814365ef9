"""Small rasters that are drawn whole, when first read, and handed out as cloud-optimized GeoTIFFs or archives."""

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

__all__ = ["of_array", "zipped"]

Pixels = NDArray[np.generic]


def of_array(
    shape: tuple[int, ...], draw: Callable[[], Pixels], placed: Layout | None = None, kind: str = "uint8"
) -> Tiff:
    """The file of a raster of (height, width) or (height, width, bands); ``draw`` should keep what it draws."""
    epsg, corner, pixel = (placed.epsg, placed.corner, placed.pixel) if placed else (None, (0.0, 0.0), 1.0)
    bands = shape[2] if len(shape) > 2 else 1
    said = TiffShape((shape[1], shape[0]), np.dtype(kind), epsg, corner, pixel, None, bands)

    def tile(level: int, column: int, row: int) -> Pixels:
        found = np.zeros((TILE, TILE, *shape[2:]), kind)
        part = _halved(draw(), level)[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        found[: part.shape[0], : part.shape[1]] = part
        return found

    return Tiff(said, tile)


def _halved(pixels: Pixels, times: int) -> Pixels:
    """Means of two by two, again and again; the last row or column stands twice where there is an odd one."""
    for _ in range(times):
        odd = [(0, side % 2) for side in pixels.shape[:2]] + [(0, 0)] * (pixels.ndim - 2)
        even = np.pad(pixels, odd, mode="edge").astype(np.int64)
        total = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
        pixels = (total // 4).astype(pixels.dtype)
    return pixels


def zipped(members: dict[str, Content]) -> LazyContent:
    """An archive whose members are stored as they are: its size follows from theirs."""
    names = [len(name.encode()) for name in members]
    size = sum(member.size for member in members.values()) + 22 + sum(30 + 46 + 2 * name for name in names)
    return LazyContent(size, lambda: _packed(members))


def _packed(members: dict[str, Content]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for name, member in members.items():
            archive.writestr(zipfile.ZipInfo(name), member.read(0, member.size))
    return written.getvalue()
