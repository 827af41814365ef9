"""Assets are what the files are: name, media type, bands."""

from __future__ import annotations

from typing import Any

import pytest

from stac_bridge.catalog import DatasetDetails, Entry
from stac_bridge.m2m.models.datasets import Dataset, DatasetProduct
from stac_bridge.m2m.models.scenes import read_scene
from stac_bridge.mapping import load_mappings
from stac_bridge.translate import Translator
from tests.support import SIGNED, entry_of, raw_scene

ID = "LC08_L2SP_047027_20201204_20210313_02_T1"


def translated(dataset: str, **changes: Any) -> dict[str, Any]:
    """Return the Item of a dataset's recorded scene with these changes."""
    translator, scene = Translator(entry_of(dataset)), read_scene(raw_scene(dataset, **changes))
    return translator.finish(translator.core(scene), scene, "http://here/", SIGNED)


def names_of(item: dict[str, Any]) -> dict[str, str]:
    """Return the file name at the end of each asset's href, by key."""
    return {key: asset["href"].partition("?")[0].rpartition("/")[2] for key, asset in item["assets"].items()}


def test_landsats_two_pictures_have_usgss_names_for_them() -> None:
    item = translated("landsat_ot_c2_l2")
    names = names_of(item)
    assert names["thumbnail"] == f"{ID}_thumb_small.jpeg"
    assert names["reduced_resolution_browse"] == f"{ID}_thumb_large.jpeg"
    assert item["assets"]["thumbnail"]["href"].partition("?u=")[2].startswith("https://landsatlook.usgs.gov/gen-browse")


def test_pictures_keep_their_real_name_unless_two_have_the_same() -> None:
    picture = {"browsePath": "https://ims.cr.usgs.gov/browse/a/DS1.jpg", "thumbnailPath": None}
    names = names_of(translated("corona2", browse=[picture]))
    assert names == {"reduced_resolution_browse": "DS1.jpg"}
    both = {**picture, "thumbnailPath": "https://ims.cr.usgs.gov/thumbnail/a/DS1.jpg"}
    names = names_of(translated("corona2", browse=[both]))
    assert names == {"thumbnail": "DS1.jpg", "reduced_resolution_browse": "DS1117-2086DA001_browse.jpg"}


