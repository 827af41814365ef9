"""Downloads that USGS prepares, refuses, or binds to a license."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from stac_bridge.assets import SceneFile
from stac_bridge.assets.resolve.download_answer import QueuedDownload, RefusedDownload, staging_error
from stac_bridge.assets.resolve.download_labels import DownloadLabels
from stac_bridge.assets.resolve.download_queue import DownloadQueue
from stac_bridge.assets.resolve.resolver import LOST_AFTER
from stac_bridge.errors import AssetUnavailable, Staging, UpstreamBusy
from stac_bridge.m2m.models.downloads import DownloadInput
from stac_bridge.store import Store
from tests.minting import LABEL, NOW, calls, host, resolver
from tests.support import Script, m2m_client, says

FILM = SceneFile("corona2", "DS1", "DS1", "DS1", product_code="D183")
TAPE = "https://dds.cr.usgs.gov/download/abc"
OPTIONS = says([{"id": "D183-id", "entityId": "DS1", "displayId": "DS1", "available": True, "productCode": "D183"}])
STAGED = {"downloadId": 9, "entityId": "DS1", "url": TAPE.replace("download/", "download-staging/")}


def m2m_with(answer: dict[str, Any], *queues: Any) -> Script:
    """Return an M2M with this answer to download-request, and these to download-retrieve."""
    return Script(
        {
            "download-options": OPTIONS,
            "download-request": says(answer),
            "download-retrieve": [says(queue) for queue in queues or ({"available": [], "requested": []},)],
        }
    )


def ready(label: str = "bridge", **more: Any) -> dict[str, Any]:
    return {"available": [{"downloadId": 9, "entityId": "DS1", "label": label, "url": TAPE, **more}], "requested": []}


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        ({"failed": [{"entityId": "DS1", "errorMessage": "<p>It is <b>closed</b>"}]}, AssetUnavailable, "It is closed"),
        ({"failed": [{"errorMessage": "It is closed."}]}, AssetUnavailable, "It is closed."),
        ({"failed": [{"entityId": "DS1", "errorMessage": None}]}, AssetUnavailable, "no reason"),
        ({"numInvalidScenes": 1}, AssetUnavailable, "no reason"),
        (
            {"failed": [{"entityId": "DS1", "errorMessage": "This download has been temporarily disabled."}]},
            UpstreamBusy,
            "temporarily disabled",
        ),
    ],
)  # fmt: skip
async def test_a_refusal_has_the_reason_that_usgs_gives(
    answer: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message) as error:
        await resolver(m2m_with(answer)).source(FILM)
    assert "<" not in str(error.value)
    assert bool(getattr(error.value, "retry_after", None)) == (kind is UpstreamBusy)


@pytest.mark.parametrize(
    "rows",
    [
        {"availableDownloads": [{"downloadId": 9, "url": TAPE}], "newRecords": {"9": LABEL}},
        {"availableDownloads": [{"downloadId": 9, "entityId": "DS1", "url": TAPE}], "duplicateProducts": {"9": "old"}},
        {"duplicateProducts": {"9": "old"}},
    ],
)
async def test_a_file_that_an_answer_both_refuses_and_lists_is_read(rows: dict[str, Any]) -> None:
    refusal = {"failed": [{"entityId": "DS1", "errorMessage": "It was requested already."}]}
    assert (await resolver(m2m_with({**rows, **refusal}, ready("old"))).source(FILM)).url == TAPE


async def test_a_reason_is_shown_without_the_urls_in_it() -> None:
    reason = "See <a href='https://dds.cr.usgs.gov/x?contactId=1'>this</a> or https://dds.cr.usgs.gov/y."
    with pytest.raises(AssetUnavailable) as error:
        await resolver(m2m_with({"failed": [{"errorMessage": reason}]})).source(FILM)
    assert "usgs.gov" not in str(error.value)


async def test_a_restarted_bridge_finds_its_staging_downloads_by_label() -> None:
    script = m2m_with(
        {"preparingDownloads": [STAGED], "newRecords": {"9": "bridge"}}, {"available": [], "requested": []}, ready()
    )
    with pytest.raises(Staging):
        await resolver(script).source(FILM)
    again = says({"preparingDownloads": [STAGED], "duplicateProducts": {"9": "bridge"}, "newRecords": []})
    script._answers["download-request"] = [again]
    restarted = resolver(script)
    with pytest.raises(Staging):
        await restarted.source(FILM)
    await restarted._store.drop("queue bridge")
    assert (await restarted.source(FILM)).url == TAPE
    assert calls(script).count("download-request") == 2


async def test_a_duplicate_is_looked_up_under_its_own_label() -> None:
    script = m2m_with({"duplicateProducts": {"9": "another bridge"}}, ready("another bridge"))
    assert (await resolver(script).source(FILM)).url == TAPE
    assert [payload for name, payload in script.asked if name == "download-retrieve"] == [{"label": "another bridge"}]


async def test_an_available_duplicate_needs_no_download_retrieve() -> None:
    script = m2m_with({"availableDownloads": [{**STAGED, "url": TAPE}], "duplicateProducts": {"9": "another bridge"}})
    assert (await resolver(script).source(FILM)).url == TAPE
    assert "download-retrieve" not in calls(script)


async def test_a_download_that_the_queue_has_lost_is_requested_again() -> None:
    script, now = m2m_with({"preparingDownloads": [STAGED], "newRecords": {"9": "bridge"}}), [NOW]
    the_resolver = resolver(script, clock=lambda: now[0])
    for age in (0, LOST_AFTER):
        now[0] = NOW + age
        with pytest.raises(Staging):
            await the_resolver.source(FILM)
    assert calls(script).count("download-request") == 1
    now[0] = NOW + LOST_AFTER + 1
    with pytest.raises(Staging):
        await the_resolver.source(FILM)
    assert calls(script).count("download-request") == 2


async def test_a_lost_download_is_removed_before_the_new_request() -> None:
    script = m2m_with({"preparingDownloads": [STAGED], "newRecords": {"9": "bridge"}})
    the_resolver = resolver(script)
    lost = QueuedDownload(9, "bridge", first_seen=NOW - LOST_AFTER - 1)
    await the_resolver._store.put(f"pending {FILM.name}", lost, ttl=60)
    with pytest.raises(Staging):
        await the_resolver.source(FILM)
    assert calls(script) == ["download-retrieve", "download-remove", "download-options", "download-request"]


@pytest.mark.parametrize("status", [403, 404, 302])
async def test_a_duplicate_with_a_dead_url_is_removed_and_requested_again(status: int) -> None:
    def file_host(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/old"):
            return httpx.Response(status, headers={"Location": "https://ers.example/login"})
        return host(request)

    old = {"downloadId": 8, "entityId": "DS1", "url": f"{TAPE}/old"}
    script = m2m_with({})
    script._answers["download-request"] = [
        says({"availableDownloads": [old], "duplicateProducts": {"8": "bridge-2026-03-04"}}),
        says({"availableDownloads": [{**STAGED, "url": TAPE}], "newRecords": {"9": "bridge"}}),
    ]
    assert (await resolver(script, file_host).source(FILM)).url == TAPE
    assert calls(script) == ["download-options", "download-request", "download-remove", "download-request"]


async def test_a_new_download_with_a_dead_url_is_an_error() -> None:
    script = m2m_with({"availableDownloads": [{**STAGED, "url": TAPE}], "newRecords": {"9": "bridge"}})
    with pytest.raises(AssetUnavailable):
        await resolver(script, lambda _request: httpx.Response(404)).source(FILM)
    assert calls(script) == ["download-options", "download-request"]


@pytest.mark.parametrize("failure", [{"statusText": "Failed"}, {"statusText": "Cleared"}, {"errorCode": "E1"}])
async def test_a_download_that_usgs_could_not_prepare_is_an_error_and_then_requested_anew(
    failure: dict[str, str],
) -> None:
    broken = {"available": [], "requested": [{"downloadId": 9, "url": None, **failure}]}
    script = m2m_with({"preparingDownloads": [STAGED], "newRecords": {"9": "bridge"}}, broken)
    the_resolver = resolver(script)
    with pytest.raises(Staging):
        await the_resolver.source(FILM)
    with pytest.raises(AssetUnavailable, match="could not prepare"):
        await the_resolver.source(FILM)
    script._answers["download-request"] = [
        says({"preparingDownloads": [STAGED], "duplicateProducts": {"9": "bridge"}}),
        says({"availableDownloads": [{"downloadId": 10, "url": TAPE}], "newRecords": {"10": "bridge"}}),
    ]
    assert (await the_resolver.source(FILM)).url == TAPE
    assert calls(script)[-3:] == ["download-request", "download-remove", "download-request"]


DISABLED = "This download has been temporarily disabled."


@pytest.mark.parametrize(
    ("failed", "is_temporary"),
    [
        ([{"errorMessage": DISABLED}, {"errorMessage": DISABLED}], True),
        ([{"errorMessage": "Download is not available."}, {"errorMessage": DISABLED}], True),
        ([DISABLED, DISABLED], True),
        ({"0": {"errorMessage": DISABLED}, "2": {"errorMessage": DISABLED}}, True),
        ([{"entityId": name, "productId": None, "errorMessage": DISABLED} for name in ("DS1", "DS2")], True),
        ([{"errorMessage": "Download is not available."}], False),
        ([], False),
        (None, False),
    ],
)
async def test_files_requested_together_share_the_reasons_of_failures_that_name_none_of_them(
    failed: Any, is_temporary: bool
) -> None:
    queue = DownloadQueue(
        m2m_client(m2m_with({"failed": failed, "numInvalidScenes": 2})), Store(), DownloadLabels("bridge")
    )
    results = await asyncio.gather(*(queue.request(DownloadInput(name, "id")) for name in ("DS1", "DS2")))
    assert [isinstance(result, RefusedDownload) and result.is_temporary for result in results] == [is_temporary] * 2


async def test_an_answer_that_neither_lists_nor_refuses_a_file_means_that_it_is_not_listed_yet() -> None:
    with pytest.raises(Staging, match="does not list it yet"):
        await resolver(m2m_with({"numInvalidScenes": 0, "failed": []})).source(FILM)


async def test_a_label_that_is_a_number_and_one_that_is_missing_are_read() -> None:
    script = m2m_with({"duplicateProducts": {"9": 20263459}}, ready("20263459"))
    assert (await resolver(script).source(FILM)).url == TAPE
    script = m2m_with({"duplicateProducts": {"9": None}}, ready())
    assert (await resolver(script).source(FILM)).url == TAPE
    assert script.asked[-1] == ("download-retrieve", {"label": LABEL})


def test_retry_after_grows_within_bounds() -> None:
    download = QueuedDownload(1, "l", first_seen=NOW)
    waits = [staging_error(download, NOW + age).retry_after for age in (-60, 0, 30, 4000)]
    assert waits == [5, 5, 30, 60]


async def test_a_source_has_the_code_of_its_license() -> None:
    script = m2m_with({"availableDownloads": [{**STAGED, "url": TAPE, "eulaCode": "HDDS"}]})
    assert (await resolver(script).source(FILM)).eula == "HDDS"


async def test_a_staging_error_names_the_license_and_the_later_source_has_it() -> None:
    answer = {"preparingDownloads": [{**STAGED, "eulaCode": "HDDS"}], "newRecords": {"9": "bridge"}}
    script = m2m_with(answer, ready())
    the_resolver = resolver(script)
    with pytest.raises(Staging, match="license HDDS"):
        await the_resolver.source(FILM)
    assert (await the_resolver.source(FILM)).eula == "HDDS"


async def test_a_renewal_requests_the_download_again() -> None:
    def grant(ident: int) -> httpx.Response:
        return says({"availableDownloads": [{"downloadId": ident, "entityId": "DS1", "url": f"{TAPE}{ident}"}]})

    script = Script({"download-options": OPTIONS, "download-request": [grant(1), grant(2)]})
    the_resolver = resolver(script)
    stale = await the_resolver.source(FILM)
    assert (await the_resolver.renew(FILM, stale)).url == f"{TAPE}2"
    assert calls(script) == ["download-options", "download-request", "download-request"]
