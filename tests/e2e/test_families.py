"""The files of each family are what its Items say: every image opens, in every way that the documentation names."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import odc.stac
import pyproj
import pystac
import pystac_client
import pytest
import rasterio

from m2m_sandbox.archive.datasets import archive_of
from m2m_sandbox.archive.fact_sheets import sheets
from tests.readers import GDAL
from tests.serving import started

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")]

FAMILIES = [alias for alias in sheets() if (archive := archive_of(alias)) and len(archive)]
SMALL = [alias for alias in FAMILIES if not alias.startswith("landsat")]
READABLE = {"image/tiff", "image/jp2", "image/jpeg", "application/x-dted"}
PICTURES = {"thumbnail", "overview"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server on a sandbox, of all families."""
    folder = tmp_path_factory.mktemp("families")
    with started("sandbox", folder, "--staging-seconds", "0") as (sandbox, _log):
        settings = {
            "m2m_url": f"{sandbox}/api/api/json/stable/",
            "m2m_username": "someone",
            "m2m_token": "a-token",
            "download_hosts": "127.0.0.1",
            "catalogs": "EE,HDDS",
        }
        with started("serve", folder, **settings) as (address, log):
            yield address
            assert "Traceback" not in log.read_text()


def first_items(api: str, alias: str, number: int = 1) -> list[pystac.Item]:
    search = pystac_client.Client.open(api).search(collections=[alias], limit=number)
    items = list(islice(search.items(), number))
    assert items, f"no Item of {alias}"
    return items


def media_type(asset: pystac.Asset) -> str:
    return str(asset.media_type).partition(";")[0]


@pytest.mark.parametrize("alias", FAMILIES)
def test_every_image_of_an_item_has_the_size_grid_and_type_that_the_item_says(api: str, alias: str) -> None:
    (item,) = first_items(api, alias)
    problems = {}
    for key, asset in item.assets.items():
        if media_type(asset) in READABLE:
            with rasterio.Env(**GDAL), rasterio.open(f"/vsicurl/{asset.href}") as image:
                if not PICTURES & {*(asset.roles or ())}:
                    problems[key] = differences(image, {**item.properties, **asset.extra_fields})
                assert image.read(out_shape=(image.count, 8, 8)).size
    assert {key: wrong for key, wrong in problems.items() if wrong} == {}


def differences(image: rasterio.DatasetReader, fields: dict[str, Any]) -> dict[str, Any]:
    """Field → what the image has instead of it."""
    image_has: dict[str, Any] = {
        "proj:shape": list(image.shape),
        "data_type": image.dtypes[0],
        "nodata": image.nodata,
        "proj:code": image.crs.to_string() if image.crs else None,
    }
    wrong = {name: value for name, value in image_has.items() if fields.get(name) not in (None, value)}
    transform = fields.get("proj:transform")
    if transform and not np.allclose(transform, list(image.transform)[:6], rtol=0, atol=1e-9):
        wrong["proj:transform"] = list(image.transform)
    if fields.get("proj:wkt2") and not pyproj.CRS(fields["proj:wkt2"]).equals(pyproj.CRS(image.crs.to_wkt())):
        wrong["proj:wkt2"] = image.crs.to_wkt()
    if "bands" in fields and len(fields["bands"]) != image.count:
        wrong["bands"] = image.count
    return wrong


CHECKS: dict[str, Callable[[bytes], object]] = {
    "image/tiff": lambda data: image_in(data),
    "image/jp2": lambda data: image_in(data),
    "image/jpeg": lambda data: image_in(data),
    "application/x-dted": lambda data: image_in(data),
    "application/zip": lambda data: zipfile.ZipFile(BytesIO(data)).testzip() is None,
    "application/pdf": lambda data: data.startswith(b"%PDF"),
    "application/gzip": lambda data: unpacked(gzip.decompress(data)),
}


def image_in(data: bytes) -> bool:
    with rasterio.MemoryFile(data) as file, file.open() as image:
        return image.width > 1


def unpacked(data: bytes) -> bool:
    """Whether what a gzip had is an image, or a tar of images."""
    if data.startswith(b"II*\0"):
        return image_in(data)
    with tarfile.open(fileobj=BytesIO(data)) as archive:
        parts = [archive.extractfile(member) for member in archive]
        return all(part is not None and image_in(part.read()) for part in parts)


@pytest.mark.parametrize("alias", SMALL)
def test_a_whole_item_is_downloaded_into_one_folder_and_each_file_is_what_its_type_says(
    api: str, alias: str, tmp_path: Path
) -> None:
    (item,) = first_items(api, alias)
    code = "from stac_bridge.cli import app; app()"
    command = [sys.executable, "-c", code, "download", "--api", api, "-c", alias, "--ids", item.id, "-o", str(tmp_path)]
    subprocess.run(command, capture_output=True, check=True, timeout=300)
    for key, asset in item.assets.items():
        (file,) = tmp_path.rglob(asset.href.partition("?")[0].rpartition("/")[2])
        assert CHECKS[media_type(asset)](file.read_bytes()), key


@pytest.mark.parametrize(
    ("alias", "bands", "grid"),
    [
        ("landsat_ard_tile_c2", ["red", "qa_pixel"], {}),
        ("srtm", None, {}),
        ("srtm_v2", None, {}),
        ("srtm_v3", None, {}),
        ("landsat_ot_c2_l2", ["red", "qa_pixel"], {}),
        ("landsat_tm_c2_l1", ["red"], {}),
        ("landsat_mss_c2_l1", ["red", "nir08"], {}),
        ("naip", ["red", "nir"], {"crs": "proj:code", "resolution": "gsd"}),
    ],
)
def test_odc_stac_loads_pixels_on_the_grid_that_the_items_have(
    api: str, alias: str, bands: list[str] | None, grid: dict[str, str]
) -> None:
    (item,) = first_items(api, alias)
    west, south, east, north = item.bbox or (0, 0, 0, 0)
    x, y = (west + east) / 2, (south + north) / 2
    odc.stac.configure_rio(cloud_defaults=True, **GDAL)
    options = {argument: item.properties[name] for argument, name in grid.items()}
    loaded = odc.stac.load([item], bands=bands, bbox=(x - 0.01, y - 0.01, x + 0.01, y + 0.01), **options)
    assert set(loaded.data_vars) == set(bands or ["elevation"])
    assert all(band.values.any() for band in loaded.data_vars.values())


def test_gdal_opens_a_scan_within_a_gzip_itself(api: str) -> None:
    (item,) = first_items(api, "declassii")
    packed, image = item.assets["d185_standard_format"], item.assets["image"]
    with (
        rasterio.Env(**GDAL),
        rasterio.open(f"/vsigzip//vsicurl/{packed.href}") as inside,
        rasterio.open(image.href) as scan,
    ):
        assert np.array_equal(inside.read(), scan.read())
