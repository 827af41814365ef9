"""Tests of the download queue, quotas and hosts."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import pytest

from m2m_sandbox import create_sandbox
from m2m_sandbox.downloads.options import product_file
from m2m_sandbox.downloads.quotas import Quotas
from tests.unit.m2m_sandbox.sandbox_client import FRAME, LANDSAT, SCENE, Clock, SandboxClient


async def test_folders_and_bundles_have_the_same_files_and_age_decides_the_bundle(
    client: SandboxClient,
) -> None:
    old = {item["productCode"]: item for item in await client.options()}
    assert {code: item["downloadSystem"] for code, item in old.items()} == {
        "D691": "folder",
        "D693": "folder",
        "D694": "ls_zip",
        "D806": "dds_ms",
    }
    assert len({len(item["secondaryDownloads"]) for item in old.values()}) == 1
    assert (old["D694"]["available"], old["D806"]["available"]) == (True, False)
    newest = (await client.search(maxResults=1))["results"][0]["entityId"]
    new = {item["productCode"]: item["available"] for item in await client.options(entity_id=newest)}
    assert (new["D694"], new["D806"]) == (False, True)


async def test_unknown_scenes_have_no_options_and_are_no_error(client: SandboxClient) -> None:
    assert await client.options(entity_id="nothing") is None
    assert len(await client.options(entity_id=f"nothing,{SCENE}")) == 4


async def test_a_signed_url_serves_ranges_of_a_file_of_the_announced_size(client: SandboxClient) -> None:
    url = await client.signed_url()
    part = await client.http.get(url, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"II*\0")
    files = (await client.options())[0]["secondaryDownloads"]
    size = next(item["filesize"] for item in files if item["displayId"].endswith("SR_B4.TIF"))
    assert part.headers["content-range"] == f"bytes 0-3/{size}"
    head = await client.http.head(url)
    assert head.headers["content-length"] == str(size)
    past = await client.http.get(url, headers={"Range": f"bytes={size}-"})
    assert past.status_code == 416


async def test_a_missing_signature_redirects_to_login_and_a_wrong_or_expired_one_gets_403(
    client: SandboxClient, clock: Clock
) -> None:
    url = await client.signed_url()
    bare = await client.http.get(urlsplit(url).path)
    assert (bare.status_code, bare.headers["location"]) == (302, "http://sandbox/login")
    assert (await client.http.get(url.replace("SR_B4", "SR_B5"))).status_code == 403
    assert (await client.http.get(url[:-8] + "AAAAAAA=")).status_code == 403
    clock.now += 3601
    assert (await client.http.get(url)).status_code == 403


@pytest.mark.parametrize("name", ["SR_B4.TIF.aux.xml", "SR_B4.TIF.ovr", "SR_B4.TIF.msk", "SR_B4.tif"])
async def test_only_exact_names_are_served(client: SandboxClient, name: str) -> None:
    url = await client.signed_url()
    assert (await client.http.get(url.replace("SR_B4.TIF", name, 1))).status_code in (403, 404)


async def test_folders_and_unavailable_products_fail_with_a_reason(client: SandboxClient) -> None:
    rows = {item["productCode"]: item for item in await client.options()}
    for code in ("D691", "D806"):
        item = {"entityId": SCENE, "productId": rows[code]["id"]}
        response = await client.call("download-request", {"downloads": [item], "label": "x"})
        assert response["failed"][0]["errorMessage"]
        assert response["newRecords"] == []


async def test_a_label_longer_than_50_characters_is_rejected(client: SandboxClient) -> None:
    assert (await client.error("download-request", {"downloads": [], "label": "x" * 51}))[0] == "INPUT_INVALID"


async def test_a_staged_file_is_prepared_and_a_second_request_is_a_duplicate_under_the_first_label(
    client: SandboxClient, clock: Clock
) -> None:
    frame = "DS1117-2086DA007"
    (product,) = await client.options("corona2", frame)
    item = {"downloads": [{"entityId": frame, "productId": product["id"]}]}
    first = await client.call("download-request", {**item, "label": "first"})
    assert "/download-staging/" in first["preparingDownloads"][0]["url"]
    again = await client.call("download-request", {**item, "label": "second"})
    assert list(again["duplicateProducts"].values()) == ["first"]
    assert again["newRecords"] == []
    unlisted = await client.call("download-retrieve", {"label": "first"})
    assert (unlisted["available"], unlisted["requested"]) == ([], [])
    clock.now += 10
    waiting = await client.call("download-retrieve", {"label": "first"})
    assert (len(waiting["available"]), len(waiting["requested"])) == (0, 1)
    clock.now += 61
    ready = await client.call("download-retrieve", {"label": "first"})
    response = await client.http.get(ready["available"][0]["url"], headers={"Range": "bytes=0-3"})
    assert response.status_code == 200
    assert response.headers["accept-ranges"] == "none"
    assert "filename=" in response.headers["content-disposition"]
    assert response.headers["content-length"] == str(len(response.content)) == str(product["filesize"])
    assert (await client.http.head(ready["available"][0]["url"])).status_code == 405


async def test_remaining_limits_shrink_with_each_request(client: SandboxClient) -> None:
    await client.signed_url()
    response = await client.call("download-request", {"downloads": [], "label": "x"})
    assert [row["limitType"] for row in response["remainingLimits"]] == ["user", "ip"]
    assert response["remainingLimits"][0]["recentDownloadCount"] == 14_999


# -- the queue ---------------------------------------------------------------------------------------------------


async def queue(client: SandboxClient, label: str = "x") -> tuple[list[int], list[int]]:
    payload = await client.call("download-retrieve", {"label": label})
    return [item["downloadId"] for item in payload["available"]], [item["downloadId"] for item in payload["requested"]]


async def test_a_download_is_in_no_list_then_requested_then_in_both_lists_then_available(
    client: SandboxClient, clock: Clock
) -> None:
    response = await client.request(await client.frame(), label="x")
    (download_id,) = (row["downloadId"] for row in response["preparingDownloads"])
    seen = []
    for seconds in (0, 10, 49, 1, 29, 1):
        clock.now += seconds
        seen.append(await queue(client))
    assert seen == [
        ([], []),
        ([], [download_id]),
        ([], [download_id]),
        ([download_id], [download_id]),
        ([download_id], [download_id]),
        ([download_id], []),
    ]


async def test_the_default_label_has_the_request_id_and_the_time(client: SandboxClient) -> None:
    response = await client.request(await client.file())
    (label,) = response["newRecords"].values()
    assert label.startswith("m2m_")
    assert label.endswith("_20270115080000")


async def test_the_label_of_the_request_overrides_those_of_its_items(client: SandboxClient) -> None:
    first, second = await client.file("SR_B4.TIF"), await client.file("SR_B5.TIF")
    own = await client.request({**first, "label": "own"}, {**second, "label": "other"})
    assert list(own["newRecords"].values()) == ["own", "other"]
    overridden = await client.request({**await client.file("SR_B6.TIF"), "label": "own"}, label="all")
    assert list(overridden["newRecords"].values()) == ["all"]


async def test_an_item_label_longer_than_50_characters_is_rejected(client: SandboxClient) -> None:
    payload = {"downloads": [{**await client.file(), "label": "x" * 51}]}
    assert await client.error("download-request", payload) == ("INPUT_INVALID", 400)


async def test_unknown_scenes_are_counted(client: SandboxClient) -> None:
    response = await client.request({"entityId": "nothing", "productId": "5e839feb28131aac"}, await client.file())
    assert response["numInvalidScenes"] == 1
    assert len(response["availableDownloads"]) == 1


async def test_a_frame_that_was_not_scanned_is_not_available(client: SandboxClient) -> None:
    frames = (await client.call("scene-search", {"datasetName": "corona2", "maxResults": 200}))["results"]
    unscanned = next(item["entityId"] for item in frames if not item["options"]["download"])
    response = await client.request(await client.frame(unscanned), label="x")
    assert response["failed"][0]["errorMessage"] == "Download is not available."


async def test_a_file_is_downloading_while_read_and_complete_at_its_end(client: SandboxClient, clock: Clock) -> None:
    await client.request(await client.frame(), label="x")
    clock.now += 100
    url = (await client.call("download-retrieve", {"label": "x"}))["available"][0]["url"]

    async def status() -> tuple[str, str]:
        (row,) = await client.call("download-search", {"label": "x"})
        return row["statusCode"], row["statusText"]

    assert await status() == ("A", "Available")
    (queued,) = client.sandbox.queue()
    queued.reading += 1
    assert await status() == ("D", "Downloading")
    queued.reading -= 1
    await client.http.get(url)
    assert await status() == ("C", "Complete")
    assert await client.call("download-search", {"label": "x", "activeOnly": True}) == []


async def test_a_complete_download_can_be_requested_as_a_new_one(client: SandboxClient, clock: Clock) -> None:
    frame = await client.frame()
    await client.request(frame, label="x")
    clock.now += 100
    await client.http.get((await client.call("download-retrieve", {"label": "x"}))["available"][0]["url"])
    assert len((await client.request(frame, label="y"))["newRecords"]) == 1


async def test_one_download_or_all_of_a_label_can_be_removed(client: SandboxClient) -> None:
    await client.request(await client.frame(), await client.file(), await client.file("SR_B5.TIF"), label="x")
    first, *_rest = await client.call("download-search", {"label": "x"})
    assert await client.call("download-remove", {"downloadId": str(first["downloadId"])}) is True
    assert await client.call("download-remove", {"downloadId": first["downloadId"]}) is True
    assert await client.call("download-remove", {"downloadId": 1}) is True
    several = {"downloadId": [first["downloadId"]]}
    assert await client.error("download-remove", several) == ("INPUT_PARAMETER_INVALID", 400)
    assert await client.call("download-order-remove", {"label": "x"}) == 2
    assert await client.call("download-search", {"label": "x"}) == []
    again = await client.request(await client.frame(), label="y")
    assert again["duplicateProducts"] == []


async def test_an_account_cannot_see_or_remove_downloads_of_another(client: SandboxClient) -> None:
    response = await client.request(await client.frame(), label="x")
    (download_id,) = response["newRecords"]
    await client.log_in("another")
    assert await client.error("download-remove", {"downloadId": download_id}) == ("DOWNLOAD_ERROR", 200)
    assert await client.call("download-search", {"label": "x"}) == []


async def test_labels_and_summaries_count_the_queue(client: SandboxClient, clock: Clock) -> None:
    (product,) = await client.options("corona2", FRAME)
    await client.request(await client.frame(), await client.file(), label="x")
    (label,) = await client.call("download-labels")
    assert (label["label"], label["downloadCount"], label["totalComplete"]) == ("x", 2, 0)
    assert label["dateEntered"] == clock.now * 1000
    assert (await client.error("download-summary", {"label": "x"}))[0] == "INPUT_PARAMETER_INVALID"
    data = await client.call("download-summary", {"label": "x", "downloadApplication": "EE", "sendEmail": False})
    sizes = {item["datasetName"]: item["totalEstimatedSize"] for item in data["collections"]}
    assert sizes["corona2"] == str(product["filesize"])
    assert data["totalEstimatedSize"] == sum(int(size) for size in sizes.values())
    assert (data["sceneCount"], data["downloadCount"]) == (2, 2)


async def test_a_proxy_can_mark_downloads_as_complete(client: SandboxClient) -> None:
    response = await client.request(await client.file(), label="x")
    download_id = response["availableDownloads"][0]["downloadId"]
    data = await client.call(
        "download-complete-proxied", {"proxiedDownloads": [{"downloadId": download_id, "downloadedSize": 1}]}
    )
    assert data == {"failed": [], "updatedDownloadsCount": 1}
    (row,) = await client.call("download-order-load", {"label": ["x"]})
    assert row["statusCode"] == "C"
    unknown = {"proxiedDownloads": [{"downloadId": 1, "downloadedSize": 1}]}
    assert await client.call("download-complete-proxied", unknown) == {"failed": [1], "updatedDownloadsCount": 0}


async def test_a_signed_url_is_proxied_and_stays_requested_until_it_is_reported_as_fetched(
    client: SandboxClient, clock: Clock
) -> None:
    bands = [await client.file(f"SR_B{band}.TIF") for band in (2, 3, 4)]
    for band in bands:
        await client.request(band, label="always the same")
    clock.now += 3000
    queue = await client.call("download-retrieve", {"label": "always the same"})
    assert (queue["available"], queue["queueSize"]) == ([], 0)
    assert [(row["statusCode"], row["statusText"]) for row in queue["requested"]] == [("P", "Proxied")] * 3
    first, second, third = queue["requested"]
    assert (await client.http.get(first["url"], headers={"Range": "bytes=0-3"})).status_code == 206
    fetched = [{"downloadId": row["downloadId"], "downloadedSize": 4} for row in (first, second)]
    await client.call("download-complete-proxied", {"proxiedDownloads": fetched})
    queue = await client.call("download-retrieve", {"label": "always the same"})
    assert [row["downloadId"] for row in queue["requested"]] == [third["downloadId"]]
    await client.call("download-remove", {"downloadId": third["downloadId"]})
    queue = await client.call("download-retrieve", {"label": "always the same"})
    assert queue["requested"] == []


async def test_a_signed_url_that_is_queued_is_a_duplicate_under_its_old_label(
    client: SandboxClient, clock: Clock
) -> None:
    band = await client.file()
    (download_id,) = (await client.request(band, label="monday"))["newRecords"]
    clock.now += 7200
    await client.log_in()
    again = await client.request(band, label="tuesday")
    assert again["duplicateProducts"] == {download_id: "monday"}
    assert again["newRecords"] == []
    assert (await client.http.head(again["availableDownloads"][0]["url"])).status_code == 200
    assert (await client.call("download-retrieve", {"label": "tuesday"}))["requested"] == []
    await client.call("download-complete-proxied", {"proxiedDownloads": [{"downloadId": int(download_id)}]})
    assert list((await client.request(band, label="wednesday"))["newRecords"].values()) == ["wednesday"]


async def test_the_application_m2m_is_refused(client: SandboxClient) -> None:
    payload = {"downloads": [await client.file()], "downloadApplication": "m2m"}
    assert (await client.error("download-request", payload))[0] == "INPUT_PARAMETER_INVALID"


async def test_a_complete_download_is_no_longer_retrieved(client: SandboxClient, clock: Clock) -> None:
    await client.request(await client.frame(), label="x")
    clock.now += 100
    (row,) = (await client.call("download-retrieve", {"label": "x"}))["available"]
    await client.http.get(row["url"])
    queue = await client.call("download-retrieve", {"label": "x"})
    assert (queue["available"], queue["requested"]) == ([], [])


async def test_a_file_group_is_requested_by_a_list_of_band_files(client: SandboxClient) -> None:
    groups = (await client.call("dataset-file-groups", {"datasetName": LANDSAT}))["secondary"]
    ((band_files, known),) = groups.items()
    names = {file["name"] for file in known["ls_c2l2_sr_band"]["files"]}
    assert {f"SR_B{band}.TIF" for band in range(1, 8)} <= names
    files = (await client.options())[0]["secondaryDownloads"]
    assert {item["datasetId"] for item in files} == {band_files}
    listed = {"listId": "bands", "datasetName": "landsat_band_files_c2_l2"}
    ids = [item["entityId"] for item in files]
    assert await client.call("scene-list-add", {**listed, "entityIds": [*ids, "L2SR_nothing_SR_B2_TIF"]}) == len(ids)
    group = {"datasetName": LANDSAT, "fileGroups": ["ls_c2l2_sr_band"], "listId": "bands"}
    response = await client.call("download-request", {"dataGroups": [group], "label": "x"})
    endings = {urlsplit(item["url"]).path.rpartition("_SR_")[2] for item in response["availableDownloads"]}
    assert endings == {name.removeprefix("SR_") for name in names}


# -- quotas ------------------------------------------------------------------------------------------------------


@pytest.fixture
def limited(clock: Clock) -> SandboxClient:
    quotas = Quotas(recent=3, pending=2, unattempted=2)
    sandbox = create_sandbox(base_url="http://sandbox", clock=clock, staging_seconds=60, quotas=quotas)
    return SandboxClient(sandbox)


async def test_the_number_of_requests_in_15_minutes_is_limited(limited: SandboxClient, clock: Clock) -> None:
    await limited.log_in()
    item = await limited.file()
    for band in (2, 3, 4):
        await limited.request(await limited.file(f"SR_B{band}.TIF"), label="x")
    assert await limited.error("download-request", {"downloads": [item]}) == ("RATE_LIMIT_USER_DL", 200)
    await limited.call("download-order-remove", {"label": "x"})
    clock.now += 901
    assert (await limited.request(item, label="x"))["remainingLimits"][0]["recentDownloadCount"] == 2


async def test_the_number_of_pending_downloads_is_limited(limited: SandboxClient, clock: Clock) -> None:
    await limited.log_in()
    response = await limited.request(await limited.frame(), await limited.frame("DS1117-2086DA017"), label="x")
    assert [row["pendingDownloadCount"] for row in response["remainingLimits"]] == [0, 0]
    assert (await limited.error("download-request", {"downloads": [await limited.file()]}))[0] == "RATE_LIMIT_USER_DL"
    await limited.call("download-order-remove", {"label": "x"})
    assert (await limited.request(await limited.file(), label="y"))["availableDownloads"]


async def test_unread_files_count_toward_a_quota_and_signed_urls_do_not(limited: SandboxClient, clock: Clock) -> None:
    await limited.log_in()
    await limited.request(await limited.frame(), await limited.frame("DS1117-2086DA017"), label="x")
    clock.now += 1000
    more = {"downloads": [await limited.file("SR_B6.TIF")]}
    assert (await limited.error("download-request", more))[0] == "RATE_LIMIT_USER_DL"
    ready = (await limited.call("download-retrieve", {"label": "x"}))["available"]
    await limited.http.get(ready[0]["url"])
    for _ in range(2):
        assert await limited.call("download-request", more)
    limits = (await limited.request(label="x"))["remainingLimits"]
    assert limits[0]["unattemptedDownloadCount"] == 1


async def test_accounts_with_the_same_ip_address_share_its_quota(limited: SandboxClient) -> None:
    await limited.log_in("one")
    await limited.request(await limited.frame(), await limited.file(), label="x")
    await limited.log_in("another")
    response = await limited.request(label="x")
    assert [row["recentDownloadCount"] for row in response["remainingLimits"]] == [3, 1]


async def test_rate_limit_summary_has_initial_and_remaining_limits_and_counts(limited: SandboxClient) -> None:
    await limited.log_in("one")
    await limited.request(await limited.frame(), await limited.file(), label="x")
    data = await limited.call("rate-limit-summary")
    (initial,) = data["initialLimits"]
    assert initial == {"recentDownloadCount": 3, "pendingDownloadCount": 2, "unattemptedDownloadCount": 2}
    user, address = data["remainingLimits"]
    left = {"recentDownloadCount": 1, "pendingDownloadCount": 1, "unattemptedDownloadCount": 2}
    assert user == {"limitType": "user", "username": "one", **left}
    assert address == {"limitType": "ip", "ipAddress": "127.0.0.1", **left}
    counts = {row["status"]: row["downloadCount"] for row in data["recentDownloadCounts"][0]["downloadCounts"]}
    assert counts == {"Preparing": 1, "Proxied": 1}


# -- the dds host ------------------------------------------------------------------------------------------------


async def test_dds_ignores_range_sets_a_cookie_and_limits_parallel_files(client: SandboxClient, clock: Clock) -> None:
    response = await client.request(await client.frame(), label="x")
    staging = response["preparingDownloads"][0]["url"]
    assert (await client.http.get(staging)).status_code == 404
    clock.now += 60
    whole = await client.http.get(staging, headers={"Range": "bytes=0-3"})
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "none")
    assert "dds-production=" in whole.headers["set-cookie"]
    assert "Max-Age=3600" in whole.headers["set-cookie"]
    (queued,) = client.sandbox.queue()
    queued.account.fetching = 10
    rejected = await client.http.get(staging)
    assert (rejected.status_code, rejected.headers["retry-after"]) == (429, "5")


async def test_a_bundle_is_an_attachment_that_supports_ranges(client: SandboxClient) -> None:
    bundle = next(item for item in await client.options() if item["downloadSystem"] == "ls_zip")
    response = await client.request({"entityId": SCENE, "productId": bundle["id"]}, label="x")
    url = response["availableDownloads"][0]["url"]
    assert "/gen-bundle?landsat_product_id=" in url
    part = await client.http.get(url, headers={"Range": f"bytes={bundle['filesize'] - 4}-"})
    assert (part.status_code, part.content) == (206, b"\0\0\0\0")
    assert part.headers["content-disposition"] == f'attachment; filename="{bundle["displayId"]}.tar"'


async def test_a_fresh_bundle_comes_from_dds_after_staging(client: SandboxClient) -> None:
    newest = (await client.search(maxResults=1))["results"][0]["entityId"]
    bundle = next(item for item in await client.options(entity_id=newest) if item["downloadSystem"] == "dds_ms")
    response = await client.request({"entityId": newest, "productId": bundle["id"]}, label="x")
    assert "/download-staging/" in response["preparingDownloads"][0]["url"]
    (queued,) = client.sandbox.queue()
    assert product_file(queued.dataset, queued.number, queued.product)[1].size == bundle["filesize"]


async def test_only_full_resolution_browse_needs_a_signature(client: SandboxClient) -> None:
    (scene,) = (await client.search(maxResults=1))["results"]
    small = scene["browse"][0]["thumbnailPath"]
    assert (await client.http.get(small)).headers["content-type"] == "image/jpeg"
    large = httpx.URL(small).copy_set_param("size", "frb")
    assert (await client.http.get(large)).status_code == 302


async def test_the_path_of_an_ard_file_has_region_and_tile(client: SandboxClient) -> None:
    await client.request(await client.file(), label="x")
    (queued,) = client.sandbox.queue()
    tile = "LE07_AK_006008_20090905_20210430_02"
    queued.product = {**queued.product, "displayId": f"{tile}_SR_B4.TIF"}
    (row,) = (await client.call("download-retrieve", {"label": "x"}))["requested"]
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
async def test_the_path_of_a_band_file_follows_from_its_name(client: SandboxClient, entity_id: str, place: str) -> None:
    await client.request(await client.file(), label="x")
    (queued,) = client.sandbox.queue()
    queued.product = {**queued.product, "displayId": f"{entity_id}_B4.TIF"}
    (row,) = (await client.call("download-retrieve", {"label": "x"}))["requested"]
    assert urlsplit(row["url"]).path == f"/data/collection02/{place}/{entity_id}/{entity_id}_B4.TIF"
