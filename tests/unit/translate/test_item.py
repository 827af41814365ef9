"""A scene becomes an Item that agrees with what others make of the same scene."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from stac_bridge.m2m.models import read_scene
from stac_bridge.translate import Translator
from tests.support import SHARED, entry_of, needs_shared, raw_scene

ID = "LC08_L2SP_047027_20201204_20210313_02_T1"


def translated(dataset: str = "landsat_ot_c2_l2", **changes: Any) -> dict[str, Any]:
    translator, scene = Translator(entry_of(dataset)), read_scene(raw_scene(dataset, **changes))
    return translator.finish(translator.core(scene), scene, "http://here/", lambda key, name: f"signed:{key}/{name}")


@needs_shared
def test_a_landsat_item_agrees_with_the_one_that_others_make() -> None:
    theirs = orjson.loads((SHARED / "stac/stactools/LC08_L2SP_047027_20201204_02_T1.json").read_bytes())
    ours = translated()
    properties = {name: value for name, value in theirs["properties"].items() if name not in ("created", "datetime")}
    assert {name: ours["properties"].get(name) for name in properties} == properties
    assert ours["properties"]["datetime"] == "2020-12-04T19:02:11.194486Z"
    # M2M gives footprints to five decimals, and does not offer the JSON form of the MTL.
    assert set(ours["assets"]) == set(theirs["assets"]) - {"mtl.json"}
    for key, asset in ours["assets"].items():
        told = theirs["assets"][key]
        assert asset["type"] == told["type"], key
        assert asset["roles"] == told["roles"], key
        assert (
            asset["href"].rpartition("/")[2] == told["href"].rpartition("/")[2] or "browse" in key or key == "thumbnail"
        )
        for band in ("eo:bands", "raster:bands"):
            assert asset.get(band) == told.get(band), (key, band)
        bits = {bit["name"]: (bit["offset"], bit["length"]) for bit in asset.get("classification:bitfields", [])}
        assert bits == {bit["name"]: (bit["offset"], bit["length"]) for bit in told.get("classification:bitfields", [])}


def test_the_grid_is_exact() -> None:
    properties = translated()["properties"]
    assert properties["proj:code"] == "EPSG:32610"
    assert properties["proj:shape"] == [7971, 7861]
    assert properties["proj:transform"] == [30.0, 0.0, 353685.0, 0.0, -30.0, 5374215.0]


def test_a_grid_that_does_not_close_is_absent_but_its_crs_is_not() -> None:
    properties = translated(fields={"Corner Upper Left Latitude": "48.51"})["properties"]
    assert properties["proj:code"] == "EPSG:32610"
    assert "proj:shape" not in properties
    assert "proj:transform" not in properties


@pytest.mark.parametrize(
    ("decimal", "slot", "told"),
    [("1.55", 2, 1.55), ("", 2, 2), (None, "44.79", 44.79), (None, -1, None), ("-1", "-1", None), (None, None, None)],
)
def test_cloud_is_the_decimal_field_else_the_slot_and_unknown_is_absent(
    decimal: Any, slot: Any, told: float | None
) -> None:
    found = translated(cloudCover=slot, fields={"Scene Cloud Cover L1": decimal})
    assert found["properties"].get("eo:cloud_cover") == told


def test_path_and_row_are_text_of_three_digits() -> None:
    properties = translated()["properties"]
    assert (properties["landsat:wrs_path"], properties["landsat:wrs_row"]) == ("047", "027")


def test_surface_temperature_is_on_l2sp_scenes_only() -> None:
    sr = translated(displayId=ID.replace("L2SP", "L2SR"))
    assert sr["properties"]["landsat:correction"] == "L2SR"
    assert {"lwir11", "qa", "emis", "trad"} & set(sr["assets"]) == set()
    assert {"red", "qa_pixel", "mtl.xml", "ang"} <= set(sr["assets"])


def test_a_scene_that_cannot_be_downloaded_has_pictures_only() -> None:
    item = translated("corona2")
    assert set(item["assets"]) == {"thumbnail", "reduced_resolution_browse"}


def test_products_of_other_datasets_are_assets_with_stable_keys() -> None:
    item = translated("corona2", options={"download": True})
    assert item["assets"]["d183_standard_format"]["href"] == "signed:d183_standard_format/DS1117-2086DA001"


def test_a_day_without_a_time_is_a_span() -> None:
    properties = translated("corona2")["properties"]
    assert properties["datetime"] is None
    assert properties["start_datetime"] == "1972-05-31T00:00:00Z"
    assert properties["end_datetime"] == "1972-05-31T23:59:59Z"


def test_the_middle_stays_within_the_day_of_acquisition() -> None:
    item = translated(fields={"Start Time": "2020-12-04 23:59:59.5", "Stop Time": "2020-12-05 00:00:01.5"})
    assert item["properties"]["datetime"] == "2020-12-04T23:59:59.999999Z"


def test_a_footprint_at_zero_is_no_place() -> None:
    nowhere = {"type": "Polygon", "coordinates": [[[0, 0], [0, 0], [0, 0], [0, 0]]]}
    item = translated("corona2", spatialCoverage=nowhere, spatialBounds={"type": "Point", "coordinates": [0, 0]})
    assert item["geometry"] is None
    assert "bbox" not in item


def test_a_footprint_past_180_is_cut_and_its_bbox_crosses() -> None:
    ring = [[179.5, 60.0], [181.5, 60.5], [181.0, 62.0], [179.0, 61.5], [179.5, 60.0]]
    item = translated(spatialCoverage={"type": "Polygon", "coordinates": [ring]})
    assert item["geometry"]["type"] == "MultiPolygon"
    west, _south, east, _north = item["bbox"]
    assert (west, east) == (179.0, -178.5)


def test_the_same_scene_becomes_the_same_bytes() -> None:
    assert orjson.dumps(translated()) == orjson.dumps(translated())


def test_links_lead_to_where_the_item_belongs() -> None:
    links = {link["rel"]: link["href"] for link in translated()["links"]}
    assert links["self"] == f"http://here/collections/landsat_ot_c2_l2/items/{ID}"
    assert links["collection"] == links["parent"] == "http://here/collections/landsat_ot_c2_l2"
    assert links["root"] == "http://here/"
