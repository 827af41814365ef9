"""GMTED2010: elevation of the whole world, in tiles of 20 degrees of latitude by 30 of longitude."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.files.content import LazyContent
from m2m_sandbox.pixels.landscape.terrain import heights
from m2m_sandbox.pixels.small_rasters import zipped, zipped_size
from m2m_sandbox.pixels.tiff import TILE, Tiff, TiffShape
from m2m_sandbox.pixels.window import of_box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.archive.small.frame import Frame
    from m2m_sandbox.files.content import Content

HEIGHT, WIDTH = 20, 30
"""Sides of a tile in degrees."""

_ENTITY_ID = re.compile(r"GMTED2010(?P<south>[NS]\d\d)(?P<west>[EW]\d{3})$")
_PIXEL = 30 / 3600
_VOID = -32768
_MAX_LATITUDE = 84
_FINEST_LEVEL = 2
"""The finest overview that is computed."""

_RELIEF_LEVEL = 3


def _corner(frame: Frame) -> tuple[float, float]:
    """Return the upper left corner of a tile from its id, which names the lower left one: GMTED2010N10E000."""
    match = _ENTITY_ID.match(frame.name)
    if match is None:
        raise ValueError(f"{frame.name} is not the id of a GMTED2010 tile")
    south, west = (int(match[name][1:]) * (-1 if match[name][0] in "SW" else 1) for name in ("south", "west"))
    return west, south + HEIGHT


def _heights(corner: tuple[float, float], level: int, column: int, row: int) -> NDArray[np.int16]:
    """Return a tile of the samples or of an overview; it is empty near the poles, where the sandbox has no terrain.

    The finest ones are interpolated, which is 16 times as fast.
    """
    factor = 2 ** max(0, _FINEST_LEVEL - level)
    size = _PIXEL * 2**level
    place = corner[0] + size * TILE * column, corner[1] - size * TILE * row
    if place[1] < -_MAX_LATITUDE or place[1] - size * TILE > _MAX_LATITUDE:
        return np.full((TILE, TILE), _VOID, np.int16)
    with_border = heights(of_box(4326, place, size * factor, (TILE // factor, TILE // factor)))
    return np.rint(_enlarged(with_border, factor)).astype(np.int16)


def _enlarged(samples: NDArray[np.floating], factor: int) -> NDArray[np.float64]:
    """Return samples, without the border of one that they have, ``factor`` times as wide and high."""
    places = (np.arange((len(samples) - 2) * factor) + 0.5) / factor + 0.5
    before = places.astype(int)
    share = places - before
    rows = samples[before] * (1 - share)[:, None] + samples[before + 1] * share[:, None]
    return np.asarray(rows[:, before] * (1 - share) + rows[:, before + 1] * share)


def global_elevation(frame: Frame) -> Content:
    """Return a zip archive of the mean heights at 30 arc seconds, a GeoTIFF; the member's name is the sandbox's own."""
    size = zipped_size({name: member.size for name, member in _members(frame).items()})
    return LazyContent(size, partial(_archive, frame))


def _members(frame: Frame) -> dict[str, Content]:
    return {f"{frame.name.lower()}_mean_300.tif": _mean(_corner(frame))}


def _mean(corner: tuple[float, float]) -> Tiff:
    size = round(WIDTH / _PIXEL), round(HEIGHT / _PIXEL)
    return Tiff(TiffShape(size, np.dtype("int16"), 4326, corner, _PIXEL, _VOID), partial(_heights, corner))


@lru_cache(maxsize=1)
def _archive(frame: Frame) -> bytes:
    """Return the whole archive. It is kept for the next part that is read, because it takes seconds to make."""
    archive = zipped(_members(frame))
    return archive.read(0, archive.size)


def global_relief(frame: Frame) -> NDArray[np.uint8]:
    """Draw a tile in shades of gray, brighter where it is higher."""
    corner = _corner(frame)
    columns, rows = (round(side / _PIXEL) // 2**_RELIEF_LEVEL for side in (WIDTH, HEIGHT))
    strips = [
        np.hstack([_heights(corner, _RELIEF_LEVEL, column, row) for column in range(-(-columns // TILE))])
        for row in range(-(-rows // TILE))
    ]
    height: NDArray[np.float64] = np.vstack(strips)[:rows, :columns].astype(np.float64)
    shade: NDArray[np.uint8] = np.clip(40 + 215 * height / (np.abs(height) + 900), 0, 255).astype(np.uint8)
    return shade
