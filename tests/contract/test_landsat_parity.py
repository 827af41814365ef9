"""Our Items of real Landsat products say what USGS's own files and the later LandsatLook form say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.contract.landsat import facts_of, item_of
from tests.support import SHARED, needs_shared
from tests.validation import validate

LANDSAT = SHARED / "stac" / "landsat"
PRODUCTS = sorted(LANDSAT.glob("*_MTL.xml"))
THEIRS = sorted((SHARED / "stac" / "stactools").glob("L*.json"))
DOC = Path(__file__).resolve().parents[2] / "docs" / "datasets.md"

pytestmark = needs_shared


@pytest.mark.parametrize("path", PRODUCTS, ids=lambda path: path.stem)
def test_an_item_says_what_the_products_metadata_file_says(path: Path) -> None:
    mtl = facts_of(path)
    item = item_of(mtl)
    validate(item)
    said = item["properties"]
    size = float(mtl["GRID_CELL_SIZE_REFLECTIVE"])
    assert item["id"] == mtl["LANDSAT_PRODUCT_ID"]
    expected = {
        "platform": mtl["SPACECRAFT_ID"].lower().replace("_", "-"),
        "instruments": [part.lower().replace("etm", "etm+") for part in mtl["SENSOR_ID"].split("_")],
        "gsd": size,
        "eo:cloud_cover": float(mtl["CLOUD_COVER"]),
        "view:off_nadir": 0 if mtl.get("NADIR_OFFNADIR") == "NADIR" else None,
        "view:sun_azimuth": float(mtl["SUN_AZIMUTH"]),
        "view:sun_elevation": float(mtl["SUN_ELEVATION"]),
        "landsat:cloud_cover_land": float(mtl["CLOUD_COVER_LAND"]),
        "landsat:wrs_type": mtl["WRS_TYPE"],
        "landsat:wrs_path": mtl["WRS_PATH"].zfill(3),
        "landsat:wrs_row": mtl["WRS_ROW"].zfill(3),
        "landsat:collection_category": mtl["COLLECTION_CATEGORY"],
        "landsat:collection_number": mtl["COLLECTION_NUMBER"],
        "landsat:correction": mtl["PROCESSING_LEVEL"],
        "landsat:scene_id": mtl["LANDSAT_SCENE_ID"],
        "sci:doi": mtl["DIGITAL_OBJECT_IDENTIFIER"].removeprefix("https://doi.org/"),
        "proj:code": f"EPSG:{32600 + int(mtl['UTM_ZONE'])}",
        "proj:epsg": 32600 + int(mtl["UTM_ZONE"]),
        "proj:shape": [int(mtl["REFLECTIVE_LINES"]), int(mtl["REFLECTIVE_SAMPLES"])],
        "proj:transform": [
            *(size, 0.0, float(mtl["CORNER_UL_PROJECTION_X_PRODUCT"]) - size / 2),
            *(0.0, -size, float(mtl["CORNER_UL_PROJECTION_Y_PRODUCT"]) + size / 2),
        ],
    }
    assert {name: said.get(name) for name in expected} == expected
    centre = datetime.fromisoformat(f"{mtl['DATE_ACQUIRED']}T{mtl['SCENE_CENTER_TIME'][:15]}+00:00")
    assert abs((datetime.fromisoformat(said["datetime"]) - centre).total_seconds()) <= 1


@pytest.mark.parametrize("path", PRODUCTS, ids=lambda path: path.stem)
def test_every_file_that_the_product_lists_is_an_asset(path: Path) -> None:
    mtl = facts_of(path)
    listed = {
        value
        for name, value in mtl.items()
        if name.startswith("FILE_NAME_") and value.startswith(mtl["LANDSAT_PRODUCT_ID"])
    }
    ours = {
        asset["href"].rpartition("/")[2]
        for asset in item_of(mtl)["assets"].values()
        if not {"thumbnail", "overview"} & {*asset["roles"]}
    }
    assert ours == listed


def alternates(item: dict[str, Any]) -> dict[str, str]:
    return {
        asset["alternate"]["s3"]["href"].rpartition("/")[2]: asset["alternate"]["s3"]["href"]
        for asset in item["assets"].values()
        if "alternate" in asset
    }


@pytest.mark.parametrize(
    "name", ["LM01_L1GS_001010_19720908_20200909_02_T2", "LT05_L2SP_010067_19860424_20200918_02_T2"]
)
def test_the_bucket_addresses_are_those_that_usgs_publishes(name: str) -> None:
    ours = alternates(item_of(facts_of(LANDSAT / f"{name}_MTL.xml")))
    theirs: dict[str, str] = {}
    for path in LANDSAT.glob(f"{name}*_stac.json"):
        theirs |= alternates(orjson.loads(path.read_bytes()))
    assert ours
    assert ours == {file: theirs[file] for file in ours}


def told(item: dict[str, Any]) -> dict[str, Any]:
    """Everything an Item says of itself and its assets, but for words of explanation and addresses, by path."""
    found = {f"properties.{name}": value for name, value in item["properties"].items()}
    for key, asset in item["assets"].items():
        found[f"assets.{key}"] = True
        found |= {
            f"assets.{key}.{name}": value
            for name, value in asset.items()
            if name not in ("href", "description", "classification:bitfields")
        }
        for bit in asset.get("classification:bitfields", ()):
            classes = [(one["value"], one["name"]) for one in bit["classes"]]
            found[f"assets.{key}.bits.{bit['name']}"] = (bit["offset"], bit["length"], classes)
    found |= {f"links.via.{link['href'].rpartition('/')[2]}": True for link in item["links"] if link["rel"] == "via"}
    return found


def differences() -> Iterator[str]:
    """The paths in which what others make of the same products is not what we make."""
    for path in THEIRS:
        their_item = orjson.loads(path.read_bytes())
        (mtl,) = (facts_of(one) for one in PRODUCTS if their_item["id"].split("_")[2:4] == one.stem.split("_")[2:4])
        ours, theirs = told(item_of(mtl)), told(their_item)
        yield from (name for name, value in theirs.items() if ours.get(name) != value)


def test_what_others_make_of_the_same_products_differs_only_as_the_docs_say() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| [^|]{20,} \|$", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(differences()) == set(rows)
