"""A cloud-optimized GeoTIFF as arithmetic: all tiles have equal length, so a byte's offset determines its tile.

Classic TIFF, uncompressed, tiled, overviews first in the data; nothing of it is stored.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from m2m_sandbox.archive.landsat.grid import Albers

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from m2m_sandbox.archive.landsat.grid import Crs

TILE = 256
_GHOST = b"LAYOUT=IFDS_BEFORE_DATA\n"
"""GDAL's hint to readers that the directories of all overviews are in the header."""

_FORMATS = {"u": 1, "i": 2, "f": 3}
_ALIGNED = 4096
"""The header is padded to a multiple of this many bytes."""

_USER_DEFINED = 32767
"""GeoTIFF's code of a system that the other keys define."""

_SHORT, _LONG, _ASCII, _DOUBLE = 3, 4, 2, 12
_SIZES = {_SHORT: ("H", 2), _LONG: ("I", 4), _ASCII: ("B", 1), _DOUBLE: ("d", 8)}


@dataclass(frozen=True, slots=True)
class TiffShape:
    """A raster: (width, height), data type, outer corner of the first pixel, and height of a pixel.

    Coordinates are in meters of ``crs``, or in degrees for 4326; ``crs`` None is an image without georeferencing.
    ``stretch`` is the width of a pixel divided by its height.
    """

    size: tuple[int, int]
    dtype: np.dtype[np.generic]
    crs: Crs | None
    corner: tuple[float, float]
    pixel: float
    nodata: int | None = 0
    bands: int = 1
    stretch: float = 1.0


