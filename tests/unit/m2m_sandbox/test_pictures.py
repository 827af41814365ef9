"""Every file with a picture in it is one that readers of its kind can read, and the same everywhere and always."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rio_cogeo.cogeo import cog_validate

from m2m_sandbox.archive.datasets import archive_of, products_of
from m2m_sandbox.archive.landsat.archive import landsat
from m2m_sandbox.archive.landsat.ard_grid import REGIONS
from m2m_sandbox.archive.landsat.grid import Albers
from m2m_sandbox.archive.small import SMALL
from m2m_sandbox.archive.small.frame import Frame, frame_of
from m2m_sandbox.files.content import Content
from m2m_sandbox.files.products import browse_picture, frame_picture, landsat_files, whole_product
from m2m_sandbox.pixels.bands import raster, rasters_of
from m2m_sandbox.pixels.elevation import bil_zip, dted, dted_name, elevation, elevation_name, relief
from m2m_sandbox.pixels.film import film, film_pieces, scanned
from m2m_sandbox.pixels.hyperspectral import hyperspectral
from m2m_sandbox.pixels.orthophoto import orthophoto, orthophoto_jp2
from m2m_sandbox.pixels.pictures import Kind, picture
from m2m_sandbox.pixels.tiff import TILE
from tests.unit.m2m_sandbox.scene import Scene

pytestmark = [
    pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning"),
    pytest.mark.slow,
    pytest.mark.long,
]

CONUS = REGIONS["CU"].crs
DIGESTS = Path(__file__).with_name("digests.json")
SLC_ON, SLC_OFF = datetime(2002, 7, 15, 10, tzinfo=UTC), datetime(2008, 7, 15, 10, tzinfo=UTC)
SCENES = {
    "oli-l2": Scene(),
    "oli-l1": Scene(level="L1TP"),
    "oli-only-l2": Scene(sensor="OLI", level="L2SR"),
    "oli-only-l1": Scene(sensor="OLI", level="L1TP"),
    "tirs-only-l1": Scene(sensor="TIRS", level="L1GT"),
    "etm-l2": Scene(sensor="ETM", satellite=7, middle=SLC_OFF),
    "etm-l1": Scene(sensor="ETM", level="L1TP", satellite=7, middle=SLC_ON),
    "tm-l2": Scene(sensor="TM", satellite=5, middle=SLC_ON),
    "tm-l1": Scene(sensor="TM", level="L1TP", satellite=5, middle=SLC_ON),
    "mss-l1": Scene(sensor="MSS", level="L1TP", satellite=2, pixel=60.0, middle=datetime(1978, 7, 15, 10, tzinfo=UTC)),
    "oli-ard": Scene(level="ARD", crs=CONUS, place=(-93.5, 41.6)),
    "etm-ard": Scene(sensor="ETM", level="ARD", satellite=7, crs=CONUS, place=(-93.5, 41.6), middle=SLC_ON),
    "polar": Scene(crs=3031, place=(60.0, -68.0)),
}
STRIP = Frame("EO1H1960292014302110K0", date(2014, 10, 29), ((5.0, 46.5), (5.1, 46.48), (4.9, 45.6), (4.8, 45.62)))
DEGREE = Frame("SRTM1N46E006V3", date(2000, 2, 11), ((6.0, 47.0), (7.0, 47.0), (7.0, 46.0), (6.0, 46.0)))
QUARTER = Frame(
    "M_4109303_SW_15_060_20220630", date(2022, 6, 30), ((-93.4, 41.57), (-93.33, 41.57), (-93.33, 41.5), (-93.4, 41.5))
)
FOREST = Frame("AR1", date(1983, 7, 2), ((7.9, 48.6), (8.0, 48.6), (8.0, 48.5), (7.9, 48.5)))
EXPOSURE = Frame("DS1117-2086DA007", date(1972, 5, 31), ((125.6, 53.5), (128.8, 53.1), (128.7, 52.9), (125.6, 53.3)))


def written(content: Content, path: Path) -> Path:
    path.write_bytes(content.read(0, content.size))
    return path


@pytest.mark.parametrize("name", SCENES)
def test_every_raster_of_every_sensor_and_level_is_a_strict_cog(name: str, tmp_path: Path) -> None:
    scene = SCENES[name]
    for band in rasters_of(scene.sensor, scene.level, scene.satellite):
        path = written(raster(scene, band), tmp_path / f"{band}.TIF")  # type: ignore[arg-type]
        assert cog_validate(path, strict=True) == (True, [], []), band
        with rasterio.open(path) as opened:
            expected = scene.crs.proj if isinstance(scene.crs, Albers) else f"EPSG:{scene.crs}"
            assert opened.crs == rasterio.crs.CRS.from_string(expected)
            assert np.unique(opened.read(1)).size > 1 or band in {"QA_RADSAT", "B9"}, band


@pytest.mark.parametrize("make", [film, orthophoto, elevation], ids=lambda make: make.__name__)
def test_rasters_of_other_datasets_are_strict_cogs(make: object, tmp_path: Path) -> None:
    frame = {film: EXPOSURE, orthophoto: QUARTER, elevation: DEGREE}[make]  # type: ignore[index]
    content = make(frame)  # type: ignore[operator]
    path = tmp_path / "whole.tif"
    if make is elevation:  # its header and its overviews are what is looked at; the rest may be blank
        path.write_bytes(content.read(0, 3_000_000).ljust(content.size, b"\0"))
    else:
        written(content, path)
    assert cog_validate(path, strict=True) == (True, [], [])


@pytest.mark.parametrize(
    ("sensor", "level", "satellite", "some", "none"),
    [
        ("OLI_TIRS", "L2SP", 8, {"SR_B1", "SR_QA_AEROSOL", "ST_B10", "QA_PIXEL", "QA_RADSAT"}, {"B1", "SR_CLOUD_QA"}),
        ("OLI_TIRS", "L2SR", 8, {"SR_B7", "QA_PIXEL"}, {"ST_B10", "ST_EMIS"}),
        ("TM", "L2SP", 5, {"SR_B7", "ST_B6", "SR_ATMOS_OPACITY", "SR_CLOUD_QA"}, {"SR_B6", "SR_QA_AEROSOL"}),
        ("ETM", "L1TP", 7, {"B6_VCID_1", "B6_VCID_2", "B8", "SAA", "VZA"}, {"B6", "SR_B1"}),
        ("OLI", "L1TP", 8, {"B8", "B9"}, {"B10", "B11"}),
        ("TIRS", "L1GT", 8, {"B10", "B11", "QA_PIXEL"}, {"B1", "B8"}),
        ("MSS", "L1TP", 2, {"B4", "B7"}, {"B1", "SAA"}),
        ("MSS", "L1TP", 5, {"B1", "B4"}, {"B7"}),
        ("OLI_TIRS", "ARD", 8, {"SR_B1", "ST_B10", "TOA_B1", "BT_B10", "BT_B11", "QA_LINEAGE", "SZA"}, {"TOA_B10"}),
        ("TM", "ARD", 5, {"SR_B5", "SR_B7", "ST_B6", "TOA_B7", "BT_B6", "SR_CLOUD_QA"}, {"SR_B6", "TOA_B6", "BT_B10"}),
    ],
)
def test_a_product_has_the_rasters_of_its_sensor_and_level(
    sensor: str, level: str, satellite: int, some: set[str], none: set[str]
) -> None:
    names = rasters_of(sensor, level, satellite)
    assert some <= set(names)
    assert not none & set(names)
    assert len(names) == len(set(names))


def test_files_hang_on_the_half_of_the_product_that_usgs_hangs_them_on() -> None:
    halves = landsat_files(SCENES["oli-l2"])  # type: ignore[arg-type]
    assert len(halves) == 22
    assert [halves[name] for name in ("SR_B4.TIF", "QA_PIXEL.TIF", "ST_B10.TIF", "MTL.txt")] == [
        "L2SR", "L2SR", "L2ST", "L2ST",
    ]  # fmt: skip
    assert set(landsat_files(SCENES["oli-only-l2"]).values()) == {"L2SR"}  # type: ignore[arg-type]
    assert set(landsat_files(SCENES["mss-l1"]).values()) == {"L1"}  # type: ignore[arg-type]


def test_the_corner_pixels_of_the_panchromatic_band_have_the_centres_of_the_others(tmp_path: Path) -> None:
    scene = SCENES["oli-l1"]
    with (
        rasterio.open(written(raster(scene, "B8"), tmp_path / "B8.TIF")) as pan,  # type: ignore[arg-type]
        rasterio.open(written(raster(scene, "B4"), tmp_path / "B4.TIF")) as red,  # type: ignore[arg-type]
    ):
        assert (pan.width, pan.height) == (2 * red.width - 1, 2 * red.height - 1)
        assert pan.xy(0, 0) == red.xy(0, 0)
        assert pan.xy(pan.height - 1, pan.width - 1) == red.xy(red.height - 1, red.width - 1)
        sharp, plain = pan.read(1)[::2, ::2].astype(float), red.read(1).astype(float)
        land = (sharp > 0) & (plain > 0)
        assert np.corrcoef(sharp[land], plain[land])[0, 1] > 0.9


def tile(scene: Scene, band: str, level: int = 0, column: int = 0, row: int = 0) -> np.ndarray:
    return np.asarray(raster(scene, band)._draw(level, column, row))  # type: ignore[arg-type]


def test_outside_the_footprint_is_fill() -> None:
    scene = SCENES["oli-l2"]
    assert tile(scene, "QA_PIXEL")[0, 0] == 1
    assert [tile(scene, band)[0, 0] for band in ("SR_B4", "ST_EMIS", "SR_QA_AEROSOL")] == [0, -9999, 1]


def test_landsat_7_has_gaps_since_its_scan_line_corrector_failed() -> None:
    before, after = (
        Scene(sensor="ETM", satellite=7, middle=middle, cloud=0, size=(7600, 7700)) for middle in (SLC_ON, SLC_OFF)
    )
    edge, middle = (0, 5, 15), (0, 14, 15)
    assert not (tile(before, "QA_PIXEL", *edge) == 1).any()
    assert 0.1 < (tile(after, "QA_PIXEL", *edge) == 1).mean() < 0.4
    assert (tile(after, "QA_PIXEL", *middle) == 1).mean() < 0.05
    assert np.array_equal(tile(after, "QA_PIXEL", *edge) == 1, tile(after, "SR_B4", *edge) == 0)


def test_numbers_that_run_out_are_flagged() -> None:
    scene = Scene(sensor="TM", level="L1TP", satellite=5, middle=datetime(2002, 1, 15, 10, tzinfo=UTC), cloud=9000,
                  place=(25.0, 5.0), crs=32635)  # fmt: skip
    flagged = tile(scene, "QA_RADSAT")
    assert (flagged > 0).any()
    assert np.array_equal(flagged >> 2 & 1 == 1, tile(scene, "B3") == 255)


def test_temperatures_of_level_1_and_2_tell_the_same_story() -> None:
    surface = tile(Scene(cloud=3000), "ST_B10").astype(float) * 0.00341802 + 149
    radiance = tile(Scene(cloud=3000, level="L1TP"), "B10").astype(float) * 3.342e-4 + 0.1
    brightness = 1321.0789 / np.log(774.8853 / radiance + 1)
    assert np.corrcoef(surface.ravel(), brightness.ravel())[0, 1] > 0.98
    assert 0 < np.median(surface - brightness) < 12
    assert 255 < np.median(surface) < 325


def test_angles_are_those_of_the_scene() -> None:
    scene = Scene(level="L1TP", size=(7600, 7700))
    sun, azimuth, view = (tile(scene, band, 0, 14, 15).astype(float) / 100 for band in ("SZA", "SAA", "VZA"))
    assert np.median(sun) == pytest.approx(90 - scene.sun[0], abs=0.3)
    assert np.median(azimuth) == pytest.approx(scene.sun[1], abs=1)
    assert view.max() < 1.5
    assert tile(scene, "VZA", 0, 4, 15).max() / 100 > 5


@pytest.mark.parametrize("kind", ["refl", "tir", "qb"])
def test_a_browse_picture_shows_the_scene(kind: Kind) -> None:
    shown = picture(Scene(size=(7600, 7700)), 256, kind)  # type: ignore[arg-type]
    assert max(shown.shape[:2]) <= 256
    assert shown.shape[2] == 3
    assert shown.std() > 10
    assert not shown[0, 0].any()


def test_browse_pictures_are_jpegs_as_large_as_asked() -> None:
    for most in (128, 256):
        assert max(Image.open(io.BytesIO(browse_picture(landsat(), 200_000, most))).size) == most


def test_a_frame_has_a_picture_too() -> None:
    archive = archive_of("corona2")
    assert archive is not None
    shown = Image.open(io.BytesIO(frame_picture(archive, 0, 256)))
    assert max(shown.size) == 256


@pytest.mark.parametrize(
    ("name", "number", "colored"),
    [
        ("naip", 2000, True),
        ("eo1_hyp_pub", 5, True),
        ("event2919", 3, True),
        ("aerial_combin", 5, True),  # color infrared
        ("aerial_combin", 300, False),  # black and white
        ("corona2", 0, False),
        ("srtm_v3", 3000, False),
    ],
)
def test_a_browse_picture_is_in_color_where_the_product_is(name: str, number: int, colored: bool) -> None:
    archive = archive_of(name)
    assert archive is not None
    form = products_of(name)[0]["form"]
    pixels = np.asarray(Image.open(io.BytesIO(frame_picture(archive, number, 256, form))).convert("RGB")).astype(int)
    assert (np.ptp(pixels, axis=-1).max() > 60) == colored


def test_leaves_are_red_on_color_infrared_film(tmp_path: Path) -> None:
    with rasterio.open(written(film(replace(FOREST, film="Color Infrared")), tmp_path / "infrared.tif")) as scan:
        red, green, blue = (band[60:-60, 60:-60].mean() for band in scan.read())
    assert red > 1.5 * green
    assert red > 1.5 * blue


def test_long_film_is_scanned_in_pieces_that_overlap(tmp_path: Path) -> None:
    pieces = film_pieces(EXPOSURE)
    assert list(pieces) == [f"{EXPOSURE.name}_{letter}.tif" for letter in "abcd"]
    scans = []
    for name, content in pieces.items():
        with rasterio.open(written(content, tmp_path / name)) as scan:
            scans.append(scan.read(1))
    for left, right in pairwise(scans):
        assert np.array_equal(left[:, -64:], right[:, :64])
    assert np.array_equal(np.hstack([scans[0], *(scan[:, 64:] for scan in scans[1:])]), scanned(EXPOSURE))


def test_film_has_edges_markings_and_grain(tmp_path: Path) -> None:
    with rasterio.open(written(film(EXPOSURE), tmp_path / "film.tif")) as scan:
        grey = scan.read(1)
        assert scan.crs is None
    assert scan.width > 5 * scan.height
    assert grey[30:40, 100:400].mean() < 60
    assert grey[60:-60, 60:-60].std() > 15
    assert (grey[-48:] > 200).any()


def test_an_orthophoto_lies_where_its_footprint_does(tmp_path: Path) -> None:
    with rasterio.open(written(orthophoto(QUARTER), tmp_path / "photo.tif")) as photo:
        assert photo.crs.to_epsg() == 26915
        assert photo.count == 4
        west, south, east, north = rasterio.warp.transform_bounds(photo.crs, 4326, *photo.bounds)
    assert west <= -93.4 <= -93.33 <= east
    assert south <= 41.5 <= 41.57 <= north
    with rasterio.open(written(orthophoto_jp2(QUARTER), tmp_path / "photo.jp2")) as packed:
        assert packed.crs.to_epsg() == 26915
        assert packed.transform == photo.transform
        assert packed.read().std() > 10
        assert [color.name for color in packed.colorinterp] == ["red", "green", "blue", "undefined"]


def test_an_orthophoto_and_a_satellite_scene_see_the_same_water(tmp_path: Path) -> None:
    content = orthophoto(QUARTER)
    assert content.size < 4_000_000
    with rasterio.open(written(content, tmp_path / "photo.tif")) as photo:
        infrared = photo.read(4)
    assert infrared.min() < 40 < infrared.max()


def test_neighbouring_elevation_tiles_share_the_posts_on_their_edge() -> None:
    """To two metres in the mean and ten at most, as crests are interpolated from either side."""
    east = Frame("SRTM1N46E007V3", DEGREE.day, tuple((x + 1, y) for x, y in DEGREE.corners))
    one, other = elevation(DEGREE)._draw(0, 14, 3), elevation(east)._draw(0, 0, 3)
    apart = np.abs(one[:, 3600 - 14 * TILE].astype(int) - other[:, 0])
    assert apart.max() <= 10
    assert apart.mean() < 2
    assert one.max() - one.min() > 30


def test_a_hyperspectral_product_is_an_archive_of_bands_and_a_text(tmp_path: Path) -> None:
    content = hyperspectral(STRIP)
    assert content.size < 6_000_000
    with zipfile.ZipFile(io.BytesIO(content.read(0, content.size))) as archive:
        names = archive.namelist()
        path = tmp_path / "band.tif"
        path.write_bytes(archive.read(names[3]))
    assert [name for name in names if name.endswith(".TXT")] == [f"{STRIP.name}_MTL_L1T.TXT"]
    assert cog_validate(path, strict=True) == (True, [], [])
    with rasterio.open(path) as band:
        assert band.crs.to_epsg() == 32631
        assert 0.05 < (band.read(1) > 0).mean() < 0.6


ELEVATIONS = {
    "SRTM1N46E006V3": ("n46_e006_1arc_v3", (3601, 3601), (6, 47), 1 / 3600, "dt2"),
    "SRTM3S13E030V1": ("s13_e030_3arc_v1", (1201, 1201), (30, -12), 3 / 3600, "dt1"),
    "SRTM3N52W007V2": ("n52_w007_3arc_v2", (1201, 601), (-7, 53), 3 / 3600, "dt1"),
    "SRTM1S51E068V3": ("s51_e068_1arc_v3", (3601, 1801), (68, -50), 1 / 3600, "dt2"),
}
"""Entity id → file name, rows and columns, north-west corner, spacing of the rows in degrees, ending of DTED."""


@pytest.mark.parametrize("entity_id", ELEVATIONS)
def test_the_posts_of_an_elevation_tile_lie_on_whole_degrees(entity_id: str, tmp_path: Path) -> None:
    name, shape, (west, north), pixel, dted_ending = ELEVATIONS[entity_id]
    frame = Frame(entity_id, DEGREE.day, ())
    assert (elevation_name(frame), dted_name(frame)) == (name, f"{name}.{dted_ending}")
    content = elevation(frame)
    path = tmp_path / "header.tif"
    path.write_bytes(content.read(0, 100_000).ljust(content.size, b"\0"))
    with rasterio.open(path) as opened:
        assert opened.shape == shape
        assert opened.crs.to_epsg() == 4326
        assert opened.xy(0, 0) == pytest.approx((west, north))
        assert opened.xy(shape[0] - 1, shape[1] - 1) == pytest.approx((west + 1, north - 1))
        assert -opened.transform.e == pytest.approx(pixel)


@pytest.mark.parametrize("entity_id", ["SRTM3S13E030V1", "SRTM3N52W007V2"])
def test_an_elevation_tile_has_the_same_heights_in_each_format(entity_id: str, tmp_path: Path) -> None:
    frame = Frame(entity_id, DEGREE.day, ())
    name = elevation_name(frame)
    written(bil_zip(frame), tmp_path / f"{name}_bil.zip")
    paths = [
        str(written(elevation(frame), tmp_path / f"{name}.tif")),
        str(written(dted(frame), tmp_path / dted_name(frame))),
        f"/vsizip/{tmp_path}/{name}_bil.zip/{name}.bil",
    ]
    with rasterio.Env(DTED_VERIFY_CHECKSUM="YES"):
        opened = [rasterio.open(path) for path in paths]
        assert [raster.driver for raster in opened] == ["GTiff", "DTED", "EHdr"]
        heights = [raster.read(1) for raster in opened]
    assert all(np.array_equal(heights[0], other) for other in heights[1:])
    assert all(np.allclose(opened[0].transform, raster.transform) for raster in opened)
    assert {raster.nodata for raster in opened} == {-32767}


ENDINGS = ("tif", "tif.gz", "tgz", "jp2", "zip", "dt1", "dt2", "pdf")


@pytest.mark.parametrize(
    ("name", "code"), [(name, row["code"]) for name in SMALL if name != "event1058" for row in products_of(name)]
)
def test_a_product_is_as_long_as_it_says_before_it_is_made(name: str, code: str) -> None:
    archive = SMALL[name]()
    number = next(number for number in range(len(archive)) if archive.offers(number, code))
    (form,) = (row["form"] for row in products_of(name) if row["code"] == code)
    filename, content = whole_product(archive, number, form)
    assert filename.lower().partition(".")[2] in ENDINGS
    if "elevation" not in form:  # whole tiles are compared between formats, above
        end = content.read(content.size - 10, content.size + 10)
        assert len(end) == 10


def test_a_camera_report_is_a_pdf_whose_table_has_the_places_of_its_objects() -> None:
    archive = SMALL["aerial_combin"]()
    filename, content = whole_product(archive, 0, "report-pdf")
    document = content.read(0, content.size)
    assert filename == f"{archive.scene(0, full=False)['displayId']}_calibration_report.pdf"
    assert document.startswith(b"%PDF-1.4")
    assert document.endswith(b"%%EOF\n")
    table = document[document.index(b"xref\n") :]
    offsets = [int(line[:10]) for line in table.splitlines() if line.endswith(b" n ")]
    assert [document[offset:].split(b"\n")[0] for offset in offsets] == [b"%d 0 obj" % n for n in range(1, 6)]
    assert int(table.split(b"startxref\n")[1].split()[0]) == document.index(b"xref\n")


def test_a_scene_whose_place_was_never_filled_in_has_a_picture_too() -> None:
    nowhere = {"displayId": "x", "temporalCoverage": {"startDate": "2020-01-01 00:00:00-06"}}
    frame = frame_of({**nowhere, "spatialCoverage": {"type": "Polygon", "coordinates": [[[0, 0]] * 5]}})
    content = orthophoto(frame)
    assert len(content.read(0, content.size)) == content.size


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("way", [1, -1])
def test_corners_are_found_wherever_a_ring_begins_and_whichever_way_it_runs(first: int, way: int) -> None:
    corners = list(EXPOSURE.corners)[::way]
    ring = corners[first:] + corners[:first]
    scene = {"displayId": "x", "temporalCoverage": {"startDate": "1972-05-31 00:00:00-05"}}
    found = frame_of({**scene, "spatialCoverage": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}})
    assert found.corners == EXPOSURE.corners


@lru_cache(maxsize=1)
def digests() -> dict[str, str]:
    """Of a tile of every raster, of the plain pixels of what is packed, and of every kind of browse picture."""
    found = {
        f"{name} {band}": tile(scene, band)
        for name, scene in SCENES.items()
        for band in rasters_of(scene.sensor, scene.level, scene.satellite)
    }
    found |= {f"browse {kind}": picture(SCENES["oli-l2"], 300, kind) for kind in ("refl", "tir", "qb")}  # type: ignore[arg-type]
    found |= {"infrared film": scanned(replace(FOREST, film="Color Infrared")), "relief": relief(DEGREE)}
    files = {"film": film(EXPOSURE), "orthophoto": orthophoto(QUARTER), "hyperspectral": hyperspectral(STRIP)}
    said = {name: hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest() for name, pixels in found.items()}
    said |= {name: hashlib.sha256(content.read(0, content.size)).hexdigest() for name, content in files.items()}
    posts = elevation(DEGREE).read(0, 1_000_000)
    return said | {"elevation": hashlib.sha256(posts).hexdigest()}


def test_every_byte_is_the_one_that_was_committed() -> None:
    """After a change that is meant: ``python -m tests.unit.m2m_sandbox.test_pictures`` writes the digests anew."""
    assert digests() == json.loads(DIGESTS.read_text())


def test_another_process_draws_the_same() -> None:
    code = "import json; from tests.unit.m2m_sandbox.test_pictures import digests; print(json.dumps(digests()))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[3], env={"PYTHONHASHSEED": "7", "PATH": ""})  # fmt: skip
    assert json.loads(said.stdout) == json.loads(DIGESTS.read_text())


if __name__ == "__main__":
    DIGESTS.write_text(json.dumps(digests(), indent=1, sort_keys=True) + "\n")
