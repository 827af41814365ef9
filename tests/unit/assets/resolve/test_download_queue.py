"""Downloads that USGS prepares, refuses, or binds to a license."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from stac_bridge.assets import SceneFile
from stac_bridge.assets.resolve.download_answer import QueuedDownload, staging_error
from stac_bridge.assets.resolve.resolver import LOST_AFTER
from stac_bridge.errors import AssetUnavailable, Staging, UpstreamBusy
from tests.minting import calls, resolver
from tests.support import Script, says

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
    script = m2m_with({"preparingDownloads": [STAGED], "newRecords": {"9": "bridge"}})
    the_resolver = resolver(script)
    for _ in range(2):
        with pytest.raises(Staging):
            await the_resolver.source(FILM)
    assert calls(script).count("download-request") == 1
    lost = QueuedDownload(9, "bridge", first_seen=time.time() - LOST_AFTER - 1)
    await the_resolver._store.put(f"pending {FILM.name}", lost, ttl=60)
    with pytest.raises(Staging):
        await the_resolver.source(FILM)
    assert calls(script).count("download-request") == 2


def test_retry_after_grows_within_bounds() -> None:
    waits = [staging_error(QueuedDownload(1, "l", first_seen=time.time() - age)).retry_after for age in (0, 30, 4000)]
    assert waits == [5, 30, 60]


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
