"""Ids in any form mean the Items of the datasets that have this form."""

from __future__ import annotations

import pytest

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import Dataset
from stac_bridge.mapping import load_mappings
from stac_bridge.search.params.ids import EntityId, ItemId, PartialId, ids_filter, is_recognized, resolve_id
from tests.recorded_m2m import recordings

MAPPINGS = load_mappings()
LANDSAT_SCENES = [
    ("LC91950292024211LGN00", {"landsat_ot_c2_l1", "landsat_ot_c2_l2"}),
    ("LO81950292024211LGN00", {"landsat_ot_c2_l1", "landsat_ot_c2_l2"}),
    ("LT81950292014211LGN01", {"landsat_ot_c2_l1", "landsat_ot_c2_l2"}),
    ("LE71950292004211ASN00", {"landsat_etm_c2_l1", "landsat_etm_c2_l2"}),
    ("LT51950292004211KIS00", {"landsat_tm_c2_l1", "landsat_tm_c2_l2"}),
    ("LM11950291974211AAA01", {"landsat_mss_c2_l1"}),
]


def entry(alias: str) -> Entry:
    return Entry(Dataset.model_validate({"datasetAlias": alias, "datasetId": "1"}), MAPPINGS.for_dataset(alias))


def recognizing(identifier: str) -> set[str]:
    return {alias for alias in MAPPINGS.by_dataset if is_recognized(identifier, entry(alias))}


@pytest.mark.parametrize(("scene_id", "aliases"), LANDSAT_SCENES)
def test_a_scene_id_shows_the_sensor_and_not_the_level(scene_id: str, aliases: set[str]) -> None:
    assert recognizing(scene_id) == aliases
    assert recognizing(f"{scene_id}_B4.TIF") == aliases
    assert {resolve_id(scene_id, entry(alias)) for alias in aliases} == {EntityId("landsat:scene_id", scene_id)}


@pytest.mark.parametrize(
    ("identifier", "alias", "item"),
    [
        ("LC09_L2SP_195029_20240729_20240730_02_T1_SR_B4.TIF", "landsat_ot_c2_l2", None),
        (
            "LC09_L2SR_195029_20240729_20240730_02_T2.tar",
            "landsat_ot_c2_l2",
            "LC09_L2SR_195029_20240729_20240730_02_T2",
        ),
        (
            "LC09_L1TP_195029_20240729_20240730_02_RT_B8.TIF",
            "landsat_ot_c2_l1",
            "LC09_L1TP_195029_20240729_20240730_02_RT",
        ),
        (
            "LM01_L1TP_215025_19720816_20200909_02_T2_B4.TIF",
            "landsat_mss_c2_l1",
            "LM01_L1TP_215025_19720816_20200909_02_T2",
        ),
        ("LE07_AK_006008_20090905_20210430_02_SR_B3.TIF", "landsat_ard_tile_c2", "LE07_AK_006008_20090905_20210430_02"),
        ("DZB00403600089H015001_a.tif", "declassii", "DZB00403600089H015001"),
        ("D3C1213-200346A003.tgz", "declassiii", "D3C1213-200346A003"),
        ("s07_w006_3arc_v2.dt1", "srtm_v2", "SRTM3S07W006V2"),
        ("m_3511642_ne_11_060_20220707.jp2", "naip", "M_3511642_NE_11_060_20220707"),
        ("m_3511642_ne_11_060_20220707_20221213.zip", "naip", "M_3511642_NE_11_060_20220707_20221213"),
        ("L1C_T50QPL_A034120_20220103T024719.zip", "sentinel_2a", "L1C_T50QPL_A034120_20220103T024719"),
    ],
)
def test_the_name_of_a_file_is_recognized_by_one_dataset(identifier: str, alias: str, item: str | None) -> None:
    assert recognizing(identifier) == {alias}
    assert resolve_id(identifier, entry(alias)) == ItemId(item or identifier.removesuffix("_SR_B4.TIF"))


def test_a_collection_1_id_means_the_products_of_its_scene_at_any_level() -> None:
    identifier = "LC08_L1TP_029030_20200804_20200807_01_T1_B4.TIF"
    assert recognizing(identifier) == {"landsat_ot_c2_l1", "landsat_ot_c2_l2"}
    resolved = resolve_id(identifier, entry("landsat_ot_c2_l2"))
    assert resolved == PartialId(r"LC08\_L2%\_029030\_20200804\_%\_02\_%", "2020-08-04")


def test_a_day_that_does_not_exist_is_no_day_of_a_scene() -> None:
    assert not isinstance(resolve_id("LC08_L2SP_047027_20201304_02_T1", entry("landsat_ot_c2_l2")), PartialId)


def test_ids_of_several_datasets_are_one_filter_without_repetitions() -> None:
    ids = ["LC91950292024211LGN00", "LC91950292024211LGN00_B1.TIF", "LC09_L2SP_195029_20240729_20240730_02_T1.tar"]
    assert ids_filter(ids, [entry("landsat_ot_c2_l1"), entry("landsat_ot_c2_l2")]) == {
        "op": "or",
        "args": [
            {"op": "in", "args": [{"property": "id"}, ["LC09_L2SP_195029_20240729_20240730_02_T1"]]},
            {"op": "=", "args": [{"property": "landsat:scene_id"}, "LC91950292024211LGN00"]},
        ],
    }


def test_every_recorded_scene_is_meant_by_its_own_id() -> None:
    for alias, scenes in recordings().scenes.items():
        for scene in scenes:
            assert resolve_id(scene["displayId"], entry(alias)) == ItemId(scene["displayId"]), alias
            if alias.startswith("landsat_") and "_c2_l" in alias:
                assert resolve_id(scene["entityId"], entry(alias)) == EntityId("landsat:scene_id", scene["entityId"])


@pytest.mark.parametrize(
    ("identifier", "alias", "pattern", "day"),
    [
        ("EO1A0440342011198110KF_1T.ZIP", "eo1_ali_pub", "EO1A0440342011198110KF%", "2011-07-17"),
        ("EO1H0440342011198110KF", "eo1_hyp_pub", "EO1H0440342011198110KF%", "2011-07-17"),
        (
            "S2A_MSIL1C_20220103T024121_N0301_R089_T50QPL_20220103T042950.SAFE",
            *("sentinel_2a", r"L1C\_T50QPL\_%\_20220103T%", "2022-01-03"),
        ),
    ],
)
def test_the_name_of_a_product_means_the_items_of_its_day_that_are_named_alike(
    identifier: str, alias: str, pattern: str, day: str
) -> None:
    assert recognizing(identifier) == {alias}
    assert resolve_id(identifier, entry(alias)) == PartialId(pattern, day)


@pytest.mark.parametrize("identifier", ["EO1A0440342011366110KF_1T.ZIP", "EO1A0440342011000110KF_1T.ZIP"])
def test_a_name_with_a_day_that_its_year_lacks_is_of_no_dataset(identifier: str) -> None:
    assert recognizing(identifier) == set()