class Tiff:
    """The file of a raster.

    ``draw(level, column, row)`` returns its tiles: (TILE, TILE), with a third axis if there are several bands.
    """

    def __init__(self, shape: TiffShape, draw: Callable[[int, int, int], NDArray[np.generic]]) -> None:
        self.shape = shape
        self._dtype = shape.dtype.newbyteorder("<")
        self._layout = _layout(shape)
        self._draw = draw

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self._layout.header) + self._layout.tiles * self._layout.tile_bytes

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from ``start`` up to ``stop``, computing the tiles they touch."""
        header = self._layout.header
        chunks = [header[start:stop]]
        begin, end = max(0, start - len(header)), min(stop, self.size) - len(header)
        while begin < end:
            number, offset = divmod(begin, self._layout.tile_bytes)
            tile = self._tile(number)[offset : offset + end - begin]
            chunks.append(tile)
            begin += len(tile)
        return b"".join(chunks)

    def _tile(self, number: int) -> bytes:
        level, column, row = self._layout.position(number)
        return np.ascontiguousarray(self._draw(level, column, row), self._dtype).tobytes()


class _Layout:
    """The offsets in the file of a shape. The header is built twice, because it contains its own length."""

    def __init__(self, shape: TiffShape) -> None:
        self._shape = shape
        self._levels = _levels(*shape.size)
        self.tile_bytes = TILE * TILE * shape.dtype.itemsize * shape.bands
        counts = [across * down for across, down in self._levels]
        self.tiles = sum(counts)
        # Number of each level's first tile: the smallest overview comes first.
        self._first = [sum(counts[level + 1 :]) for level in range(len(counts))]
        self.header = self._header(len(self._header(0)))

    def position(self, number: int) -> tuple[int, int, int]:
        """Return level, column and row of the tile with this number in the file."""
        level = next(level for level, first in enumerate(self._first) if number >= first)
        row, column = divmod(number - self._first[level], self._levels[level][0])
        return level, column, row

    def _header(self, data_offset: int) -> bytes:
        ghost = b"GDAL_STRUCTURAL_METADATA_SIZE=%06d bytes\n" % len(_GHOST) + _GHOST
        header = b"II*\0" + struct.pack("<I", 8 + len(ghost) + len(ghost) % 2) + ghost + b"\0" * (len(ghost) % 2)
        for level in range(len(self._levels)):
            last = level == len(self._levels) - 1
            header += _directory(self._tags(level, data_offset), len(header), last)
        return header + b"\0" * (-len(header) % _ALIGNED)

    def _tags(self, level: int, data_offset: int) -> list[tuple[int, int, list[float] | bytes]]:
        shape, (across, down) = self._shape, self._levels[level]
        first = data_offset + self._first[level] * self.tile_bytes
        tags: list[tuple[int, int, list[float] | bytes]] = [
            (254, _LONG, [1 if level else 0]),  # NewSubfileType: 1 is an overview
            (256, _LONG, [-(-shape.size[0] // 2**level)]),  # ImageWidth
            (257, _LONG, [-(-shape.size[1] // 2**level)]),  # ImageLength
            (258, _SHORT, [8 * shape.dtype.itemsize] * shape.bands),  # BitsPerSample
            (259, _SHORT, [1]),  # Compression: none
            (262, _SHORT, [2 if shape.bands > 2 else 1]),  # PhotometricInterpretation: RGB, or black is zero
            (277, _SHORT, [shape.bands]),  # SamplesPerPixel
            (284, _SHORT, [1]),  # PlanarConfiguration: interleaved by pixel
            (322, _SHORT, [TILE]),  # TileWidth
            (323, _SHORT, [TILE]),  # TileLength
            (324, _LONG, [first + number * self.tile_bytes for number in range(across * down)]),  # TileOffsets
            (325, _LONG, [self.tile_bytes] * (across * down)),  # TileByteCounts
            (339, _SHORT, [_FORMATS[shape.dtype.kind]] * shape.bands),  # SampleFormat
        ]
        if shape.bands > 3:
            tags.insert(-1, (338, _SHORT, [0] * (shape.bands - 3)))  # ExtraSamples; tags must ascend
        if level == 0 and shape.crs is not None:
            tags += _geo_tags(shape, shape.crs)
        if shape.nodata is not None:
            tags.append((42113, _ASCII, b"%d\0" % shape.nodata))  # GDAL_NODATA
        return tags


def _geo_tags(shape: TiffShape, crs: Crs) -> list[tuple[int, int, list[float] | bytes]]:
    """Return the GeoTIFF tags: pixel size, corner, and keys for a projected system, or for longitude and latitude."""
    keys, doubles, text = _albers_keys(crs) if isinstance(crs, Albers) else (_epsg_keys(crs), [], b"")
    tags: list[tuple[int, int, list[float] | bytes]] = [
        (33550, _DOUBLE, [shape.pixel * shape.stretch, shape.pixel, 0.0]),  # ModelPixelScale
        (33922, _DOUBLE, [0.0, 0.0, 0.0, *shape.corner, 0.0]),  # ModelTiepoint
        (34735, _SHORT, [1, 1, 0, len(keys) // 4, *keys]),  # GeoKeyDirectory
    ]
    return (
        [*tags, (34736, _DOUBLE, doubles), (34737, _ASCII, text)] if doubles else tags
    )  # GeoDoubleParams, GeoAsciiParams


def _epsg_keys(epsg: int) -> list[float]:
    # GTModelType (1 projected, 2 geographic), GTRasterType (1 pixel is area), and the EPSG code of the system
    if epsg == 4326:
        return [1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, epsg]
    return [1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, epsg]


def _albers_keys(albers: Albers) -> tuple[list[float], list[float], bytes]:
    """Return the keys of a projection that GeoTIFF defines by its parameters, with its parameters and its name."""
    name = b"AEA WGS84|\0"
    keys: list[float] = [
        *(1024, 0, 1, 1),  # GTModelType: projected
        *(1025, 0, 1, 1),  # GTRasterType: pixel is area
        *(1026, 34737, len(name) - 1, 0),  # GTCitation
        *(2048, 0, 1, 4326),  # GeographicType
        *(3072, 0, 1, _USER_DEFINED),  # ProjectedCSType
        *(3074, 0, 1, _USER_DEFINED),  # Projection
        *(3075, 0, 1, 11),  # ProjCoordTrans: Albers equal area
        *(3076, 0, 1, 9001),  # ProjLinearUnits: meters
    ]
    values = (*albers.parallels, albers.longitude, albers.latitude, 0.0, 0.0)
    # ProjStdParallel1, ProjStdParallel2, ProjNatOriginLong, ProjNatOriginLat, ProjFalseEasting, ProjFalseNorthing
    for index, key in enumerate(range(3078, 3084)):
        keys += [key, 34736, 1, index]
    return keys, list(values), name


@lru_cache(maxsize=256)
def _layout(shape: TiffShape) -> _Layout:
    return _Layout(shape)


def _levels(width: int, height: int) -> list[tuple[int, int]]:
    """Return tiles across and down of the raster and of its overviews, each half as large, until one tile is enough."""
    levels = []
    while True:
        levels.append((-(-width // TILE), -(-height // TILE)))
        if max(width, height) <= TILE:
            return levels
        width, height = -(-width // 2), -(-height // 2)


def _directory(tags: list[tuple[int, int, list[float] | bytes]], offset: int, last: bool) -> bytes:
    """Write an image file directory at ``offset``, followed by the values that do not fit into its entries."""
    overflow_offset = offset + 2 + 12 * len(tags) + 4
    entries, overflow = b"", b""
    for tag, kind, value in tags:
        letter, _width = _SIZES[kind]
        packed = value if isinstance(value, bytes) else struct.pack(f"<{len(value)}{letter}", *value)
        if len(packed) <= 4:
            entries += struct.pack("<HHI", tag, kind, len(value)) + packed.ljust(4, b"\0")
        else:
            entries += struct.pack("<HHII", tag, kind, len(value), overflow_offset + len(overflow))
            overflow += packed + b"\0" * (len(packed) % 2)
    next_offset = 0 if last else overflow_offset + len(overflow)
    return struct.pack("<H", len(tags)) + entries + struct.pack("<I", next_offset) + overflow
