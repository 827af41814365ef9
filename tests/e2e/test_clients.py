"""Clients that we did not write, over real sockets."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import odc.stac
import pystac_client
import pytest
import rasterio

from tests.support import LONG

LANDSAT = "landsat_ot_c2_l2"
BOX = (5.9, 45.45, 6.5, 45.8)


@pytest.mark.parametrize(
    ("method", "days", "many"),
    [("GET", "2024-06-02/2024-06-04" if LONG else "2024-06-02", 300), ("POST", "2024-06-01", 300)],
)
def test_pystac_client_pages_over_many_items_without_gap_or_duplicate(
    api: str, method: str, days: str, many: int
) -> None:
    client = pystac_client.Client.open(api)
    search = client.search(
        method=method, collections=[LANDSAT], datetime=days, bbox=(-30, -40, 60, 75), limit=many // 7
    )
    found = [item.id for item in search.items()]
    whole = client.search(method=method, collections=[LANDSAT], datetime=days, bbox=(-30, -40, 60, 75), limit=1000)
    assert len(found) > many
    assert len(set(found)) == len(found)
    assert found == [item.id for item in whole.items()]


def test_pystac_client_finds_its_way_from_the_landing_page(api: str) -> None:
    client = pystac_client.Client.open(api)
    ids = {collection.id for collection in client.get_collections()}
    assert {LANDSAT, "naip", "corona2"} <= ids
    collection = client.get_collection(LANDSAT)
    item = next(iter(collection.get_items()))
    assert client.get_collection(LANDSAT).get_item(item.id).id == item.id


def test_pystac_client_is_told_how_many_match(api: str) -> None:
    search = pystac_client.Client.open(api).search(collections=[LANDSAT], datetime="2024-06-01", limit=1)
    assert search.matched() > 500


def items(api: str, count: int = 2) -> list[Any]:
    search = pystac_client.Client.open(api).search(
        collections=[LANDSAT], bbox=BOX, datetime="2024-07-01/2024-08-31", max_items=30
    )
    return sorted(search.items(), key=lambda item: item.properties.get("eo:cloud_cover", 100))[:count]


def test_rasterio_reads_a_window_through_an_href_at_a_few_percent_of_the_file(api: str, tmp_path: Path) -> None:
    (item,) = items(api, 1)
    code = f"""
import rasterio
with rasterio.Env(CPL_CURL_VERBOSE="YES", GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"):
    with rasterio.open({item.assets["red"].href!r}) as band:
        window = band.read(1, window=((3000, 3512), (3000, 3512)))
        print(band.width, band.height, band.crs.to_epsg(), window.mean())
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    width, height, epsg, *_rest = ran.stdout.split()
    assert [int(height), int(width)] == item.properties["proj:shape"]
    assert f"EPSG:{epsg}" == item.properties["proj:code"]
    read = sum(int(size) for size in re.findall(r"^< content-length: (\d+)", ran.stderr, re.MULTILINE | re.IGNORECASE))
    ranges = re.findall(r"content-range: bytes (\d+)-(\d+)/(\d+)", ran.stderr, re.IGNORECASE)
    fetched = sum(int(last) - int(first) + 1 for first, last, _size in ranges)
    assert read
    assert 0 < fetched < 0.05 * int(ranges[0][2])


def test_an_items_grid_is_the_files_grid(api: str) -> None:
    for item in items(api):
        with rasterio.open(item.assets["nir08"].href) as band:
            assert list(band.transform)[:6] == item.properties["proj:transform"]
            assert [band.height, band.width] == item.properties["proj:shape"]


def test_odc_stac_loads_two_bands_of_two_scenes(api: str) -> None:
    found = items(api)
    loaded = odc.stac.load(found, bands=["red", "nir08"], bbox=BOX, resolution=300, groupby="id")
    assert loaded.sizes["time"] == 2
    for band in ("red", "nir08"):
        assert float((loaded[band] > 0).mean()) > 0.2
    seen = (loaded.red > 0).all("time")
    # The same land on both days: what is water on one is water on the other.
    water = [(loaded.nir08.isel(time=day) < 8500).where(seen) for day in range(2)]
    assert float((water[0] == water[1]).where(seen).mean()) > 0.5
    assert np.isfinite(float(loaded.nir08.mean()))


def test_every_asset_of_an_item_opens(api: str) -> None:
    (item,) = items(api, 1)
    for key, asset in item.assets.items():
        with urllib.request.urlopen(urllib.request.Request(asset.href, headers={"Range": "bytes=0-9"})) as answer:
            assert answer.status in (200, 206), key
            assert answer.read(10), key


def test_thumbnails_are_pictures(api: str) -> None:
    (item,) = items(api, 1)
    for key in ("thumbnail", "reduced_resolution_browse"):
        with urllib.request.urlopen(item.assets[key].href) as answer:
            assert answer.headers["content-type"] == "image/jpeg"
            assert answer.read(3) == b"\xff\xd8\xff"


def test_a_page_in_a_browser_reads_a_band_without_leaving_the_server(api: str) -> None:
    (item,) = items(api, 1)
    request = urllib.request.Request(
        item.assets["red"].href, headers={"Origin": "https://page.example", "Range": "bytes=0-3"}
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.url == item.assets["red"].href
        assert answer.status == 206
        assert answer.headers["access-control-allow-origin"] == "*"


def test_the_landing_page_tells_of_the_sandbox(api: str) -> None:
    with urllib.request.urlopen(api) as answer:
        assert "sandbox" in json.load(answer)["description"]
