"""Files computed by the byte range are the files that they seem to be."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rio_cogeo.cogeo import cog_validate

from stac_bridge.sandbox.bands import natural_colour, raster
from stac_bridge.sandbox.content import Held, Joined
from stac_bridge.sandbox.landsat import SceneFacts, landsat
from stac_bridge.sandbox.product_files import bundle, landsat_files
from stac_bridge.sandbox.tiff import TILE, Tiff, TiffShape


def small(dtype: str = "uint16", width: int = 700, height: int = 530) -> tuple[Tiff, np.ndarray]:
    """A small raster whose pixels are known, and its file."""
    whole = (np.arange(height)[:, None] * 7 + np.arange(width)[None, :] * 3) % 251
    shape = TiffShape(width, height, np.dtype(dtype), 32631, 500000.0, 4600000.0, 30.0, 0)

    def draw(level: int, column: int, row: int) -> np.ndarray:
        tile = np.zeros((TILE, TILE), dtype)
        seen = whole[:: 2**level, :: 2**level][row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
        tile[: seen.shape[0], : seen.shape[1]] = seen
        return tile

    return Tiff(shape, draw), whole


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16"])
def test_a_file_is_a_strict_cog_with_the_pixels_drawn(tmp_path: Path, dtype: str) -> None:
    tiff, whole = small(dtype)
    path = tmp_path / "small.tif"
    path.write_bytes(tiff.read(0, tiff.size))
    assert cog_validate(path, strict=True) == (True, [], [])
    with rasterio.open(path) as band:
        assert np.array_equal(band.read(1), whole)
        assert band.overviews(1) == [2, 4]
        assert band.crs.to_epsg() == 32631
        assert list(band.transform)[:6] == [30.0, 0.0, 500000.0, 0.0, -30.0, 4600000.0]


def test_any_range_is_that_slice_of_the_whole() -> None:
    tiff, _whole = small()
    data = tiff.read(0, tiff.size)
    assert len(data) == tiff.size
    chance = random.Random(7)
    for _ in range(200):
        start = chance.randrange(tiff.size)
        stop = min(tiff.size, start + chance.randrange(1, 400_000))
        assert tiff.read(start, stop) == data[start:stop]
    assert tiff.read(tiff.size - 5, tiff.size + 50) == data[-5:]


def test_joined_files_read_as_one() -> None:
    parts = [b"abc", b"", b"defgh", b"i"]
    joined = Joined([Held(part) for part in parts])
    data = b"".join(parts)
    assert joined.size == len(data)
    for start in range(len(data)):
        for stop in range(start, len(data) + 3):
            assert joined.read(start, stop) == data[start:stop]


@pytest.fixture(scope="module")
def scenes() -> list[SceneFacts]:
    """The same place in winter and summer, with little cloud."""
    archive = landsat()
    corners = {"lowerLeft": {"latitude": 46, "longitude": 6}, "upperRight": {"latitude": 46.1, "longitude": 6.1}}
    year = {"acquisitionFilter": {"start": "2024-01-01", "end": "2024-12-31"}, "cloudCoverFilter": {"max": 3}}
    found = [archive.facts(int(n)) for n in archive.search({**year, "spatialFilter": {"filterType": "mbr", **corners}})]
    place = (found[0].path, found[0].row)
    return [facts for facts in found if (facts.path, facts.row) == place and facts.level == "L2SP"]


def middle(facts: SceneFacts, name: str) -> np.ndarray:
    """An overview of a band, as GDAL would read it from the file."""
    tiff = raster(facts, name)
    level = 4
    width = -(-facts.grid.width // 2**level)
    return np.asarray(tiff._draw(level, 0, 0))[:, :width]


def test_the_land_stays_put_while_clouds_come_and_go(scenes: list[SceneFacts]) -> None:
    waters = [(middle(facts, "QA_PIXEL") & 0b10000000) > 0 for facts in scenes]
    clouds = [(middle(facts, "QA_PIXEL") & 0b1000) > 0 for facts in scenes]
    clear = ~np.any(clouds, axis=0)
    assert all(np.array_equal(waters[0] & clear, water & clear) for water in waters)


def test_summer_is_greener_than_winter(scenes: list[SceneFacts]) -> None:
    def ndvi(facts: SceneFacts) -> float:
        red, nir = (middle(facts, name).astype(float) * 2.75e-5 - 0.2 for name in ("SR_B4", "SR_B5"))
        land = middle(facts, "QA_PIXEL") == 21824
        return float(np.median(((nir - red) / (nir + red))[land]))

    by_month = {facts.day.month: ndvi(facts) for facts in scenes}
    summer = [value for month, value in by_month.items() if month in (6, 7, 8)]
    winter = [value for month, value in by_month.items() if month in (1, 2, 11, 12)]
    assert summer
    assert winter
    assert min(summer) > max(winter)


def test_there_is_as_much_cloud_as_the_scene_says() -> None:
    archive = landsat()
    for number in range(1000, 200_000, 9001):
        facts = archive.facts(number)
        quality = middle(facts, "QA_PIXEL")
        seen = quality != 1
        share = float(((quality & 0b1000) > 0)[seen].mean()) if seen.any() else 0
        assert abs(share - (facts.cloud or 0) / 10000) < 0.35


def test_outside_the_footprint_is_fill(scenes: list[SceneFacts]) -> None:
    assert middle(scenes[0], "QA_PIXEL")[0, 0] == 1
    assert middle(scenes[0], "SR_B4")[0, 0] == 0
    assert middle(scenes[0], "ST_EMIS")[0, 0] == -9999


def test_a_bundle_is_a_tar_of_the_same_files(scenes: list[SceneFacts]) -> None:
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


def test_a_picture_shows_the_scene(scenes: list[SceneFacts]) -> None:
    picture = natural_colour(scenes[0], 512)
    assert max(picture.shape[:2]) <= 512
    assert picture.shape[2] == 3
    assert picture.std() > 10
