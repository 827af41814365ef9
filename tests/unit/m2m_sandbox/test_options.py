"""Tests of the download options of Landsat scenes, and of locating products by id."""

from __future__ import annotations

import tarfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from m2m_sandbox.archive.datasets import archive_of, dataset_id
from m2m_sandbox.archive.landsat.families import ARD, END, FAMILIES
from m2m_sandbox.downloads.band_files import dataset_file_groups
from m2m_sandbox.downloads.options import (
    FRESH_DAYS,
    FRESH_FILE_DAYS,
    STAGED_ONE_IN,
    download_options,
    locate_product,
    product_file,
)

if TYPE_CHECKING:
    from m2m_sandbox.files.content import Content

NAMES = [*FAMILIES, ARD.dataset]


def options(name: str, number: int) -> list[dict[str, Any]]:
    archive = archive_of(name)
    assert archive
    return download_options(name, archive, number)


def old(name: str) -> int:
    archive: Any = archive_of(name)
    return len(archive) // 2


def codes(products: list[dict[str, Any]]) -> dict[str, str]:
    return {product["productCode"]: product["downloadSystem"] for product in products}


def test_level_1_has_folders_bundles_and_six_pictures() -> None:
    products = options("landsat_ot_c2_l1", 0)
    pictures = dict.fromkeys((f"D73{n}" for n in range(1, 7)), "ls_frb")
    assert codes(products) == {"D687": "folder", "D689": "folder", "D690": "ls_zip", "D805": "dds_ms", **pictures}
    assert all(
        product["available"] and product["filesize"] > 0
        for product in products
        if product["downloadSystem"] == "ls_frb"
    )


def test_level_2_has_folders_and_bundles() -> None:
    products = codes(options("landsat_ot_c2_l2", 0))
    assert products == {"D691": "folder", "D693": "folder", "D694": "ls_zip", "D806": "dds_ms"}


@pytest.mark.parametrize("name", ["landsat_ot_c2_l1", "landsat_ot_c2_l2"])
def test_one_bundle_is_available_and_age_decides_which(name: str) -> None:
    archive: Any = archive_of(name)
    last = END - timedelta(days=FRESH_DAYS)
    for day, system in ((last, "dds_ms"), (last - timedelta(days=1), "ls_zip")):
        number = int(archive.search({"acquisitionFilter": {"start": str(day), "end": str(day)}})[0])
        products = options(name, number)
        bundles = [product for product in products if product["downloadSystem"] in ("dds_ms", "ls_zip")]
        assert [product["downloadSystem"] for product in bundles if product["available"]] == [system]
        assert bundles[0]["filesize"] == bundles[1]["filesize"] > 0


@pytest.mark.parametrize(("age", "system"), [(1, "dds"), (FRESH_FILE_DAYS, "dds"), (FRESH_FILE_DAYS + 1, "ls_s3")])
def test_new_files_come_from_dds_and_older_ones_from_the_cloud(age: int, system: str) -> None:
    archive: Any = archive_of("landsat_ot_c2_l1")
    day = str(END - timedelta(days=age))
    numbers = archive.search({"acquisitionFilter": {"start": day, "end": day}})
    facts = {int(number): archive.facts(int(number)) for number in numbers}
    staged = next(number for number, scene in facts.items() if (scene.path + scene.row) % STAGED_ONE_IN == 0)
    other = next(number for number, scene in facts.items() if (scene.path + scene.row) % STAGED_ONE_IN)
    assert systems(staged) == {system}
    assert systems(other) == {"ls_s3"}


def systems(number: int) -> set[str]:
    return {product["downloadSystem"] for product in options("landsat_ot_c2_l1", number)[0]["secondaryDownloads"]}


@pytest.mark.parametrize("name", FAMILIES)
def test_folders_and_bundles_list_the_same_files(name: str) -> None:
    products = options(name, old(name))
    lists = [product["secondaryDownloads"] for product in products if product["downloadSystem"] != "ls_frb"]
    assert len(lists) > 1
    assert all(files == lists[0] for files in lists)
    assert all(product["filesize"] == 0 for product in products if product["downloadSystem"] == "folder")
    assert {product["datasetId"] for product in lists[0]} == {dataset_id(FAMILIES[name].files)}


TILE_FILES = {
    "OLI_TIRS": {
        *(f"SR_B{band}.TIF" for band in range(1, 8)), "SR_QA_AEROSOL.TIF", "ST_B10.TIF", "BT_B10.TIF", "BT_B11.TIF",
        *(f"TOA_B{band}.TIF" for band in (1, 2, 3, 4, 5, 6, 7, 9)),
    },
    "TM": {
        *(f"SR_B{band}.TIF" for band in (1, 2, 3, 4, 5, 7)), "SR_ATMOS_OPACITY.TIF", "SR_CLOUD_QA.TIF", "ST_B6.TIF",
        "BT_B6.TIF", *(f"TOA_B{band}.TIF" for band in (1, 2, 3, 4, 5, 7)),
    },
}  # fmt: skip
COMMON_TILE_FILES = {
    *(f"ST_{name}.TIF" for name in ("ATRAN", "CDIST", "DRAD", "EMIS", "EMSD", "QA", "TRAD", "URAD")),
    *(f"{name}.TIF" for name in ("QA_PIXEL", "QA_RADSAT", "QA_LINEAGE", "SAA", "SZA", "VAA", "VZA")),
    *(f"{name}_stac.json" for name in ("SR", "ST", "TA", "BT")), "MTL.json", "MTL.xml",
    "thumb_large.jpeg", "thumb_small.jpeg",
}  # fmt: skip


