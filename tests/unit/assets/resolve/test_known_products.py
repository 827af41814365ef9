"""Bands of old scenes are requested without their options if file groups name the product."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import httpx
import orjson
import pytest

from stac_bridge.assets.resolve.known_products import cloud_download, file_entity_id
from stac_bridge.errors import AssetUnavailable
from stac_bridge.m2m.models.downloads import DownloadInput, FileGroups
from tests.minting import OLD, SCENE, calls, file_of, folder, granting, offering, resolver, wanted
from tests.support import RECORDINGS, Script, fails, says

DAY = date(2026, 1, 1)
SR_ONLY = OLD.replace("L2SP", "L2SR")
LEVEL_1 = "LC08_L1TP_033041_20230728_20230830_02_T1"
ETM = "LE07_L1TP_033041_20030728_20200830_02_T2"


def grouped(*names: str, **systems: str) -> dict[str, Any]:
    """dataset-file-groups: these files, each from these systems (system → ending of the product's id)."""
    files = [
        {"name": name, "productIds": {f"{name}-{ident}": system for system, ident in systems.items()}} for name in names
    ]
    return {"primary": [], "secondary": {"files": {"all": {"files": files}, "some": {"files": files[:1]}}, "none": []}}


GROUPS = says(grouped("SR_B4.TIF", "SR_B5.TIF", "ST_B10.TIF", ls_s3="id", dds="tape"))
RED = "L2SR_" + OLD + "_SR_B4_TIF"


@pytest.mark.parametrize(
    ("scene", "file", "entity"),
    [
        (OLD, "SR_B4.TIF", f"L2SR_{OLD}_SR_B4_TIF"),
        (OLD, "QA_PIXEL.TIF", f"L2SR_{OLD}_QA_PIXEL_TIF"),
        (OLD, "SR_QA_AEROSOL.TIF", f"L2SR_{OLD}_SR_QA_AEROSOL_TIF"),
        (OLD, "ST_B10.TIF", f"L2ST_{OLD}_ST_B10_TIF"),
        (OLD, "ST_QA.TIF", f"L2ST_{OLD}_ST_QA_TIF"),
        (OLD, "ANG.txt", f"L2ST_{OLD}_ANG_TXT"),
        (OLD, "MTL.json", None),
        (SR_ONLY, "SR_B4.TIF", f"L2SR_{SR_ONLY}_SR_B4_TIF"),
        (SR_ONLY, "MTL.txt", None),
        (LEVEL_1, "ANG.txt", f"L1_{LEVEL_1}_ANG_TXT"),
        (ETM, "B6_VCID_1.TIF", f"L1_{ETM}_B6_VCID_1_TIF"),
        ("LC08_L1TP_033041_20230728_20251103_02_T1", "B1.TIF", None),
        (SCENE, "SR_B4.TIF", None),
        ("LC08_CU_002007_20230728_20230830_02", "SR_B4.TIF", None),
        ("LC08_L1TP_033041_20170728_20170830_01_T1", "B1.TIF", None),
        ("m_2609727_sw_14_060_20201216", "x.jp2", None),
    ],
)
def test_an_entity_id_is_built_if_its_prefix_is_on_record(scene: str, file: str, entity: str | None) -> None:
    assert file_entity_id(wanted(file, scene), DAY) == entity


def test_every_recorded_entity_id_of_a_file_is_built_exactly() -> None:
    path = RECORDINGS / "recorded" / "partial" / "secondary-entityIds__landsat_band_files_c2_l2__1.json"
    for entity_id in orjson.loads(path.read_bytes())["entityIds"]:
        parts = entity_id.split("_")
        scene, stem = "_".join(parts[1:8]), "_".join(parts[8:])
        file = stem[: -len(parts[-1]) - 1] + "." + parts[-1]
        assert file_entity_id(wanted(file, scene), DAY) == entity_id


def test_the_cloud_product_is_chosen_unless_there_are_two() -> None:
    single = FileGroups.model_validate(grouped("SR_B4.TIF", ls_s3="id", dds="tape"))
    assert cloud_download("E", wanted("sr_b4.tif"), single) == DownloadInput("E", "SR_B4.TIF-id")
    assert cloud_download("E", wanted("SR_B5.TIF"), single) is None
    files = [{"name": "SR_B4.TIF", "productIds": {"a": "ls_s3", "b": "ls_s3"}}]
    double = FileGroups.model_validate({"secondary": {"files": {"all": {"files": files}}}})
    assert cloud_download("E", wanted(), double) is None


async def test_a_band_of_an_old_scene_costs_one_request_and_the_file_groups_once_for_its_dataset() -> None:
    script = Script({"dataset-file-groups": GROUPS, "download-request": granting()})
    the_resolver = resolver(script)
    assert (await the_resolver.source(wanted(scene=OLD))).url.endswith(RED)
    await the_resolver.source(wanted("ST_B10.TIF", scene=OLD))
    await the_resolver.source(wanted(scene=OLD.replace("047027", "047028")))
    assert calls(script) == ["dataset-file-groups", *["download-request"] * 3]


async def test_concurrent_readers_of_old_scenes_share_one_request() -> None:
    script = Script({"dataset-file-groups": GROUPS, "download-request": granting()})
    the_resolver = resolver(script)
    scenes = [OLD.replace("047027", f"04702{row}") for row in range(8)]
    await asyncio.gather(*(the_resolver.source(wanted(scene=scene)) for scene in scenes))
    assert calls(script) == ["dataset-file-groups", "download-request"]


@pytest.mark.parametrize("reason", ["Download is not available.", ""], ids=["failed", "invalid"])
async def test_a_band_refused_in_the_cloud_is_resolved_by_the_options_in_the_same_read(reason: str) -> None:
    script = Script(
        {
            "dataset-file-groups": GROUPS,
            "download-options": says([folder(OLD, file_of(OLD, "SR_B4.TIF", id="tape", entityId="T"))]),
            "download-request": granting({RED: reason}),
        }
    )
    assert (await resolver(script).source(wanted(scene=OLD))).url.endswith("/T")
    assert calls(script) == ["dataset-file-groups", "download-request", "download-options", "download-request"]


async def test_a_refused_download_is_not_requested_again_by_way_of_the_options() -> None:
    script = Script(
        {
            "dataset-file-groups": GROUPS,
            "download-options": offering("SR_B4.TIF"),
            "download-request": granting({RED: "It was retired."}),
        }
    )
    with pytest.raises(AssetUnavailable, match="retired"):
        await resolver(script).source(wanted(scene=OLD))
    assert calls(script).count("download-request") == 1


async def test_a_band_missing_in_the_cloud_is_resolved_by_the_options() -> None:
    script = Script(
        {
            "dataset-file-groups": GROUPS,
            "download-options": says([folder(OLD, file_of(OLD, "SR_B4.TIF", id="tape", entityId="T"))]),
            "download-request": granting(),
        }
    )

    def host(request: httpx.Request) -> httpx.Response:
        gone = "L2SR" in request.url.path
        return httpx.Response(404 if gone else 200, content=b"I")

    assert (await resolver(script, host).source(wanted(scene=OLD))).url.endswith("/T")


@pytest.mark.parametrize(
    "groups",
    [fails("DATASET_ERROR"), says({"primary": [], "secondary": []}), says(None)],
    ids=["error", "none", "null"],
)
async def test_without_file_groups_the_options_are_fetched_and_the_groups_only_once(groups: httpx.Response) -> None:
    script = Script(
        {"dataset-file-groups": groups, "download-options": offering("SR_B4.TIF"), "download-request": granting()}
    )
    the_resolver = resolver(script)
    await the_resolver.source(wanted(scene=OLD))
    await the_resolver.source(wanted(scene=OLD.replace("047027", "047028")))
    assert calls(script).count("dataset-file-groups") == 1
    assert calls(script).count("download-options") == 2


async def test_file_groups_are_not_fetched_for_recent_scenes() -> None:
    script = Script({"download-options": offering("SR_B4.TIF"), "download-request": granting()})
    await resolver(script).source(wanted())
    assert calls(script) == ["download-options", "download-request"]


def test_the_documented_file_groups_contain_the_cloud_product() -> None:
    path = RECORDINGS / "doc_samples" / "dataset-file-groups__response_1.json"
    groups = FileGroups.model_validate(orjson.loads(path.read_bytes())["data"])
    assert groups.product_ids("ANG.txt", "ls_s3") == {"rp9zq1ewx8s985mp"}
