"""What can be downloaded of a Landsat scene, and which ids name it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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

NAMES = [*FAMILIES, ARD.dataset]


def options(name: str, number: int) -> list[dict[str, Any]]:
    archive = archive_of(name)
    assert archive
    return download_options(name, archive, number)


def old(name: str) -> int:
    archive: Any = archive_of(name)
    return len(archive) // 2


def codes(products: list[dict[str, Any]]) -> dict[str, str]:
    return {one["productCode"]: one["downloadSystem"] for one in products}


def test_level_1_offers_folders_bundles_and_six_pictures() -> None:
    found = options("landsat_ot_c2_l1", 0)
    pictures = dict.fromkeys((f"D73{n}" for n in range(1, 7)), "ls_frb")
    assert codes(found) == {"D687": "folder", "D689": "folder", "D690": "ls_zip", "D805": "dds_ms", **pictures}
    assert all(one["available"] and one["filesize"] > 0 for one in found if one["downloadSystem"] == "ls_frb")


def test_level_2_offers_folders_and_bundles() -> None:
    found = codes(options("landsat_ot_c2_l2", 0))
    assert found == {"D691": "folder", "D693": "folder", "D694": "ls_zip", "D806": "dds_ms"}


@pytest.mark.parametrize("name", ["landsat_ot_c2_l1", "landsat_ot_c2_l2"])
def test_of_the_bundles_one_can_be_had_and_age_decides_which(name: str) -> None:
    archive: Any = archive_of(name)
    last = END - timedelta(days=FRESH_DAYS)
    for day, system in ((last, "dds_ms"), (last - timedelta(days=1), "ls_zip")):
        number = int(archive.search({"acquisitionFilter": {"start": str(day), "end": str(day)}})[0])
        found = options(name, number)
        bundles = [one for one in found if one["downloadSystem"] in ("dds_ms", "ls_zip")]
        assert [one["downloadSystem"] for one in bundles if one["available"]] == [system]
        assert bundles[0]["filesize"] == bundles[1]["filesize"] > 0


@pytest.mark.parametrize(("age", "system"), [(1, "dds"), (FRESH_FILE_DAYS, "dds"), (FRESH_FILE_DAYS + 1, "ls_s3")])
def test_files_come_from_the_premises_until_they_are_in_the_cloud(age: int, system: str) -> None:
    archive: Any = archive_of("landsat_ot_c2_l1")
    day = str(END - timedelta(days=age))
    facts = {
        int(one): archive.facts(int(one)) for one in archive.search({"acquisitionFilter": {"start": day, "end": day}})
    }
    staged = next(number for number, one in facts.items() if (one.path + one.row) % STAGED_ONE_IN == 0)
    other = next(number for number, one in facts.items() if (one.path + one.row) % STAGED_ONE_IN)
    assert systems(staged) == {system}
    assert systems(other) == {"ls_s3"}


def systems(number: int) -> set[str]:
    return {one["downloadSystem"] for one in options("landsat_ot_c2_l1", number)[0]["secondaryDownloads"]}


@pytest.mark.parametrize("name", NAMES)
def test_files_hang_on_folders_and_bundles_alike(name: str) -> None:
    found = options(name, old(name))
    lists = [one["secondaryDownloads"] for one in found if one["downloadSystem"] != "ls_frb"]
    assert len(lists) > 1
    assert all(files == lists[0] for files in lists)
    assert all(one["filesize"] == 0 for one in found if one["downloadSystem"] == "folder")
    family = ARD if name == ARD.dataset else FAMILIES[name]
    assert {one["datasetId"] for one in lists[0]} == {dataset_id(family.files)}


def test_entity_ids_of_files_name_the_half_the_product_and_the_ending() -> None:
    archive: Any = archive_of("landsat_ot_c2_l2")
    number = next(n for n in range(old("landsat_ot_c2_l2"), len(archive)) if archive.facts(n).level == "L2SP")
    name = archive.facts(number).display_id
    ids = {one["entityId"] for one in options("landsat_ot_c2_l2", number)[0]["secondaryDownloads"]}
    assert {
        f"L2ST_{name}_ANG_TXT",
        f"L2ST_{name}_MTL_XML",
        f"L2SR_{name}_SR_B4_TIF",
        f"L2SR_{name}_QA_PIXEL_TIF",
    } <= ids
    first = options("landsat_ot_c2_l1", 9)[0]
    assert f"L1_{first['displayId']}_ANG_TXT" in {one["entityId"] for one in first["secondaryDownloads"]}


@pytest.mark.parametrize("name", NAMES)
def test_every_product_and_every_file_is_found_by_its_ids(name: str) -> None:
    number = old(name)
    found = options(name, number)
    for one in (*found, *found[0]["secondaryDownloads"]):
        assert locate_product(one["entityId"], one["id"]) == (name, number, one)


@pytest.mark.parametrize(
    ("entity_id", "product_id"),
    [("LC80470272020339LGN00", "nonsense"), ("L2SR_nonsense", "5e83d14fec7cae84"), ("", ""), ("x", "5e839feb28131aac")],
)
def test_ids_that_name_nothing_are_not_found(entity_id: str, product_id: str) -> None:
    assert locate_product(entity_id, product_id) is None


@pytest.mark.parametrize("name", NAMES)
def test_file_groups_hold_the_files_that_scenes_offer(name: str) -> None:
    (groups,) = dataset_file_groups(name)["secondary"].values()
    for one in options(name, old(name))[0]["secondaryDownloads"]:
        assert one["fileGroups"]
        for group in one["fileGroups"]:
            (listed,) = [file for file in groups[group]["files"] if file["name"] == one["downloadName"]]
            assert listed["productIds"][one["id"]] == one["downloadSystem"]


def test_ids_of_files_that_are_known_are_m2ms_own() -> None:
    (groups,) = dataset_file_groups("landsat_ot_c2_l1")["secondary"].values()
    (angles,) = [one for one in groups["ls_c2l1_all"]["files"] if one["name"] == "ANG.txt"]
    assert angles["productIds"] == {"rp9zq1ewx8s985mp": "ls_s3", "gy7bvmukhtkl910o": "dds"}


def test_a_dataset_without_folders_has_no_file_groups() -> None:
    assert dataset_file_groups("naip") == {"primary": [], "secondary": []}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_product_or_a_file_holds_is_as_large_as_was_said(name: str) -> None:
    number = old(name)
    bundle, *_ = [one for one in options(name, number) if one["downloadSystem"] == "ls_zip"]
    filename, content = product_file(name, number, bundle)
    assert (filename, content.size) == (f"{bundle['displayId']}.tar", bundle["filesize"])
    for one in bundle["secondaryDownloads"]:
        filename, content = product_file(name, number, one)
        assert (filename, content.size) == (one["displayId"], one["filesize"])


def test_a_folder_is_no_file() -> None:
    folder = options("landsat_ot_c2_l2", 0)[0]
    with pytest.raises(KeyError):
        product_file("landsat_ot_c2_l2", 0, folder)
