"""USGS's download quotas: low ones are logged, unused downloads removed, and refusals waited out without requests."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from stac_bridge.assets.resolve.quota import MAX_REMOVED
from stac_bridge.errors import UpstreamBusy
from tests.minting import LABEL, calls, granting, offering, resolver, wanted
from tests.support import Script, fails, says

BANDS = ("SR_B2.TIF", "SR_B3.TIF", "SR_B4.TIF")
OVER = fails("RATE_LIMIT_USER_DL")


def limited(request: Any, queue: list[dict[str, Any]] | None = None) -> Script:
    return Script(
        {
            "download-options": offering(*BANDS),
            "download-request": request,
            "download-search": says(queue or []),
            "download-remove": says(True),
        }
    )


def row(ident: int, status: str = "A") -> dict[str, Any]:
    return {"downloadId": ident, "statusCode": status, "label": LABEL}


def removed(script: Script) -> list[int]:
    return [payload["downloadId"] for name, payload in script.asked if name == "download-remove"]


async def test_while_a_quota_is_used_up_nothing_is_requested_and_retry_after_is_the_rest() -> None:
    script = limited(OVER)
    the_resolver = resolver(script)
    with pytest.raises(UpstreamBusy) as first:
        await the_resolver.source(wanted(BANDS[0]))
    until = await the_resolver._store.get("downloads refused until")
    await the_resolver._store.put("downloads refused until", until - 600, ttl=60)
    with pytest.raises(UpstreamBusy) as second:
        await the_resolver.source(wanted(BANDS[1]))
    assert (first.value.retry_after, second.value.retry_after) == (900, 300)
    assert calls(script).count("download-request") == 1


async def test_unused_downloads_are_removed_and_the_request_is_sent_again() -> None:
    queue = [row(5), row(2), row(3, "P"), row(4, "D")]
    script = limited([OVER, granting()], queue)
    assert (await resolver(script).source(wanted())).size == 1000
    assert removed(script) == [2, 5]
    assert calls(script)[1:] == ["download-request", "download-search", "download-remove", "download-remove", "download-request"]  # fmt: skip # noqa: E501
    assert next(payload for name, payload in script.asked if name == "download-search") == {"activeOnly": True}


async def test_a_second_refusal_is_final() -> None:
    script = limited(OVER, [row(1)])
    with pytest.raises(UpstreamBusy, match="quota"):
        await resolver(script).source(wanted())
    assert calls(script).count("download-request") == 2


async def test_unused_downloads_of_earlier_days_are_removed_and_those_of_other_tools_are_not() -> None:
    labels = {1: "bridge-2026-03-01", 2: "another tool", 3: "bridge", 4: None, 5: "bridge-2026-03-05-x", 6: LABEL}
    script = limited([OVER, granting()], [{**row(ident), "label": label} for ident, label in labels.items()])
    await resolver(script).source(wanted())
    assert removed(script) == [1, 6]


async def test_a_download_in_use_is_not_removed() -> None:
    script = limited(granting(), [row(1), row(7)])
    the_resolver = resolver(script)
    await the_resolver.source(wanted(BANDS[0]))  # is granted 1
    script._answers["download-request"] = [OVER, granting()]
    await the_resolver.source(wanted(BANDS[1]))
    assert removed(script) == [7]


async def test_at_most_the_maximum_is_removed_at_a_time() -> None:
    script = limited([OVER, granting()], [row(ident) for ident in range(1000)])
    await resolver(script).source(wanted())
    assert removed(script) == list(range(MAX_REMOVED))


async def test_a_download_that_cannot_be_removed_is_skipped() -> None:
    script = limited([OVER, granting()], [row(1), row(2)])
    script._answers["download-remove"] = [fails("DOWNLOAD_ERROR"), says(True)]
    assert (await resolver(script).source(wanted())).size == 1000


async def test_a_failed_download_search_leaves_the_quota_used_up() -> None:
    script = limited(OVER)
    script._answers["download-search"] = [fails("DOWNLOAD_ERROR")]
    with pytest.raises(UpstreamBusy, match="quota"):
        await resolver(script).source(wanted())


def left(**counts: int) -> Any:
    rows = [{"limitType": "user", "username": "someone-secret", **counts}]

    async def answer(request: Any) -> Any:
        data = body_of(await granting()(request))
        return says({**data, "remainingLimits": rows})

    return answer


def body_of(answer: Any) -> dict[str, Any]:
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_a_low_quota_is_logged_once_and_without_the_username(caplog: pytest.LogCaptureFixture) -> None:
    script = limited(left(recentDownloadCount=1499, pendingDownloadCount=2000, unattemptedDownloadCount=20000))
    the_resolver = resolver(script)
    with caplog.at_level(logging.WARNING):
        for band in BANDS:
            await the_resolver.source(wanted(band))
    warnings = [record.getMessage() for record in caplog.records if "quota" in record.getMessage()]
    assert warnings == ["USGS's quota of recent downloads (user) runs low: 1499 of 15000 are left."]
    assert "secret" not in caplog.text
    assert "download-search" not in calls(script)


async def test_unused_downloads_are_removed_in_the_background_once_per_window_if_the_quota_is_low() -> None:
    script = limited(left(unattemptedDownloadCount=1999), [row(500)])
    the_resolver = resolver(script)
    for band in BANDS:
        await the_resolver.source(wanted(band))
    assert calls(script) == ["download-options", *["download-request"] * 3]
    for _ in range(2):
        await the_resolver.upkeep.run(60)
    assert [name for name in calls(script)[4:] if name != "download-labels"] == ["download-search", "download-remove"]


async def test_nothing_is_removed_while_the_quota_is_not_low() -> None:
    script = limited(left(unattemptedDownloadCount=19_997), [row(500)])
    the_resolver = resolver(script)
    await the_resolver.source(wanted())
    await the_resolver.upkeep.run(60)
    assert removed(script) == []
