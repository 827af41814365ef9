"""What USGS prepares, refuses, or binds to a licence, as its readers are told."""

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


def asking(answer: dict[str, Any], *queues: Any) -> Script:
    """An M2M that says this to download-request, and these to download-retrieve."""
    return Script(
        {
            "download-options": OPTIONS,
            "download-request": says(answer),
            "download-retrieve": [says(one) for one in queues or ({"available": [], "requested": []},)],
        }
    )


def ready(label: str = "bridge", **more: Any) -> dict[str, Any]:
    return {"available": [{"downloadId": 9, "entityId": "DS1", "label": label, "url": TAPE, **more}], "requested": []}


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
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
async def test_a_refusal_is_told_with_usgss_reason(answer: dict[str, Any], kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told) as error:
        await resolver(asking(answer)).source(FILM)
    assert "<" not in str(error.value)
    assert bool(getattr(error.value, "retry_after", None)) == (kind is UpstreamBusy)


async def test_no_address_of_usgss_is_told_with_its_reason() -> None:
    reason = "See <a href='https://dds.cr.usgs.gov/x?contactId=1'>this</a> or https://dds.cr.usgs.gov/y."
    with pytest.raises(AssetUnavailable) as error:
        await resolver(asking({"failed": [{"errorMessage": reason}]})).source(FILM)
    assert "usgs.gov" not in str(error.value)


async def test_a_restart_finds_what_was_staging_under_its_label() -> None:
    script = asking(
        {"preparingDownloads": [STAGED], "newRecords": {"9": "bridge"}}, {"available": [], "requested": []}, ready()
    )
    with pytest.raises(Staging):
        await resolver(script).source(FILM)
    again = says({"preparingDownloads": [STAGED], "duplicateProducts": {"9": "bridge"}, "newRecords": []})
    script._answers["download-request"] = [again]
    reborn = resolver(script)
    with pytest.raises(Staging):
        await reborn.source(FILM)
    await reborn._store.drop("queue bridge")
    assert (await reborn.source(FILM)).url == TAPE
    assert calls(script).count("download-request") == 2


async def test_what_was_queued_under_another_label_is_looked_for_there() -> None:
    script = asking({"duplicateProducts": {"9": "somebody's"}}, ready("somebody's"))
    assert (await resolver(script).source(FILM)).url == TAPE
    assert [said for name, said in script.asked if name == "download-retrieve"] == [{"label": "somebody's"}]


async def test_a_duplicate_that_is_available_at_once_needs_no_look_at_the_queue() -> None:
    script = asking({"availableDownloads": [{**STAGED, "url": TAPE}], "duplicateProducts": {"9": "somebody's"}})
    assert (await resolver(script).source(FILM)).url == TAPE
    assert "download-retrieve" not in calls(script)


async def test_what_the_queue_has_lost_is_asked_for_anew() -> None:
    script = asking({"preparingDownloads": [STAGED], "newRecords": {"9": "bridge"}})
    found = resolver(script)
    for _ in range(2):
        with pytest.raises(Staging):
            await found.source(FILM)
    assert calls(script).count("download-request") == 1
    lost = QueuedDownload(9, "bridge", first_seen=time.time() - LOST_AFTER - 1)
    await found._store.put(f"pending {FILM.name}", lost, ttl=60)
    with pytest.raises(Staging):
        await found.source(FILM)
    assert calls(script).count("download-request") == 2


def test_the_wait_that_is_told_grows_and_stays_bounded() -> None:
    waits = [staging_error(QueuedDownload(1, "l", first_seen=time.time() - age)).retry_after for age in (0, 30, 4000)]
    assert waits == [5, 30, 60]


async def test_a_licence_is_told_of_what_is_granted() -> None:
    script = asking({"availableDownloads": [{**STAGED, "url": TAPE, "eulaCode": "HDDS"}]})
    assert (await resolver(script).source(FILM)).eula == "HDDS"


async def test_a_licence_is_told_of_what_is_staging_and_kept_until_it_comes() -> None:
    answer = {"preparingDownloads": [{**STAGED, "eulaCode": "HDDS"}], "newRecords": {"9": "bridge"}}
    script = asking(answer, ready())
    found = resolver(script)
    with pytest.raises(Staging, match="license HDDS"):
        await found.source(FILM)
    assert (await found.source(FILM)).eula == "HDDS"


async def test_a_renewed_url_is_asked_for_and_not_taken_from_what_died() -> None:
    def grant(ident: int) -> httpx.Response:
        return says({"availableDownloads": [{"downloadId": ident, "entityId": "DS1", "url": f"{TAPE}{ident}"}]})

    script = Script({"download-options": OPTIONS, "download-request": [grant(1), grant(2)]})
    found = resolver(script)
    stale = await found.source(FILM)
    assert (await found.renew(FILM, stale)).url == f"{TAPE}2"
    assert calls(script) == ["download-options", "download-request", "download-request"]
