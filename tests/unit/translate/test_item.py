"""A scene becomes an Item that agrees with the Items of other services for the same scene."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.m2m.models.datasets import Dataset, DatasetProduct
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from tests.support import SHARED, SIGNED, entry_of, needs_shared, raw_scene

ID = "LC08_L2SP_047027_20201204_20210313_02_T1"
PICTURES = {"thumbnail", "reduced_resolution_browse"}


def translated(dataset: str = "landsat_ot_c2_l2", **changes: Any) -> dict[str, Any]:
    """Return the Item of a dataset's recorded scene with these changes."""
    translator, scene = Translator(entry_of(dataset)), read_scene(raw_scene(dataset, **changes))
    return translator.finish(translator.core(scene), scene, "http://here/", SIGNED)


@needs_shared
def test_a_landsat_item_agrees_with_the_one_of_stactools() -> None:
    theirs = orjson.loads((SHARED / "stac/stactools/LC08_L2SP_047027_20201204_02_T1.json").read_bytes())
    ours = translated()
    properties = {name: value for name, value in theirs["properties"].items() if name not in ("created", "datetime")}
    assert {name: ours["properties"].get(name) for name in properties} == properties
    assert ours["properties"]["datetime"] == "2020-12-04T19:02:11.194486Z"
    # M2M has footprints with five decimals, and no JSON form of the MTL.
    assert set(ours["assets"]) == set(theirs["assets"]) - {"mtl.json"}
    for key, asset in ours["assets"].items():
        expected = theirs["assets"][key]
        assert asset["type"] == expected["type"], key
        assert asset["roles"] == expected["roles"], key
        is_picture = "browse" in key or key == "thumbnail"
        assert is_picture or asset["href"].rpartition("/")[2] == expected["href"].rpartition("/")[2]
        for band in ("eo:bands", "raster:bands"):
            assert asset.get(band) == expected.get(band), (key, band)
        assert bitfields(asset) == bitfields(expected)


