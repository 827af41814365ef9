"""Scripts in the shape of public tutorials run with only the address and the collection's name changed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import odc.stac
import pystac_client
import pytest
import stackstac

from stac_bridge.client.compat import for_stackstac

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PLACE = (5.95, 45.7, 6.05, 45.78)


@pytest.mark.parametrize("name", ["landsatlook_style", "planetary_computer_style"])
def test_a_script_in_the_shape_of_a_public_tutorial_runs(api: str, tmp_path: Path, name: str) -> None:
    picture = tmp_path / f"{name}.png"
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), "--api", api, "--out", str(picture)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert re.search(r"\d+ × \d+ pixels of \d+ scenes, median NDVI -?\d\.\d\d", ran.stdout)
    assert ran.stderr == ""


def search(api: str) -> pystac_client.ItemSearch:
    return pystac_client.Client.open(api).search(
        collections=["landsat_ot_c2_l2"], bbox=PLACE, datetime="2024-07-01/2024-07-31", max_items=2
    )


def test_odc_stac_finds_grid_and_types_by_itself(api: str) -> None:
    loaded = odc.stac.load(list(search(api).items()), bands=["red", "nir08", "qa_pixel"], bbox=PLACE, groupby="id")
    assert loaded.odc.geobox.resolution.x == 30
    assert {name: str(band.dtype) for name, band in loaded.data_vars.items()} == {
        "red": "uint16",
        "nir08": "uint16",
        "qa_pixel": "uint16",
    }
    assert int(loaded.red.isel(time=0).max()) > 0


def stacked(items: Any) -> Any:
    return stackstac.stack(items, assets=["red"], bounds_latlon=PLACE, gdal_env=stackstac.DEFAULT_GDAL_ENV).isel(time=0)


def test_stackstac_stacks_dictionaries_and_pystac_items_alike(api: str) -> None:
    plain = list(search(api).items_as_dicts())[:1]
    first = stacked(plain)
    assert first.epsg == plain[0]["properties"]["proj:epsg"]
    assert first.attrs["resolution"] == 30
    again = stacked(for_stackstac(list(search(api).items())[:1]))
    assert again.equals(first)
    assert float(first.max()) < 2, "reflectance, not numbers of the file"
