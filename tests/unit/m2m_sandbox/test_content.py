"""Tests that files computed by byte range are valid files of their format."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rio_cogeo.cogeo import cog_validate

from m2m_sandbox.archive.landsat.archive import landsat
from m2m_sandbox.archive.small.frame import Layout
from m2m_sandbox.files.content import BytesContent, JoinedContent, LazyContent
from m2m_sandbox.files.packing import gzipped, tarred
from m2m_sandbox.files.products import bundle, landsat_files
from m2m_sandbox.pixels.small_rasters import of_array, zipped
from m2m_sandbox.pixels.tiff import TILE, Tiff, TiffShape


def small(dtype: str = "uint16", width: int = 700, height: int = 530) -> tuple[Tiff, np.ndarray]:
    """A small raster whose pixels are known, and its file."""
    whole = (np.arange(height)[:, None] * 7 + np.arange(width)[None, :] * 3) % 251
    shape = TiffShape((width, height), np.dtype(dtype), 32631, (500000.0, 4600000.0), 30.0, 0)

    def draw(level: int, column: int, row: int) -> np.ndarray:
        tile = np.zeros((TILE, TILE), dtype)
        seen = whole[:: 2**level, :: 2**level][row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        tile[: seen.shape[0], : seen.shape[1]] = seen
        return tile

    return Tiff(shape, draw), whole


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_a_file_is_a_strict_cog_with_the_drawn_pixels(tmp_path: Path, dtype: str) -> None:
    tiff, whole = small(dtype)
    path = tmp_path / "small.tif"
    path.write_bytes(tiff.read(0, tiff.size))
    assert cog_validate(path, strict=True) == (True, [], [])
    with rasterio.open(path) as band:
        assert np.array_equal(band.read(1), whole)
        assert band.overviews(1) == [2, 4]
        assert band.crs.to_epsg() == 32631
        assert list(band.transform)[:6] == [30.0, 0.0, 500000.0, 0.0, -30.0, 4600000.0]


def test_a_range_is_a_slice_of_the_whole_file() -> None:
    tiff, _whole = small()
    data = tiff.read(0, tiff.size)
    assert len(data) == tiff.size
    chance = random.Random(7)
    for _ in range(200):
        start = chance.randrange(tiff.size)
        stop = min(tiff.size, start + chance.randrange(1, 400_000))
        assert tiff.read(start, stop) == data[start:stop]
    assert tiff.read(tiff.size - 5, tiff.size + 50) == data[-5:]


def test_joined_files_read_as_one_file() -> None:
    parts = [b"abc", b"", b"defgh", b"i"]
    joined = JoinedContent([BytesContent(part) for part in parts])
    data = b"".join(parts)
    assert joined.size == len(data)
    for start in range(len(data)):
        for stop in range(start, len(data) + 3):
            assert joined.read(start, stop) == data[start:stop]


def test_a_bundle_is_a_tar_of_the_band_files() -> None:
    scenes = [landsat().facts(123_456)]
    content = bundle(scenes[0])
    head = content.read(0, 4096)
    assert tarfile.TarInfo.frombuf(head[:512], "utf-8", "strict").name == f"{scenes[0].display_id}_MTL.txt"
    entry = tarfile.TarInfo.frombuf(head[:512], "utf-8", "strict")
    assert f"{scenes[0].display_id}".encode() in head[512 : 512 + entry.size]
    names, offset = [], 0
    while offset < content.size - 1024:
        entry = tarfile.TarInfo.frombuf(content.read(offset, offset + 512), "utf-8", "strict")
        names.append(entry.name.removeprefix(f"{scenes[0].display_id}_"))
        offset += 512 + entry.size + -entry.size % 512
    assert names == list(landsat_files(scenes[0]))
    assert io.BytesIO(content.read(content.size - 1024, content.size)).read() == b"\0" * 1024


def test_a_gzip_file_unpacks_to_the_file_in_it_and_reads_by_ranges() -> None:
    chance = random.Random(3)
    for size in (0, 1, 2**15, 2**15 + 1, 100_000):
        data = chance.randbytes(size)
        packed = gzipped("some.tif", BytesContent(data))
        whole = packed.read(0, packed.size)
        assert len(whole) == packed.size
        assert gzip.decompress(whole) == data
        for _ in range(50):
            start = chance.randrange(packed.size)
            stop = start + chance.randrange(1, 40_000)
            assert packed.read(start, stop) == whole[start:stop]


def test_a_tar_archive_in_a_gzip_file_is_read_by_tarfile() -> None:
    packed = gzipped("some.tar", tarred({"a.tif": BytesContent(b"abc"), "b.tif": BytesContent(bytes(2000))}))
    with tarfile.open(fileobj=io.BytesIO(packed.read(0, packed.size)), mode="r:gz") as archive:
        assert archive.getnames() == ["a.tif", "b.tif"]
        member = archive.extractfile("a.tif")
        assert member is not None
        assert member.read() == b"abc"


def test_several_bands_are_interleaved_by_pixel(tmp_path: Path) -> None:
    pixels = (np.arange(300 * 280 * 4) % 251).astype(np.uint8).reshape(300, 280, 4)
    tiff = of_array(pixels.shape, lambda: pixels, Layout(26915, (400000.0, 4600000.0), 12.0, (300, 280)))
    path = tmp_path / "four.tif"
    path.write_bytes(tiff.read(0, tiff.size))
    assert cog_validate(path, strict=True) == (True, [], [])
    with rasterio.open(path) as photo:
        assert np.array_equal(photo.read(), pixels.transpose(2, 0, 1))
        assert photo.crs.to_epsg() == 26915


def test_a_zip_has_the_size_announced_before_it_is_made() -> None:
    archive = zipped({"one.tif": BytesContent(b"abc" * 1000), "two.txt": BytesContent(b"")})
    data = archive.read(0, archive.size)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert opened.read("one.tif") == b"abc" * 1000


def test_a_lazy_file_with_a_wrong_size_is_an_error() -> None:
    with pytest.raises(ValueError, match="3 bytes instead of 4"):
        LazyContent(4, lambda: b"abc").read(0, 4)
