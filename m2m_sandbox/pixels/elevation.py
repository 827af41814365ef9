"""Elevation tiles of one degree by one: the heights of the landscape's terrain as GeoTIFF, DTED and BIL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from m2m_sandbox.files.content import BytesContent, JoinedContent, LazyContent
from m2m_sandbox.pixels.landscape.terrain import heights
from m2m_sandbox.pixels.small_rasters import zipped, zipped_size
from m2m_sandbox.pixels.tiff import TILE, Tiff, TiffShape
from m2m_sandbox.pixels.window import of_box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from m2m_sandbox.archive.small.frame import Frame
    from m2m_sandbox.files.content import Content

_VOID = -32767
_ENTITY_ID = re.compile(r"SRTM(?P<arc>[13])(?P<south>[NS]\d\d)(?P<west>[EW]\d{3})V(?P<version>\d)$")

_WIDE_LATITUDE = 50
"""Degrees of latitude from which tiles have half as many columns, as meridians converge [REFERENCE §15]."""

_RELIEF_LEVEL = 3
"""The overview that the picture of a tile shows."""


@dataclass(frozen=True, slots=True)
class _Posts:
    """The samples of a tile, which neighboring tiles share on their edges: ``columns`` by ``rows``.

    Samples are ``arc`` seconds apart from south to north, and ``stretch`` times as far from west to east.
    """

    name: str
    arc: int
    west: int
    south: int

    @property
    def stretch(self) -> int:
        """Spacing of the columns, in spacings of the rows."""
        return 2 if self.south >= _WIDE_LATITUDE or self.south < -_WIDE_LATITUDE else 1

    @property
    def rows(self) -> int:
        """Samples from south to north."""
        return 3600 // self.arc + 1

    @property
    def columns(self) -> int:
        """Samples from west to east."""
        return 3600 // (self.arc * self.stretch) + 1

    @property
    def pixel(self) -> float:
        """Spacing of the rows in degrees."""
        return self.arc / 3600

    @property
    def corner(self) -> tuple[float, float]:
        """Outer corner of the upper left pixel, whose center is on whole degrees."""
        return self.west - self.pixel * self.stretch / 2, self.south + 1 + self.pixel / 2

    def heights(self, level: int, column: int, row: int) -> NDArray[np.int16]:
        """Return a tile of the samples or of an overview, from the north-west."""
        size = self.pixel * 2**level
        corner = self.corner[0] + size * self.stretch * TILE * column, self.corner[1] - size * TILE * row
        window = of_box(4326, corner, size, (TILE, TILE), self.stretch)
        return np.rint(heights(window)[1:-1, 1:-1]).astype(np.int16)


def _posts(frame: Frame) -> _Posts:
    """Return the samples of a tile from its entity id, such as SRTM1N46E006V3."""
    match = _ENTITY_ID.match(frame.name)
    if match is None:
        raise ValueError(f"{frame.name} is not the id of an elevation tile")
    south, west = (int(match[name][1:]) * (-1 if match[name][0] in "SW" else 1) for name in ("south", "west"))
    name = f"{match['south'].lower()}_{match['west'].lower()}_{match['arc']}arc_v{match['version']}"
    return _Posts(name, int(match["arc"]), west, south)


def elevation_name(frame: Frame) -> str:
    """Return the name of a tile's files without their endings, such as n46_e006_1arc_v3 [REFERENCE §15]."""
    return _posts(frame).name


def elevation(frame: Frame) -> Tiff:
    """Return a GeoTIFF of meters above sea level as int16, in longitude and latitude."""
    posts = _posts(frame)
    size = (posts.columns, posts.rows)
    shape = TiffShape(size, np.dtype("int16"), 4326, posts.corner, posts.pixel, _VOID, stretch=float(posts.stretch))
    return Tiff(shape, posts.heights)


def dted_name(frame: Frame) -> str:
    """Return the file name of a tile in DTED, whose ending is its level: 2 for one arc second, 1 for three."""
    posts = _posts(frame)
    return f"{posts.name}.dt{2 if posts.arc == 1 else 1}"


def dted(frame: Frame) -> Content:
    """Return Digital Terrain Elevation Data (MIL-PRF-89020B): a header, then one record per column from the west."""
    posts = _posts(frame)
    length = 12 + 2 * posts.rows
    blocks = [
        LazyContent(length * min(TILE, posts.columns - first), partial(_dted_records, posts, first))
        for first in range(0, posts.columns, TILE)
    ]
    return JoinedContent([BytesContent(_dted_header(posts)), *blocks])