def bitfields(asset: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return (offset, length) of an asset's bit fields by name."""
    return {bit["name"]: (bit["offset"], bit["length"]) for bit in asset.get("classification:bitfields", [])}


def test_the_grid_is_exact() -> None:
    properties = translated()["properties"]
    assert properties["proj:code"] == "EPSG:32610"
    assert properties["proj:shape"] == [7971, 7861]
    assert properties["proj:transform"] == [30.0, 0.0, 353685.0, 0.0, -30.0, 5374215.0]


def test_corners_that_are_not_a_rectangle_make_no_grid_but_a_crs() -> None:
    properties = translated(fields={"Corner Upper Left Latitude": "48.51"})["properties"]
    assert properties["proj:code"] == "EPSG:32610"
    assert "proj:shape" not in properties
    assert "proj:transform" not in properties


@pytest.mark.parametrize(
    ("decimal", "slot", "cloud_cover"),
    [("1.55", 2, 1.55), ("", 2, 2), (None, "44.79", 44.79), (None, -1, None), ("-1", "-1", None), (None, None, None)],
)
def test_cloud_is_the_decimal_field_else_the_slot_and_unknown_is_absent(
    decimal: Any, slot: Any, cloud_cover: float | None
) -> None:
    item = translated(cloudCover=slot, fields={"Scene Cloud Cover L1": decimal})
    assert item["properties"].get("eo:cloud_cover") == cloud_cover


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
    assert item["assets"]["d183_standard_format"]["href"] == "signed:d183_standard_format/DS1117-2086DA001.tif.gz"


def test_a_day_without_a_time_is_a_span() -> None:
    properties = translated("corona2")["properties"]
    assert properties["datetime"] is None
    assert properties["start_datetime"] == "1972-05-31T00:00:00Z"
    assert properties["end_datetime"] == "1972-05-31T23:59:59Z"


def test_the_middle_stays_within_the_day_of_acquisition() -> None:
    item = translated(fields={"Start Time": "2020-12-04 23:59:59.5", "Stop Time": "2020-12-05 00:00:01.5"})
    assert item["properties"]["datetime"] == "2020-12-04T23:59:59.999999Z"


def test_a_footprint_at_zero_is_absent() -> None:
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


def test_links_lead_to_the_items_collection_and_the_root() -> None:
    links = {link["rel"]: link["href"] for link in translated()["links"]}
    assert links["self"] == f"http://here/collections/landsat_ot_c2_l2/items/{ID}"
    assert links["collection"] == links["parent"] == "http://here/collections/landsat_ot_c2_l2"
    assert links["root"] == "http://here/"


def of_dataset(alias: str, display_id: str, **changes: Any) -> dict[str, Any]:
    """Return the Item of the recorded scene as one of another Landsat dataset."""
    dataset = Dataset.model_validate({"datasetAlias": alias, "datasetId": "5e81f14f59432a27"})
    translator = Translator(Entry(dataset, load_mappings().for_dataset(alias)))
    scene = read_scene(raw_scene("landsat_ot_c2_l2", displayId=display_id, **changes))
    return translator.finish(translator.core(scene), scene, "http://here/", SIGNED)


def test_the_panchromatic_band_has_a_grid_of_its_own() -> None:
    item = of_dataset("landsat_ot_c2_l1", "LC08_L1TP_047027_20201204_20210313_02_T1")
    assert item["properties"]["proj:shape"] == [7971, 7861]
    pan = item["assets"]["pan"]
    assert pan["proj:shape"] == [15941, 15721]
    assert pan["proj:transform"] == [15.0, 0.0, 353692.5, 0.0, -15.0, 5374207.5]
    assert "proj:shape" not in item["assets"]["red"]
    absent = of_dataset("landsat_ot_c2_l1", "LC08_L1TP_1", fields={"Corner Upper Left Latitude": "48.51"})
    assert "proj:shape" not in absent["assets"]["pan"]


def test_level_1_has_the_keys_of_landsatlook() -> None:
    keys = set(of_dataset("landsat_ot_c2_l1", "LC08_L1TP_047027_20201204_20210313_02_T1")["assets"])
    bands = {"coastal", "blue", "green", "red", "nir08", "swir16", "swir22", "pan", "cirrus", "lwir11", "lwir12"}
    angles = {"VAA", "VZA", "SAA", "SZA", "ang"}
    assert keys == bands | angles | {"qa_pixel", "qa_radsat", "mtl.txt", "mtl.xml", *PICTURES}


@pytest.mark.parametrize(("satellite", "first", "wrs"), [("LM01", 4, "1"), ("LM05", 1, "2")])
def test_mss_bands_are_numbered_by_the_satellite(satellite: str, first: int, wrs: str) -> None:
    item = of_dataset("landsat_mss_c2_l1", f"{satellite}_L1TP_047027_19750101_20200101_02_T2")
    bands = {key: asset["href"][-6:] for key, asset in item["assets"].items() if "eo:bands" in asset}
    assert bands == {key: f"B{first + place}.TIF" for place, key in enumerate(("green", "red", "nir08", "nir09"))}
    assert item["properties"]["landsat:wrs_type"] == wrs


def test_an_item_names_the_same_file_in_usgss_bucket() -> None:
    (other,) = translated()["assets"]["red"]["alternate"].values()
    assert other["href"] == (
        f"s3://usgs-landsat/collection02/level-2/standard/oli-tirs/2020/047/027/{ID}/{ID}_SR_B4.TIF"
    )
    assert other["storage:requester_pays"] is True
    assert "alternate" not in translated()["assets"]["thumbnail"]


def test_an_item_links_to_the_same_scene_at_other_services() -> None:
    via = [link["href"] for link in translated()["links"] if link["rel"] == "via"]
    assert via[0].endswith("/5e83d14f2fc39685/LC80470272020339LGN00/")
    assert [href.rpartition("/")[2] for href in via[1:]] == [f"{ID}_SR", f"{ID}_ST"]
    reflectance_only = translated(displayId=ID.replace("L2SP", "L2SR"))
    assert not [link for link in reflectance_only["links"] if link["href"].endswith("_ST")]


def test_land_cloud_that_was_not_computed_is_minus_1_as_the_extension_defines() -> None:
    item = translated(fields={"Land Cloud Cover": "-1"})
    assert item["properties"]["landsat:cloud_cover_land"] == -1
    assert any("landsat/v2" in url for url in item["stac_extensions"])


def test_an_item_that_is_invalid_by_the_landsat_schema_does_not_declare_it() -> None:
    item = translated(fields={"WRS Path": " 251"})
    assert item["properties"]["landsat:wrs_path"] == "251"
    assert not any("landsat/v2" in url for url in item["stac_extensions"])


def orderable(system: str | None, *, can_order: bool = True) -> dict[str, Any]:
    """Return the Item of a dataset whose only product comes from this download system."""
    entry = entry_of("corona2")
    product = DatasetProduct(product_id="5e839feb28131aac", code="D183", name="Standard Format", system=system)
    translator = Translator(replace(entry, details=DatasetDetails((), (product,))))
    scene = read_scene(raw_scene("corona2", options={"download": True, "order": can_order}))
    return translator.finish(translator.core(scene), scene, "http://here/", SIGNED)


@pytest.mark.parametrize("system", ["dds", "dds_ms", "dds_zip", "zip", "wms", "tram"])
def test_a_product_that_usgs_prepares_on_request_is_orderable(system: str) -> None:
    item = orderable(system)
    assert item["assets"]["d183_standard_format"]["order:status"] == "orderable"
    assert item["properties"]["order:status"] == "orderable"
    assert "order:status" not in item["assets"]["thumbnail"]
    assert any("/order/" in url for url in item["stac_extensions"])


@pytest.mark.parametrize("system", ["ls_s3", "ls_zip", "ls_frb", None, "something new"])
def test_a_product_of_another_or_unknown_system_is_not_orderable(system: str | None) -> None:
    assert b"order" not in orjson.dumps(orderable(system))


def test_a_staged_product_of_a_scene_that_takes_no_orders_is_not_orderable() -> None:
    item = orderable("dds", can_order=False)
    assert "d183_standard_format" in item["assets"]
    assert b"order:status" not in orjson.dumps(item)
    assert not any("/order/" in url for url in item["stac_extensions"])


def test_a_scene_that_can_only_be_ordered_has_the_order_status_itself() -> None:
    item = translated("corona2", options={"download": False, "order": True})
    assert item["properties"]["order:status"] == "orderable"
    assert set(item["assets"]) == PICTURES


@pytest.mark.parametrize(
    ("raw", "published"),
    [
        ("2021-03-18 12:22:01.205175-05", "2021-03-18T17:22:01Z"),
        ("2016-09-11 14:20:23", "2016-09-11T19:20:23Z"),
        ("2020-01-04T13:39:39", "2020-01-04T19:39:39Z"),
        ("Unknown", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("dataset", ["corona2", "landsat_ot_c2_l2"])
def test_published_is_the_publish_date_in_utc(dataset: str, raw: str | None, published: str | None) -> None:
    item = translated(dataset, publishDate=raw)
    assert item["properties"].get("published") == published
    assert any("/timestamps/" in url for url in item["stac_extensions"]) == (published is not None)
    assert "updated" not in item["properties"]


@pytest.mark.parametrize("dataset", ["landsat_ot_c2_l1", "landsat_ot_c2_l2"])
def test_a_real_time_item_links_to_the_product_that_replaces_it(dataset: str) -> None:
    def latest(category: str) -> list[str]:
        raw = raw_scene("landsat_ot_c2_l2", fields={"Collection Category": category})
        links = of_dataset(dataset, ID, metadata=raw["metadata"])["links"]
        return [link["href"] for link in links if link["rel"] == "latest-version"]

    assert latest("RT") == [
        f"http://here/search?collections={dataset}&filter=landsat:scene_id%3D%27LC80470272020339LGN00%27"
    ]
    assert latest("T1") == []


@pytest.mark.parametrize(
    ("look", "roll", "off_nadir"), [("NADIR", "-0.001", 0), ("OFFNADIR", "-7.5", 7.5), (None, None, None)]
)
def test_off_nadir_is_0_only_if_m2m_has_nadir(look: str | None, roll: str | None, off_nadir: float | None) -> None:
    raw = raw_scene("landsat_ot_c2_l2")
    fields = {"Nadir/Off Nadir": look, "Roll Angle": roll}
    metadata = [field for field in raw["metadata"] if field["fieldName"] not in fields]
    metadata += [{"fieldName": label, "value": value} for label, value in fields.items()]
    assert translated(metadata=metadata)["properties"].get("view:off_nadir") == off_nadir
    older = of_dataset("landsat_tm_c2_l2", "LT05_L2SP_047027_19850101_20200101_02_T2")
    assert "view:off_nadir" not in older["properties"]


def test_an_item_describes_how_to_renew_its_hrefs_and_requires_no_login() -> None:
    item = translated()
    assert not any("auth:refs" in asset for asset in item["assets"].values())
    (scheme,) = item["properties"]["auth:schemes"].values()
    assert scheme["type"] == "signedUrl"
    assert scheme["flows"]["authorizationCode"]["authorizationApi"] == "http://here/sign"
    assert item["properties"]["m2m:href_expires"] == SIGNED.expires


def test_an_item_without_signed_assets_has_no_signing_members() -> None:
    properties = translated("corona2", options={"download": False}, browse=[])["properties"]
    assert not {"auth:schemes", "m2m:href_expires"} & set(properties)
