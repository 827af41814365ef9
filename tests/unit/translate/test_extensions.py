"""Items and Collections have the current fields beside those that readers of older versions need."""

from __future__ import annotations

from typing import Any

import pytest

from stac_bridge.catalog import Entry, Together
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from stac_bridge.translate.collection import collection
from stac_bridge.translate.union import union_collection
from tests.support import SIGNED, entry_of, raw_scene
from tests.validation import validate

MAPPINGS = load_mappings()


def landsat() -> dict[str, Any]:
    translator, scene = Translator(entry_of("landsat_ot_c2_l2")), read_scene(raw_scene("landsat_ot_c2_l2"))
    return translator.finish(translator.core(scene), scene, "http://here/", SIGNED)


def entry(alias: str, union: str | None = None) -> Entry:
    dataset = Dataset.model_validate({"datasetAlias": alias, "datasetId": "5e83", "collectionName": alias})
    return Entry(dataset, MAPPINGS.for_dataset(alias), None, union)


def test_a_band_has_the_fields_of_both_versions_of_eo_and_raster() -> None:
    red = landsat()["assets"]["red"]
    assert red["eo:bands"][0]["common_name"] == "red"
    assert red["raster:bands"][0]["scale"] == 0.0000275
    (band,) = red["bands"]
    assert (band["name"], band["eo:common_name"], band["eo:center_wavelength"]) == ("OLI_B4", "red", 0.65)
    assert (band["raster:scale"], band["raster:offset"], band["raster:spatial_resolution"]) == (0.0000275, -0.2, 30)
    assert (red["data_type"], red["nodata"]) == ("uint16", 0)


def test_a_raster_that_is_no_band_has_its_scale_in_both_versions() -> None:
    emissivity = landsat()["assets"]["emis"]
    assert emissivity["bands"] == [{"raster:scale": 0.0001, "raster:spatial_resolution": 30}]
    assert emissivity["raster:bands"][0]["scale"] == 0.0001


def test_the_bucket_of_usgs_is_a_storage_scheme_that_its_files_refer_to() -> None:
    item = landsat()
    (scheme,) = item["properties"]["storage:schemes"].items()
    name, values = scheme
    assert (values["type"], values["bucket"], values["region"]) == ("aws-s3", "usgs-landsat", "us-west-2")
    assert values["requester_pays"] is True
    other = item["assets"]["red"]["alternate"]["s3"]
    assert other["storage:refs"] == [name]
    assert other["alternate:name"]
    assert other["storage:platform"] == "AWS"
    assert "storage:schemes" not in {**item["assets"]["thumbnail"]}


def test_the_declared_versions_are_those_of_the_page_about_readers() -> None:
    urls = {url.rpartition("/v")[0].rpartition("/")[2]: url for url in landsat()["stac_extensions"]}
    assert urls["storage"].endswith("/v2.0.0/schema.json")
    assert urls["alternate-assets"].endswith("/v1.2.0/schema.json")
    assert urls["eo"].endswith("/v1.1.0/schema.json")
    assert urls["raster"].endswith("/v1.1.0/schema.json")


ALIASES = [f"landsat_{sensor}_c2_{level}" for sensor in ("ot", "etm", "tm") for level in ("l1", "l2")]


@pytest.mark.parametrize("alias", [*ALIASES, "landsat_mss_c2_l1", "landsat_ard_tile_c2", "naip"])
def test_a_collections_renders_are_valid_and_of_assets_that_its_items_have(alias: str) -> None:
    document = collection(entry(alias), "http://here/")
    assert "color_infrared" in document["renders"]
    assert ("true_color" in document["renders"]) == (alias != "landsat_mss_c2_l1")
    assert any("/render/v2.0.0/" in url for url in document["stac_extensions"])
    for render in document["renders"].values():
        assert alias == "naip" or set(render["assets"]) <= set(document["item_assets"])
        assert len(render.get("rescale", render["assets"])) == len(render["assets"])
    validate(document)


def test_a_union_has_the_renders_that_all_its_datasets_share() -> None:
    unions = {union.union: union for union in MAPPINGS.unions}
    two = unions["landsat-c2-l2"]
    members = tuple(entry(alias, two.union) for alias in two.datasets)
    assert set(union_collection(Together(two, members), "http://here/")["renders"]) >= {"true_color"}
    one = unions["landsat-c2-l1"]
    members = tuple(entry(alias, one.union) for alias in one.datasets)
    assert "renders" not in union_collection(Together(one, members), "http://here/")