def _dted_header(posts: _Posts) -> bytes:
    """Return the user header label (80 bytes), data set identification (648) and accuracy description (2,700)."""
    longitude = f"{abs(posts.west):03}0000{'W' if posts.west < 0 else 'E'}"
    latitude = f"{abs(posts.south):03}0000{'S' if posts.south < 0 else 'N'}"
    spacing = f"{10 * posts.arc * posts.stretch:04}{10 * posts.arc:04}"
    label = f"UHL1{longitude}{latitude}{spacing}NA  U  {'':12}{posts.columns:04}{posts.rows:04}0"
    level = f"DTED{2 if posts.arc == 1 else 1}"
    return (label.ljust(80) + f"DSIU{'':55}{level}".ljust(648) + "ACC".ljust(2700)).encode()


@lru_cache(maxsize=2)
def _dted_records(posts: _Posts, first: int) -> bytes:
    """Return the records of up to 256 columns: sentinel, counts, heights from the south, and the sum of all bytes."""
    count = min(TILE, posts.columns - first)
    strip = _joined(posts, "rows", first // TILE)[: posts.rows, :count]
    records = np.zeros((count, 12 + 2 * posts.rows), np.uint8)
    numbers = np.arange(first, first + count)
    records[:, 0] = 0xAA
    records[:, 2], records[:, 3] = numbers >> 8, numbers & 0xFF  # block count
    records[:, 4], records[:, 5] = numbers >> 8, numbers & 0xFF  # longitude count; the latitude count is 0
    records[:, 8:-4] = np.ascontiguousarray(strip[::-1].T).astype(">i2").view(np.uint8)
    sums = records.sum(axis=1, dtype=np.uint32).astype(">u4")
    records[:, -4:] = sums.view(np.uint8).reshape(count, 4)
    return records.tobytes()


def _joined(posts: _Posts, axis: str, index: int) -> NDArray[np.int16]:
    """Return a row of tiles side by side (``axis`` "columns"), or a column of them (``axis`` "rows")."""
    numbers = range(-(-getattr(posts, axis) // TILE))
    if axis == "rows":
        return np.vstack([posts.heights(0, index, number) for number in numbers])
    return np.hstack([posts.heights(0, number, index) for number in numbers])


def bil_zip(frame: Frame) -> Content:
    """Return a zip archive of a band interleaved by line, with the header and the projection that readers need."""
    posts = _posts(frame)
    return LazyContent(zipped_size(_bil_sizes(posts)), partial(_bil_archive, posts))


def _bil_texts(posts: _Posts) -> dict[str, bytes]:
    step = posts.pixel * posts.stretch
    header = {
        "BYTEORDER": "I",
        "LAYOUT": "BIL",
        "NROWS": posts.rows,
        "NCOLS": posts.columns,
        "NBANDS": 1,
        "NBITS": 16,
        "BANDROWBYTES": 2 * posts.columns,
        "TOTALROWBYTES": 2 * posts.columns,
        "PIXELTYPE": "SIGNEDINT",
        "ULXMAP": posts.west,
        "ULYMAP": posts.south + 1,
        "XDIM": f"{step:.16f}",
        "YDIM": f"{posts.pixel:.16f}",
        "NODATA": _VOID,
    }
    text = "".join(f"{keyword:<15}{value}\n" for keyword, value in header.items())
    system = (
        'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,298.257223563]],'
        'PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]]'
    )
    return {f"{posts.name}.hdr": text.encode(), f"{posts.name}.prj": system.encode()}


def _bil_sizes(posts: _Posts) -> dict[str, int]:
    texts = {name: len(text) for name, text in _bil_texts(posts).items()}
    return {f"{posts.name}.bil": 2 * posts.rows * posts.columns, **texts}


@lru_cache(maxsize=1)
def _bil_archive(posts: _Posts) -> bytes:
    strips = (_joined(posts, "columns", row)[:, : posts.columns] for row in range(-(-posts.rows // TILE)))
    band = np.vstack(list(strips))[: posts.rows].astype("<i2").tobytes()
    members = {f"{posts.name}.bil": band, **_bil_texts(posts)}
    archive = zipped({name: BytesContent(data) for name, data in members.items()})
    return archive.read(0, archive.size)


def relief(frame: Frame) -> NDArray[np.uint8]:
    """Draw a tile in shades of gray, lit from the north-west, and brighter where it is higher."""
    posts = _posts(frame)
    level = _RELIEF_LEVEL if posts.arc == 1 else _RELIEF_LEVEL - 2
    columns, rows = (-(-count // 2**level) for count in (posts.columns, posts.rows))
    tiles = [
        [posts.heights(level, column, row) for column in range(-(-columns // TILE))] for row in range(-(-rows // TILE))
    ]
    height: NDArray[Any] = np.block(tiles)[:rows, :columns].astype(np.float64)
    meters = 30 * posts.arc * 2**level
    slope = (np.gradient(height, axis=1) / posts.stretch - np.gradient(height, axis=0)) / meters
    light = -slope / np.sqrt(0.02 + slope * slope)
    shade = np.clip(105 + 80 * height / (height + 900) + 70 * light, 0, 255).astype(np.uint8)
    return np.repeat(shade, posts.stretch, axis=1)