@pytest.mark.parametrize("sensor", ["OLI_TIRS", "ETM", "TM"])
def test_the_folder_of_a_tile_lists_the_files_of_its_sensor_by_their_names(sensor: str) -> None:
    archive: Any = archive_of(ARD.dataset)
    number = next(number for number in range(0, len(archive), 999) if archive.facts(number).sensor == sensor)
    display_id = archive.facts(number).display_id
    folder, *bundles = options(ARD.dataset, number)
    assert folder["productCode"] == "D771"
    files = {file["downloadName"]: file for file in folder["secondaryDownloads"]}
    assert set(files) == COMMON_TILE_FILES | TILE_FILES["OLI_TIRS" if sensor == "OLI_TIRS" else "TM"]
    assert len(files) == (42 if sensor == "OLI_TIRS" else 39)
    assert all(file["entityId"] == file["displayId"] == f"{display_id}_{name}" for name, file in files.items())
    assert {file["downloadSystem"] for file in files.values()} == {"ls_s3"}
    assert not any(bundle["secondaryDownloads"] for bundle in bundles)


def test_a_tile_has_six_bundles_that_contain_its_files() -> None:
    products = options(ARD.dataset, old(ARD.dataset))
    assert codes(products[1:]) == dict.fromkeys(("D772", "D773", "D774", "D775", "D776", "D777"), "ls_zip")
    display_id, packed = products[0]["displayId"], set()
    for product, part in zip(products[1:], ("META", "SR", "ST", "TOA", "BT", "QA"), strict=True):
        filename, content = product_file(ARD.dataset, old(ARD.dataset), product)
        assert (filename, content.size) == (f"{display_id}_{part}.tar", product["filesize"])
        members = member_names(content)
        assert all(name.startswith(f"{display_id}_") for name in members)
        packed |= set(members)
    assert packed == {file["displayId"] for file in products[0]["secondaryDownloads"]}


def member_names(content: Content) -> list[str]:
    """Return the names in a tar archive, reading only its headers."""
    names, offset = [], 0
    while offset < content.size - 1024:
        entry = tarfile.TarInfo.frombuf(content.read(offset, offset + 512), "utf-8", "strict")
        names.append(entry.name)
        offset += 512 + entry.size + -entry.size % 512
    return names


def test_entity_ids_of_files_have_prefix_product_and_ending() -> None:
    archive: Any = archive_of("landsat_ot_c2_l2")
    number = next(n for n in range(old("landsat_ot_c2_l2"), len(archive)) if archive.facts(n).level == "L2SP")
    name = archive.facts(number).display_id
    ids = {product["entityId"] for product in options("landsat_ot_c2_l2", number)[0]["secondaryDownloads"]}
    assert {
        f"L2ST_{name}_ANG_TXT",
        f"L2ST_{name}_MTL_XML",
        f"L2SR_{name}_SR_B4_TIF",
        f"L2SR_{name}_QA_PIXEL_TIF",
    } <= ids
    first = options("landsat_ot_c2_l1", 9)[0]
    assert f"L1_{first['displayId']}_ANG_TXT" in {product["entityId"] for product in first["secondaryDownloads"]}


@pytest.mark.parametrize("name", NAMES)
def test_products_and_files_are_located_by_their_ids(name: str) -> None:
    number = old(name)
    products = options(name, number)
    for product in (*products, *products[0]["secondaryDownloads"]):
        assert locate_product(product["entityId"], product["id"]) == (name, number, product)


@pytest.mark.parametrize(
    ("entity_id", "product_id"),
    [("LC80470272020339LGN00", "nonsense"), ("L2SR_nonsense", "5e83d14fec7cae84"), ("", ""), ("x", "5e839feb28131aac")],
)
def test_unknown_ids_are_not_located(entity_id: str, product_id: str) -> None:
    assert locate_product(entity_id, product_id) is None


@pytest.mark.parametrize("name", NAMES)
def test_file_groups_have_the_files_of_scenes(name: str) -> None:
    (groups,) = dataset_file_groups(name)["secondary"].values()
    for file in options(name, old(name))[0]["secondaryDownloads"]:
        assert file["fileGroups"]
        for group in file["fileGroups"]:
            (listed,) = [entry for entry in groups[group]["files"] if entry["name"] == file["downloadName"]]
            assert listed["productIds"][file["id"]] == file["downloadSystem"]


def test_known_product_ids_of_files_are_those_of_m2m() -> None:
    (groups,) = dataset_file_groups("landsat_ot_c2_l1")["secondary"].values()
    (angles,) = [product for product in groups["ls_c2l1_all"]["files"] if product["name"] == "ANG.txt"]
    assert angles["productIds"] == {"rp9zq1ewx8s985mp": "ls_s3", "gy7bvmukhtkl910o": "dds"}


def test_a_dataset_without_folders_has_no_file_groups() -> None:
    assert dataset_file_groups("naip") == {"primary": [], "secondary": []}


@pytest.mark.parametrize("name", FAMILIES)
def test_products_and_files_have_the_announced_size(name: str) -> None:
    number = old(name)
    bundle, *_ = [product for product in options(name, number) if product["downloadSystem"] == "ls_zip"]
    filename, content = product_file(name, number, bundle)
    assert (filename, content.size) == (f"{bundle['displayId']}.tar", bundle["filesize"])
    for product in bundle["secondaryDownloads"]:
        filename, content = product_file(name, number, product)
        assert (filename, content.size) == (product["displayId"], product["filesize"])


def test_a_folder_has_no_file() -> None:
    folder = options("landsat_ot_c2_l2", 0)[0]
    with pytest.raises(KeyError):
        product_file("landsat_ot_c2_l2", 0, folder)