def delivered(alias: str, display_id: str, *products: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """Return the Item of a scene of a dataset that delivers these products (code, name)."""
    dataset = Dataset.model_validate({"datasetAlias": alias, "datasetId": "5e83a340bf820c39"})
    details = DatasetDetails(
        (), tuple(DatasetProduct(product_id=code, code=code, name=name) for code, name in products)
    )
    translator = Translator(Entry(dataset, load_mappings().for_dataset(alias), details))
    metadata = [{"fieldName": name, "value": value} for name, value in fields.items()]
    scene = read_scene(
        raw_scene("corona2", displayId=display_id, options={"download": True}, browse=[], metadata=metadata)
    )
    return translator.finish(translator.core(scene), scene, "http://here/", SIGNED)


NAIP = "M_2609727_SW_14_060_20201216"
GEOTIFF, GZIP = "image/tiff; application=geotiff", "application/gzip"
MEDIUM = "AERIAL PHOTO SINGLE FRAME MEDIUM RESOLUTION DOWNLOAD"
HIGH = MEDIUM.replace("MEDIUM", "HIGH")
TILE = "LC09_CU_003004_20230909_20230914_02"


@pytest.mark.parametrize(
    ("alias", "display_id", "product", "files"),
    [
        ("corona2", "DS1117-2086DA017", ("D183", "Standard Format"),
         {"DS1117-2086DA017.tif.gz": GZIP, "DS1117-2086DA017.tif": "image/tiff"}),
        ("declassii", "DZB00400800011H001001001", ("D185", "Standard Format"),
         {"DZB00400800011H001001001.tif.gz": GZIP, "DZB00400800011H001001001.tif": "image/tiff"}),
        ("declassiii", "D3C1213-400241A003", ("D186", "Standard Format"), {"D3C1213-400241A003.tgz": GZIP}),
        ("aerial_combin", "AR5880037725689", ("D197", MEDIUM), {"AR5880037725689.tif": "image/tiff"}),
        ("aerial_usarc", "ARB000010010023", ("D1", HIGH),
         {"ARB000010010023.tif.gz": GZIP, "ARB000010010023.tif": "image/tiff"}),
        ("nhap", "NB1NHAP800001001", ("D132", "NATIONAL HIGH ALTITUDE PROGRAM (NHAP/AHAP) MEDIUM RESOLUTION DOWNLOAD"),
         {"NB1NHAP800001001.tif": "image/tiff"}),
        ("aerial_combin", "AR4CO77B116N345", ("D555", "USGS CAMERA CALIBRATION REPORT DOWNLOAD"),
         {"AR4CO77B116N345_calibration_report.pdf": "application/pdf"}),
        ("srtm_v3", "SRTM1N33W099V3", ("D9", "GeoTIFF 1 Arc-second"), {"n33_w099_1arc_v3.tif": GEOTIFF}),
        ("srtm_v3", "SRTM1N33W099V3", ("D9", "DTED 1 Arc-second"), {"n33_w099_1arc_v3.dt2": "application/x-dted"}),
        ("srtm_v3", "SRTM1N33W099V3", ("D9", "BIL 1 Arc-second"), {"n33_w099_1arc_v3_bil.zip": "application/zip"}),
        ("srtm_v2", "SRTM3N07W006V2", ("D9", "GeoTIFF 3 Arc-second"), {"n07_w006_3arc_v2.tif": GEOTIFF}),
        ("srtm_v2", "SRTM3N07W006V2", ("D9", "DTED 3 Arc-second"), {"n07_w006_3arc_v2.dt1": "application/x-dted"}),
        ("gmted2010", "GMTED2010N10E000", ("D9", "7.5 ARC-SECOND"), {"GMTED2010N10E000_075.zip": "application/zip"}),
        ("naip", NAIP, ("D482", "Compressed"), {f"{NAIP.lower()}.jp2": "image/jp2"}),
        ("naip", NAIP, ("D441", "Full Resolution"), {f"{NAIP.lower()}.ZIP": "application/zip"}),
        ("eo1_ali_pub", "EO1A0440332008265110KF", ("D408", "EO-1 ALI GIS READY BUNDLE DOWNLOAD"),
         {"EO1A0440332008265110KF.ZIP": "application/zip"}),
        ("sentinel_2a", "L1C_T50QPL", ("D557", "SENTINEL 2 DOWNLOAD"), {"L1C_T50QPL.zip": "application/zip"}),
        ("landsat_ard_tile_c2", TILE, ("D773", "C2 ARD Tile Bundle"), {f"{TILE}_SR.tar": "application/x-tar"}),
        ("landsat_dswe_tile_c2", f"{TILE}_DSWE", ("D788", "DSWE"), {f"{TILE}_DSWE.tar": "application/x-tar"}),
        ("landsat_ard_tile_c2", TILE, ("D777", "C2 ARD Tile Bundle"), {f"{TILE}_QA.tar": "application/x-tar"}),
    ],
)  # fmt: skip
def test_a_product_is_a_file_of_a_known_name_and_type(
    alias: str, display_id: str, product: tuple[str, str], files: dict[str, str]
) -> None:
    item = delivered(alias, display_id, product)
    names = names_of(item)
    products = {key for key, asset in item["assets"].items() if "m2m:product_code" in asset}
    assert {names[key]: item["assets"][key]["type"] for key in products} == files


def test_an_unknown_product_has_no_type() -> None:
    (asset,) = delivered("unheard_of", "X1", ("D1", "Something new"))["assets"].values()
    assert "type" not in asset
    assert asset["href"].endswith("/X1")


def test_no_archive_has_bands_because_readers_would_look_for_them_in_it() -> None:
    mappings = load_mappings()
    for mapping in (*mappings.by_dataset.values(), *mappings.by_pattern, mappings.generic):
        for row in (mapping.products or {}).values():
            assert not (row and row.type in ("zip", "tar", "gzip") and (row.bands or row.raster)), mapping.dataset


def test_a_camera_calibration_report_is_metadata() -> None:
    (asset,) = delivered("aerial_combin", "AR4", ("D555", "USGS CAMERA CALIBRATION REPORT DOWNLOAD"))["assets"].values()
    assert asset["roles"] == ["metadata"]


@pytest.mark.parametrize(("available", "number"), [("N", 0), ("No", 0), ("Y", 2), ("Yes", 2), (None, 2)])
def test_a_frame_without_a_scan_in_high_resolution_does_not_offer_one(available: str | None, number: int) -> None:
    fields = {"High Resolution Download Avail": available}
    assert len(delivered("aerial_combin", "AR5880037725689", ("D198", HIGH), **fields)["assets"]) == number


def test_elevation_is_the_key_of_srtms_geotiff() -> None:
    products = [("D1", "DTED 1 Arc-second"), ("D2", "GeoTIFF 1 Arc-second"), ("D3", "BIL 1 Arc-second")]
    assert set(delivered("srtm_v3", "SRTM1N33W099V3", *products)["assets"]) == {"elevation", "dted", "bil"}


@pytest.mark.parametrize(
    ("tile", "codes", "suffix"), [("SRTM1N05W163V2", {"D1", "D2"}, "dt2"), ("SRTM3N07W006V2", {"D3", "D4"}, "dt1")]
)
def test_a_tile_has_the_products_of_its_own_spacing(tile: str, codes: set[str], suffix: str) -> None:
    names = ("GeoTIFF 1 Arc-second", "DTED 1 Arc-second", "GeoTIFF 3 Arc-second", "DTED 3 Arc-second")
    item = delivered("srtm_v2", tile, *((f"D{number}", name) for number, name in enumerate(names, 1)))
    assert set(item["assets"]) == {"elevation", "dted"}
    assert {asset["m2m:product_code"] for asset in item["assets"].values()} == codes
    assert names_of(item)["dted"].endswith(suffix)


@pytest.mark.parametrize(
    ("fields", "bands"),
    [
        ({"Sensor Type": "CNIR", "Number of Bands": "4"}, ["red", "green", "blue", "nir"]),
        ({"Sensor Type": "CNIR"}, ["red", "green", "blue", "nir"]),
        ({"Number of Bands": 4}, ["red", "green", "blue", "nir"]),
        ({"Sensor Type": "RGB", "Number of Bands": "3"}, ["red", "green", "blue"]),
        ({"Sensor Type": "CIR", "Number of Bands": "3"}, None),
        ({}, None),
    ],
)
def test_naip_has_the_bands_that_its_fields_name(fields: dict[str, Any], bands: list[str] | None) -> None:
    (asset,) = delivered("naip", NAIP, ("D482", "Compressed"), **fields)["assets"].values()
    assert ([band["name"] for band in asset["bands"]] if bands else asset.get("bands")) == bands
    assert [band["common_name"] for band in asset.get("eo:bands", [])] == (bands or [])


SUFFIXES = {
    "LC09_CU": {"SR_B1", "SR_B5", "SR_B7", "SR_QA_AEROSOL", "TOA_B7", "TOA_B9", "BT_B10", "BT_B11", "ST_B10"},
    "LE07_CU": {"SR_B1", "SR_B5", "SR_B7", "SR_CLOUD_QA", "SR_ATMOS_OPACITY", "TOA_B7", "BT_B6", "ST_B6"},
    "LT05_AK": {"SR_B1", "SR_B5", "SR_B7", "SR_CLOUD_QA", "SR_ATMOS_OPACITY", "TOA_B7", "BT_B6", "ST_B6"},
}


@pytest.mark.parametrize(("start", "count"), [("LC09_CU", 42), ("LE07_CU", 39), ("LT05_AK", 39)])
def test_an_ard_tile_has_the_files_of_its_sensor(start: str, count: int) -> None:
    tile = f"{start}_003004_20230909_20230914_02"
    item = delivered("landsat_ard_tile_c2", tile, ("D771", "C2 ARD Tile Band Download"))
    suffixes = {name.removeprefix(f"{tile}_").partition(".")[0] for name in names_of(item).values()}
    assert suffixes >= SUFFIXES[start] | {"ST_QA", "QA_PIXEL", "QA_RADSAT", "QA_LINEAGE", "SZA", "MTL"}
    assert not suffixes & set().union(*SUFFIXES.values()) - SUFFIXES[start]
    assert len(item["assets"]) == count
    red = item["assets"]["red"]
    assert red["type"].endswith("profile=cloud-optimized")
    assert red["href"].endswith(f"{tile}_SR_B{4 if start == 'LC09_CU' else 3}.TIF")
    assert red["raster:bands"][0]["scale"] == 0.0000275
