"""The grids of tiles that are named by their place are exact, and readers need nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import odc.stac
import pystac
import pytest
import rasterio
import stackstac
from pyproj import CRS, Transformer
from rasterio.transform import Affine

from stac_bridge import compat
from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.m2m.models.datasets import Dataset, DatasetProduct
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from stac_bridge.translate.properties.tile_grid import tile_reader
from tests.support import SIGNED

MAPPINGS = load_mappings()
ARD = "landsat_ard_tile_c2"
ELEVATION = (DatasetProduct(product_id="1", code="D9", name="GeoTIFF 1 Arc-second"),)


def item_of(alias: str, display_id: str, ring: list[list[float]], *products: DatasetProduct) -> dict[str, Any]:
    """Return the Item of a scene without metadata."""
    dataset = Dataset.model_validate({"datasetId": "5e83", "datasetAlias": alias, "collectionName": alias})
    translator = Translator(Entry(dataset, MAPPINGS.for_dataset(alias), DatasetDetails((), products)))
    scene = read_scene(
        {
            "entityId": display_id,
            "displayId": display_id,
            "spatialCoverage": {"type": "Polygon", "coordinates": [ring]},
            "temporalCoverage": {"startDate": "2023-09-09 00:00:00", "endDate": "2023-09-09 00:00:00"},
            "options": {"download": True},
        }
    )
    return translator.finish(translator.core(scene), scene, "http://here/", SIGNED)


def box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


# The values of LC09_CU_003004 are those of a live Item [REFERENCE §15].
@pytest.mark.parametrize(
    ("display_id", "west", "north", "code"),
    [
        ("LC09_CU_003004_20230909_20230914_02", -2115585, 2714805, "USARD-CU-003004"),
        ("LE07_CU_027018_20161115_20210502_02", 1484415, 614805, "USARD-CU-027018"),
        ("LC08_AK_016002_20200703_20210504_02", 198285, 2174325, "USARD-AK-016002"),
        ("LT05_HI_004001_19900703_20210504_02", 155655, 2018895, "USARD-HI-004001"),
    ],
)
def test_an_ard_tile_has_the_grid_of_its_column_and_row(display_id: str, west: int, north: int, code: str) -> None:
    properties = item_of(ARD, display_id, box(-120, 40, -118, 42))["properties"]
    assert properties["grid:code"] == code
    assert properties["proj:code"] is None
    assert properties["proj:shape"] == [5000, 5000]
    assert properties["proj:transform"] == [30.0, 0.0, west, 0.0, -30.0, north]


def test_level_3_has_the_tiles_of_ard() -> None:
    properties = item_of("landsat_dswe_tile_c2", "LC08_CU_003004_20230909_20230914_02_DSWE", box(0, 0, 1, 1))[
        "properties"
    ]
    assert properties["grid:code"] == "USARD-CU-003004"
    assert properties["proj:transform"] == [30.0, 0.0, -2115585.0, 0.0, -30.0, 2714805.0]


def test_stackstac_needs_an_epsg_code_for_ard() -> None:
    item = item_of(ARD, "LC09_CU_003004_20230909_20230914_02", box(-123.1, 43.4, -120.8, 45.1))
    with pytest.raises(ValueError, match="epsg"):
        stackstac.stack(compat.for_stackstac([item]), assets=["red"])


def test_the_ard_tile_of_a_known_place_covers_it() -> None:
    properties = item_of(ARD, "LC08_AK_016002_20200703_20210504_02", box(-150, 68, -148, 70))["properties"]
    to_grid = Transformer.from_crs(4326, CRS.from_wkt(properties["proj:wkt2"]), always_xy=True)
    west, north = properties["proj:transform"][2], properties["proj:transform"][5]
    x, y = to_grid.transform(-148.75, 69.1)  # the Dalton Highway, in this tile by the reference
    assert west <= x <= west + 150_000
    assert north - 150_000 <= y <= north


@pytest.mark.parametrize(
    ("region", "parallels", "origin"),
    [("CU", (29.5, 45.5), (-96, 23)), ("AK", (55, 65), (-154, 50)), ("HI", (8, 18), (-157, 3))],
)
def test_each_region_has_its_own_albers_projection(
    region: str, parallels: tuple[float, float], origin: tuple[float, float]
) -> None:
    wkt = item_of(ARD, f"LC08_{region}_001001_20200703_20210504_02", box(0, 0, 1, 1))["properties"]["proj:wkt2"]
    crs = CRS.from_wkt(wkt)
    parameters = {row.name: row.value for row in crs.coordinate_operation.params}
    assert tuple(parameters[f"Latitude of {which} standard parallel"] for which in ("1st", "2nd")) == parallels
    assert tuple(parameters[f"{axis} of false origin"] for axis in ("Longitude", "Latitude")) == origin
    assert crs.datum.name == "World Geodetic System 1984"


@pytest.mark.parametrize(
    "display_id",
    [
        "LC09_CU_033004_20230909_20230914_02",
        "LC09_CU_003022_20230909_20230914_02",
        "LC09_XX_003004_20230909_20230914_02",
        "LC09_CU_00A004_20230909_20230914_02",
        "something else",
    ],
)
def test_a_tile_outside_every_region_has_no_grid(display_id: str) -> None:
    properties = item_of(ARD, display_id, box(0, 0, 1, 1))["properties"]
    assert not [name for name in properties if name.startswith(("proj:", "grid:"))]


@pytest.mark.parametrize(
    ("alias", "display_id", "shape", "transform"),
    [
        ("srtm_v3", "SRTM1N33W099V3", [3601, 3601], [1 / 3600, 0, -99 - 1 / 7200, 0, -1 / 3600, 34 + 1 / 7200]),
        ("srtm_v3", "SRTM1S23W050V3", [3601, 3601], [1 / 3600, 0, -50 - 1 / 7200, 0, -1 / 3600, -22 + 1 / 7200]),
        ("srtm_v3", "SRTM1N49E009V3", [3601, 3601], [1 / 3600, 0, 9 - 1 / 7200, 0, -1 / 3600, 50 + 1 / 7200]),
        ("srtm_v3", "SRTM1N50E000V3", [3601, 1801], [2 / 3600, 0, -1 / 3600, 0, -1 / 3600, 51 + 1 / 7200]),
        ("srtm_v3", "SRTM1S51W070V3", [3601, 1801], [2 / 3600, 0, -70 - 1 / 3600, 0, -1 / 3600, -50 + 1 / 7200]),
        ("srtm_v2", "SRTM3N07W006V2", [1201, 1201], [3 / 3600, 0, -6 - 3 / 7200, 0, -3 / 3600, 8 + 3 / 7200]),
        ("srtm", "SRTM1N30W088V1", [3601, 3601], [1 / 3600, 0, -88 - 1 / 7200, 0, -1 / 3600, 31 + 1 / 7200]),
    ],
)
def test_an_srtm_tile_has_pixel_centers_on_the_degree_lines(
    alias: str, display_id: str, shape: list[int], transform: list[float]
) -> None:
    properties = item_of(alias, display_id, box(0, 0, 1, 1))["properties"]
    assert properties["proj:code"] == "EPSG:4326"
    assert properties["proj:shape"] == shape
    assert properties["proj:transform"] == pytest.approx(transform, abs=1e-12)


@pytest.mark.parametrize("display_id", ["SRTM1N60E010V3", "SRTM2N10E010V3", "SRTM1X10E010V3", "N12E042.SRTMGL3S"])
def test_a_tile_of_unknown_spacing_or_name_has_no_pixels(display_id: str) -> None:
    assert tile_reader(MAPPINGS.for_dataset("srtm_v3"))(display_id) == {}  # type: ignore[misc]


def local(item: dict[str, Any], assets: list[str], folder: Path, value: int) -> pystac.Item:
    """Return the Item with files on this disk that have its grid and CRS, and a value in every pixel."""
    properties = item["properties"]
    height, width = properties["proj:shape"]
    profile = {
        "driver": "GTiff", "dtype": "uint16", "count": 1, "width": width, "height": height, "tiled": True,
        "crs": properties["proj:code"] or properties["proj:wkt2"], "compress": "deflate",
        "transform": Affine(*properties["proj:transform"]),
    }  # fmt: skip
    path = folder / f"{item['id']}.tif"
    with rasterio.open(path, "w", **profile) as file:
        file.write(np.full((height, width), value, "uint16"), 1)
    for name in assets:
        item["assets"][name]["href"] = path.as_uri()
    return pystac.Item.from_dict(item)


@pytest.mark.slow
def test_odc_loads_ard_without_configuration(tmp_path: Path) -> None:
    item = item_of(ARD, "LC09_CU_003004_20230909_20230914_02", box(-123.1, 43.4, -120.8, 45.1))
    loaded = odc.stac.load([local(item, ["red"], tmp_path, 7)], bands=["red"], bbox=(-122.0, 44.2, -121.9, 44.3))
    assert "Albers" in loaded.odc.geobox.crs.proj.coordinate_operation.method_name
    assert loaded.odc.geobox.resolution.x == 30
    assert loaded["red"].dtype == "uint16"
    assert (loaded["red"].values == 7).all()


def test_odc_loads_srtm_without_configuration(tmp_path: Path) -> None:
    item = item_of("srtm_v3", "SRTM1N33W099V3", box(-99, 33, -98, 34), *ELEVATION)
    loaded = odc.stac.load([local(item, ["elevation"], tmp_path, 400)], bbox=(-98.6, 33.4, -98.5, 33.5))
    assert set(loaded.data_vars) == {"elevation"}
    assert loaded.odc.geobox.crs.to_epsg() == 4326
    assert loaded.odc.geobox.resolution.x == pytest.approx(1 / 3600)
    assert (loaded["elevation"].values == 400).all()
