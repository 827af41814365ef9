"""What the page about other programs says was tried is tried again, where the programs are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import rasterio

from tests.docs.shell import HERE, ROOT, run_blocks

pytestmark = pytest.mark.long

PAGE = (ROOT / "docs" / "ecosystem.md").read_text(encoding="utf-8")
DEBIANS = "/usr/bin/python3"
"""QGIS is a module of the system's Python, not of ours."""


def blocks(section: str, *languages: str) -> list[tuple[str, str]]:
    (prose,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    found = re.findall(r"^```(\w+)\n(.*?)^```$", prose, re.MULTILINE | re.DOTALL)
    return [block for block in found if not languages or block[0] in languages]


def ran(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def has(*command: str) -> bool:
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True).returncode == 0


def test_duckdb_and_geopandas_read_a_saved_search(api: str, tmp_path: Path) -> None:
    assert run_blocks(blocks("DuckDB and geopandas"), api, tmp_path) == "4326 True\n"


def test_rasterio_and_geopandas_read_the_catalogue_as_the_page_shows(api: str, tmp_path: Path) -> None:
    run_blocks(blocks("GDAL", "python", "text"), api, tmp_path)


def test_a_mosaic_of_items_without_a_grid_is_refused_as_the_page_says(api: str) -> None:
    with pytest.raises(rasterio.errors.RasterioIOError) as refused:
        rasterio.open(f'STACIT:"{api}/search?collections=naip&datetime=2022-06-01T00:00:00Z/2022-06-30T00:00:00Z"')
    assert f'"{refused.value}"' in PAGE


@pytest.mark.skipif(not has("gdalinfo", "--version"), reason="gdal-bin is not installed: its commands were not run")
def test_gdals_commands_read_the_catalogue(api: str, tmp_path: Path) -> None:
    run_blocks(blocks("GDAL", "sh"), api, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"red.tif", "footprints.gpkg", "july.gpkg"}


@pytest.mark.skipif(not has(DEBIANS, "-c", "import qgis.core"), reason="QGIS is not installed: its recipe was not run")
def test_qgis_opens_footprints_a_collection_and_a_band(api: str) -> None:
    (_, script), (_, shown) = blocks("QGIS")
    assert ran(DEBIANS, "-c", script.replace(HERE, api) + "os._exit(0)") == shown


@pytest.mark.skipif(
    not has("Rscript", "-e", "library(httr);library(jsonlite);library(sf)"), reason="R is not installed"
)
def test_r_pages_through_a_search_and_reads_its_footprints(api: str) -> None:
    (_, script), (_, shown), _untried = blocks("R")
    assert ran("Rscript", "-e", script.replace(HERE, api)) == shown


def test_rustac_pages_filters_and_saves(api: str, tmp_path: Path) -> None:
    everything, clear, saved = map(int, run_blocks(blocks("rustac"), api, tmp_path).split())
    assert everything == saved == 16
    assert 0 < clear < 16
