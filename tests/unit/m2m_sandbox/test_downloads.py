"""The download side: options, the queue, quotas, and URLs that can be believed."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest

from m2m_sandbox import create_sandbox
from m2m_sandbox.downloads.options import product_file
from m2m_sandbox.downloads.quotas import Quotas
from tests.unit.m2m_sandbox.asking import FRAME, LANDSAT, SCENE, Asker, Clock


async def test_the_same_files_hang_on_folders_and_bundles_and_the_twins_flip_with_age(asker: Asker) -> None:
    old = {one["productCode"]: one for one in await asker.options()}
    assert {code: one["downloadSystem"] for code, one in old.items()} == {
        "D691": "folder",
        "D693": "folder",
        "D694": "ls_zip",
        "D806": "dds_ms",
    }
    assert len({len(one["secondaryDownloads"]) for one in old.values()}) == 1
    assert (old["D694"]["available"], old["D806"]["available"]) == (True, False)
    newest = (await asker.search(maxResults=1))["results"][0]["entityId"]
    new = {one["productCode"]: one["available"] for one in await asker.options(entity_id=newest)}
    assert (new["D694"], new["D806"]) == (False, True)


async def test_unknown_scenes_are_left_out_silently(asker: Asker) -> None:
    assert await asker.options(entity_id="nothing") is None
    assert len(await asker.options(entity_id=f"nothing,{SCENE}")) == 4


async def test_a_signed_url_gives_its_file_by_range_and_its_size_is_as_announced(asker: Asker) -> None:
    url = await asker.minted()
    part = await asker.http.get(url, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"II*\0")
    files = (await asker.options())[0]["secondaryDownloads"]
    size = next(one["filesize"] for one in files if one["displayId"].endswith("SR_B4.TIF"))
    assert part.headers["content-range"] == f"bytes 0-3/{size}"
    head = await asker.http.head(url)
    assert head.headers["content-length"] == str(size)
    past = await asker.http.get(url, headers={"Range": f"bytes={size}-"})
    assert past.status_code == 416


async def test_without_a_signature_one_is_sent_to_sign_in_and_a_wrong_or_old_one_is_refused(
    asker: Asker, clock: Clock
) -> None:
    url = await asker.minted()
    bare = await asker.http.get(urlsplit(url).path)
    assert (bare.status_code, bare.headers["location"]) == (302, "http://sandbox/login")
    assert (await asker.http.get(url.replace("SR_B4", "SR_B5"))).status_code == 403
    assert (await asker.http.get(url[:-8] + "AAAAAAA=")).status_code == 403
    clock.now += 3601
    assert (await asker.http.get(url)).status_code == 403


@pytest.mark.parametrize("name", ["SR_B4.TIF.aux.xml", "SR_B4.TIF.ovr", "SR_B4.TIF.msk", "SR_B4.tif"])
async def test_only_exact_names_are_served(asker: Asker, name: str) -> None:
    url = await asker.minted()
    assert (await asker.http.get(url.replace("SR_B4.TIF", name, 1))).status_code in (403, 404)


async def test_a_folder_and_what_is_not_available_fail_with_a_reason(asker: Asker) -> None:
    rows = {one["productCode"]: one for one in await asker.options()}
    for code in ("D691", "D806"):
        asked = {"entityId": SCENE, "productId": rows[code]["id"]}
        answer = await asker.ask("download-request", {"downloads": [asked], "label": "x"})
        assert answer["failed"][0]["errorMessage"]
        assert answer["newRecords"] == []


async def test_a_long_label_is_refused_and_a_missing_one_is_made(asker: Asker) -> None:
    assert (await asker.refused("download-request", {"downloads": [], "label": "x" * 51}))[0] == "INPUT_INVALID"


async def test_a_file_from_tape_is_prepared_and_asking_again_is_a_duplicate_under_the_old_label(
    asker: Asker, clock: Clock
) -> None:
    frame = "DS1117-2086DA007"
    (product,) = await asker.options("corona2", frame)
    asked = {"downloads": [{"entityId": frame, "productId": product["id"]}]}
    first = await asker.ask("download-request", {**asked, "label": "first"})
    assert "/download-staging/" in first["preparingDownloads"][0]["url"]
    again = await asker.ask("download-request", {**asked, "label": "second"})
    assert list(again["duplicateProducts"].values()) == ["first"]
    assert again["newRecords"] == []
    nowhere = await asker.ask("download-retrieve", {"label": "first"})
    assert (nowhere["available"], nowhere["requested"]) == ([], [])
    clock.now += 10
    waiting = await asker.ask("download-retrieve", {"label": "first"})
    assert (len(waiting["available"]), len(waiting["requested"])) == (0, 1)
    clock.now += 61
    ready = await asker.ask("download-retrieve", {"label": "first"})
    answer = await asker.http.get(ready["available"][0]["url"], headers={"Range": "bytes=0-3"})
    assert answer.status_code == 200
    assert answer.headers["accept-ranges"] == "none"
    assert "filename=" in answer.headers["content-disposition"]
    assert answer.headers["content-length"] == str(len(answer.content)) == str(product["filesize"])
    assert (await asker.http.head(ready["available"][0]["url"])).status_code == 405


async def test_what_is_left_of_the_quota_is_told_and_shrinks(asker: Asker) -> None:
    await asker.minted()
    answer = await asker.ask("download-request", {"downloads": [], "label": "x"})
    assert [row["limitType"] for row in answer["remainingLimits"]] == ["user", "ip"]
    assert answer["remainingLimits"][0]["recentDownloadCount"] == 14_999


# -- the queue ---------------------------------------------------------------------------------------------------


async def queue(asker: Asker, label: str = "x") -> tuple[list[int], list[int]]:
    said = await asker.ask("download-retrieve", {"label": label})
    return [one["downloadId"] for one in said["available"]], [one["downloadId"] for one in said["requested"]]


async def test_an_item_is_listed_nowhere_then_requested_then_in_both_lists_then_available(
    asker: Asker, clock: Clock
) -> None:
    answer = await asker.request(await asker.frame(), label="x")
    (ident,) = (row["downloadId"] for row in answer["preparingDownloads"])
    seen = []
    for seconds in (0, 10, 49, 1, 29, 1):
        clock.now += seconds
        seen.append(await queue(asker))
    assert seen == [
        ([], []),
        ([], [ident]),
        ([], [ident]),
        ([ident], [ident]),
        ([ident], [ident]),
        ([ident], []),
    ]


async def test_the_server_makes_a_label_of_the_request_and_the_time(asker: Asker) -> None:
    answer = await asker.request(await asker.file())
    (label,) = answer["newRecords"].values()
    assert label.startswith("m2m_")
    assert label.endswith("_20270115080000")


async def test_a_label_for_all_wins_over_an_items_own(asker: Asker) -> None:
    one, two = await asker.file("SR_B4.TIF"), await asker.file("SR_B5.TIF")
    own = await asker.request({**one, "label": "own"}, {**two, "label": "other"})
    assert list(own["newRecords"].values()) == ["own", "other"]
    overridden = await asker.request({**one, "label": "own"}, label="all")
    assert list(overridden["newRecords"].values()) == ["all"]


async def test_an_items_own_label_may_not_be_too_long_either(asker: Asker) -> None:
    said = {"downloads": [{**await asker.file(), "label": "x" * 51}]}
    assert await asker.refused("download-request", said) == ("INPUT_INVALID", 400)


async def test_unknown_scenes_are_counted(asker: Asker) -> None:
    answer = await asker.request({"entityId": "nothing", "productId": "5e839feb28131aac"}, await asker.file())
    assert answer["numInvalidScenes"] == 1
    assert len(answer["availableDownloads"]) == 1


async def test_a_frame_that_was_not_scanned_cannot_be_had(asker: Asker) -> None:
    frames = (await asker.ask("scene-search", {"datasetName": "corona2", "maxResults": 200}))["results"]
    unscanned = next(one["entityId"] for one in frames if not one["options"]["download"])
    answer = await asker.request(await asker.frame(unscanned), label="x")
    assert answer["failed"][0]["errorMessage"] == "Download is not available."


async def test_a_file_is_downloading_while_it_is_read_and_complete_at_its_end(asker: Asker, clock: Clock) -> None:
    await asker.request(await asker.frame(), label="x")
    clock.now += 100
    url = (await asker.ask("download-retrieve", {"label": "x"}))["available"][0]["url"]

    async def status() -> tuple[str, str]:
        (row,) = await asker.ask("download-search", {"label": "x"})
        return row["statusCode"], row["statusText"]

    assert await status() == ("A", "Available")
    (queued,) = asker.sandbox.queue()
    queued.reading += 1
    assert await status() == ("D", "Downloading")
    queued.reading -= 1
    await asker.http.get(url)
    assert await status() == ("C", "Complete")
    assert await asker.ask("download-search", {"label": "x", "activeOnly": True}) == []


async def test_what_is_complete_may_be_asked_for_anew(asker: Asker, clock: Clock) -> None:
    frame = await asker.frame()
    await asker.request(frame, label="x")
    clock.now += 100
    await asker.http.get((await asker.ask("download-retrieve", {"label": "x"}))["available"][0]["url"])
    assert len((await asker.request(frame, label="y"))["newRecords"]) == 1


async def test_removing_takes_one_download_or_all_of_a_label(asker: Asker) -> None:
    await asker.request(await asker.frame(), await asker.file(), await asker.file("SR_B5.TIF"), label="x")
    first, *_rest = await asker.ask("download-search", {"label": "x"})
    assert await asker.ask("download-remove", {"downloadId": str(first["downloadId"])}) is True
    assert (await asker.refused("download-remove", {"downloadId": first["downloadId"]}))[0] == "DOWNLOAD_ERROR"
    assert await asker.ask("download-order-remove", {"label": "x"}) == 2
    assert await asker.ask("download-search", {"label": "x"}) == []
    again = await asker.request(await asker.frame(), label="y")
    assert again["duplicateProducts"] == []


async def test_a_download_of_somebody_else_is_out_of_reach(asker: Asker) -> None:
    answer = await asker.request(await asker.frame(), label="x")
    (ident,) = answer["newRecords"]
    await asker.log_in("somebody-else")
    assert await asker.refused("download-remove", {"downloadId": ident}) == ("DOWNLOAD_ERROR", 200)
    assert await asker.ask("download-search", {"label": "x"}) == []


async def test_labels_and_sums_tell_what_is_in_the_queue(asker: Asker, clock: Clock) -> None:
    (product,) = await asker.options("corona2", FRAME)
    await asker.request(await asker.frame(), await asker.file(), label="x")
    (label,) = await asker.ask("download-labels")
    assert (label["label"], label["downloadCount"], label["totalComplete"]) == ("x", 2, 0)
    assert label["dateEntered"] == clock.now * 1000
    told = await asker.ask("download-summary", {"label": "x", "sendEmail": False})
    sizes = {one["datasetName"]: one["totalEstimatedSize"] for one in told["collections"]}
    assert sizes["corona2"] == str(product["filesize"])
    assert told["totalEstimatedSize"] == sum(int(size) for size in sizes.values())
    assert (told["sceneCount"], told["downloadCount"]) == (2, 2)


async def test_whoever_passes_files_on_tells_that_they_arrived(asker: Asker) -> None:
    answer = await asker.request(await asker.file(), label="x")
    ident = answer["availableDownloads"][0]["downloadId"]
    told = await asker.ask(
        "download-complete-proxied", {"proxiedDownloads": [{"downloadId": ident, "downloadedSize": 1}]}
    )
    assert told == {"failed": [], "updatedDownloadsCount": 1}
    (row,) = await asker.ask("download-order-load", {"label": ["x"]})
    assert row["statusCode"] == "C"


async def test_a_group_of_files_is_asked_for_by_a_list_of_band_files(asker: Asker) -> None:
    groups = (await asker.ask("dataset-file-groups", {"datasetName": LANDSAT}))["secondary"]
    ((band_files, known),) = groups.items()
    names = {file["name"] for file in known["ls_c2l2_sr_band"]["files"]}
    assert {f"SR_B{band}.TIF" for band in range(1, 8)} <= names
    files = (await asker.options())[0]["secondaryDownloads"]
    assert {one["datasetId"] for one in files} == {band_files}
    listed = {"listId": "bands", "datasetName": "landsat_band_files_c2_l2"}
    ids = [one["entityId"] for one in files]
    assert await asker.ask("scene-list-add", {**listed, "entityIds": [*ids, "L2SR_nothing_SR_B2_TIF"]}) == len(ids)
    group = {"datasetName": LANDSAT, "fileGroups": ["ls_c2l2_sr_band"], "listId": "bands"}
    answer = await asker.ask("download-request", {"dataGroups": [group], "label": "x"})
    got = {urlsplit(one["url"]).path.rpartition("_SR_")[2] for one in answer["availableDownloads"]}
    assert got == {name.removeprefix("SR_") for name in names}


# -- quotas ------------------------------------------------------------------------------------------------------


@pytest.fixture
def limited(clock: Clock) -> Asker:
    quotas = Quotas(recent=3, pending=2, unattempted=2)
    sandbox = create_sandbox(base_url="http://sandbox", clock=clock, staging_seconds=60, quotas=quotas)
    return Asker(sandbox)


async def test_only_so_many_may_be_asked_for_in_a_quarter_of_an_hour(limited: Asker, clock: Clock) -> None:
    await limited.log_in()
    one = await limited.file()
    for _ in range(3):
        url = (await limited.request(one, label="x"))["availableDownloads"][0]["url"]
        await limited.http.head(url)
    assert await limited.refused("download-request", {"downloads": [one]}) == ("RATE_LIMIT_USER_DL", 200)
    clock.now += 901
    assert (await limited.request(one, label="x"))["remainingLimits"][0]["recentDownloadCount"] == 2


async def test_only_so_many_may_be_prepared_at_once(limited: Asker, clock: Clock) -> None:
    await limited.log_in()
    answer = await limited.request(await limited.frame(), await limited.frame("DS1117-2086DA017"), label="x")
    assert [row["pendingDownloadCount"] for row in answer["remainingLimits"]] == [0, 0]
    assert (await limited.refused("download-request", {"downloads": [await limited.file()]}))[0] == "RATE_LIMIT_USER_DL"
    await limited.ask("download-order-remove", {"label": "x"})
    assert (await limited.request(await limited.file(), label="y"))["availableDownloads"]


async def test_links_that_nobody_follows_use_up_a_quota(limited: Asker) -> None:
    await limited.log_in()
    answer = await limited.request(await limited.file(), await limited.file("SR_B5.TIF"), label="x")
    more = {"downloads": [await limited.file("SR_B6.TIF")]}
    assert (await limited.refused("download-request", more))[0] == "RATE_LIMIT_USER_DL"
    await limited.http.head(answer["availableDownloads"][0]["url"])
    assert await limited.ask("download-request", more)


async def test_accounts_at_one_address_share_its_quota(limited: Asker) -> None:
    await limited.log_in("one")
    await limited.request(await limited.frame(), await limited.file(), label="x")
    await limited.log_in("another")
    answer = await limited.request(label="x")
    assert [row["recentDownloadCount"] for row in answer["remainingLimits"]] == [3, 1]


async def test_the_limits_are_told_in_sum(limited: Asker) -> None:
    await limited.log_in("one")
    await limited.request(await limited.frame(), await limited.file(), label="x")
    told = await limited.ask("rate-limit-summary")
    (initial,) = told["initialLimits"]
    assert initial == {"recentDownloadCount": 3, "pendingDownloadCount": 2, "unattemptedDownloadCount": 2}
    user, address = told["remainingLimits"]
    left = {"recentDownloadCount": 1, "pendingDownloadCount": 1, "unattemptedDownloadCount": 1}
    assert user == {"limitType": "user", "username": "one", **left}
    assert address == {"limitType": "ip", "ipAddress": "127.0.0.1", **left}
    counts = {row["status"]: row["downloadCount"] for row in told["recentDownloadCounts"][0]["downloadCounts"]}
    assert counts == {"Preparing": 1, "Available": 1}


# -- the dds host ------------------------------------------------------------------------------------------------


async def test_dds_ignores_range_sets_its_cookie_and_gives_so_many_files_at_once(asker: Asker, clock: Clock) -> None:
    answer = await asker.request(await asker.frame(), label="x")
    staging = answer["preparingDownloads"][0]["url"]
    assert (await asker.http.get(staging)).status_code == 404
    clock.now += 60
    whole = await asker.http.get(staging, headers={"Range": "bytes=0-3"})
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "none")
    assert "dds-production=" in whole.headers["set-cookie"]
    assert "Max-Age=3600" in whole.headers["set-cookie"]
    (queued,) = asker.sandbox.queue()
    queued.account.fetching = 10
    refused = await asker.http.get(staging)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "5")


async def test_a_bundle_is_an_attachment_that_can_be_resumed(asker: Asker) -> None:
    bundle = next(one for one in await asker.options() if one["downloadSystem"] == "ls_zip")
    answer = await asker.request({"entityId": SCENE, "productId": bundle["id"]}, label="x")
    url = answer["availableDownloads"][0]["url"]
    assert "/gen-bundle?landsat_product_id=" in url
    part = await asker.http.get(url, headers={"Range": f"bytes={bundle['filesize'] - 4}-"})
    assert (part.status_code, part.content) == (206, b"\0\0\0\0")
    assert part.headers["content-disposition"] == f'attachment; filename="{bundle["displayId"]}.tar"'


async def test_a_fresh_bundle_comes_from_dds_after_staging(asker: Asker) -> None:
    newest = (await asker.search(maxResults=1))["results"][0]["entityId"]
    bundle = next(one for one in await asker.options(entity_id=newest) if one["downloadSystem"] == "dds_ms")
    answer = await asker.request({"entityId": newest, "productId": bundle["id"]}, label="x")
    assert "/download-staging/" in answer["preparingDownloads"][0]["url"]
    (queued,) = asker.sandbox.queue()
    assert product_file(queued.dataset, queued.number, queued.product)[1].size == bundle["filesize"]


async def test_a_picture_of_full_resolution_needs_a_signature_and_a_small_one_none(asker: Asker) -> None:
    (scene,) = (await asker.search(maxResults=1))["results"]
    small = scene["browse"][0]["thumbnailPath"]
    assert (await asker.http.get(small)).headers["content-type"] == "image/jpeg"
    large = httpx.URL(small).copy_set_param("size", "frb")
    assert (await asker.http.get(large)).status_code == 302


async def test_the_place_of_a_tiles_file_goes_by_the_grid_of_tiles(asker: Asker) -> None:
    await asker.request(await asker.file(), label="x")
    (queued,) = asker.sandbox.queue()
    tile = "LE07_AK_006008_20090905_20210430_02"
    queued.product = {**queued.product, "displayId": f"{tile}_SR_B4.TIF"}
    (row,) = (await asker.ask("download-retrieve", {"label": "x"}))["available"]
    assert urlsplit(row["url"]).path == f"/tile/collection02/etm/2009/AK/006/008/{tile}/{tile}_SR_B4.TIF"


@pytest.mark.parametrize(
    ("entity_id", "place"),
    [
        ("LC08_L2SP_047027_20201204_20210313_02_T1", "level-2/standard/oli-tirs/2020/047/027"),
        ("LE07_L1TP_047027_19991204_20210313_02_T1", "level-1/standard/etm/1999/047/027"),
        ("LT05_L2SP_047027_19871204_20210313_02_T1", "level-2/standard/tm/1987/047/027"),
        ("LM02_L1TP_051027_19771204_20210313_02_T2", "level-1/standard/mss/1977/051/027"),
    ],
)
async def test_the_place_of_a_file_follows_from_its_name(asker: Asker, entity_id: str, place: str) -> None:
    await asker.request(await asker.file(), label="x")
    (queued,) = asker.sandbox.queue()
    queued.product = {**queued.product, "displayId": f"{entity_id}_B4.TIF"}
    (row,) = (await asker.ask("download-retrieve", {"label": "x"}))["available"]
    assert urlsplit(row["url"]).path == f"/data/collection02/{place}/{entity_id}/{entity_id}_B4.TIF"
