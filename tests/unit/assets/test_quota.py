"""USGS's quotas: watched, made room in, and waited for without asking on."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from stac_bridge.assets.resolve.quota import MAX_REMOVED
from stac_bridge.errors import UpstreamBusy
from tests.minting import calls, granting, offering, resolver, wanted
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
    return {"downloadId": ident, "statusCode": status, "label": "bridge"}


def removed(script: Script) -> list[int]:
    return [said["downloadId"] for name, said in script.asked if name == "download-remove"]


async def test_while_a_quota_is_used_up_nothing_is_asked_and_the_wait_is_what_is_left() -> None:
    script = limited(OVER)
    found = resolver(script)
    with pytest.raises(UpstreamBusy) as first:
        await found.source(wanted(BANDS[0]))
    until = await found._store.get("downloads refused until")
    await found._store.put("downloads refused until", until - 600, ttl=60)
    with pytest.raises(UpstreamBusy) as second:
        await found.source(wanted(BANDS[1]))
    assert (first.value.retry_after, second.value.retry_after) == (900, 300)
    assert calls(script).count("download-request") == 1


async def test_room_is_made_by_what_nobody_fetched_and_one_more_attempt_follows() -> None:
    queue = [row(5), row(2), row(3, "P"), row(4, "D")]
    script = limited([OVER, granting()], queue)
    assert (await resolver(script).source(wanted())).size == 1000
    assert removed(script) == [2, 5]
    assert calls(script)[1:] == ["download-request", "download-search", "download-remove", "download-remove", "download-request"]  # fmt: skip # noqa: E501
    assert next(said for name, said in script.asked if name == "download-search")["label"] == "bridge"


async def test_a_second_refusal_is_the_last() -> None:
    script = limited(OVER, [row(1)])
    with pytest.raises(UpstreamBusy, match="quota"):
        await resolver(script).source(wanted())
    assert calls(script).count("download-request") == 2


async def test_what_is_read_or_waited_for_stays_in_the_queue() -> None:
    script = limited(granting(), [row(1), row(7)])
    found = resolver(script)
    await found.source(wanted(BANDS[0]))  # is granted 1
    script._answers["download-request"] = [OVER, granting()]
    await found.source(wanted(BANDS[1]))
    assert removed(script) == [7]


async def test_only_so_many_are_removed_at_once() -> None:
    script = limited([OVER, granting()], [row(ident) for ident in range(1000)])
    await resolver(script).source(wanted())
    assert removed(script) == list(range(MAX_REMOVED))


async def test_a_download_that_cannot_be_removed_is_passed_over() -> None:
    script = limited([OVER, granting()], [row(1), row(2)])
    script._answers["download-remove"] = [fails("DOWNLOAD_ERROR"), says(True)]
    assert (await resolver(script).source(wanted())).size == 1000


async def test_a_queue_that_cannot_be_looked_through_leaves_the_quota_used_up() -> None:
    script = limited(OVER)
    script._answers["download-search"] = [fails("DOWNLOAD_ERROR")]
    with pytest.raises(UpstreamBusy, match="quota"):
        await resolver(script).source(wanted())


def left(**counts: int) -> Any:
    rows = [{"limitType": "user", "username": "someone-secret", **counts}]

    async def answer(request: Any) -> Any:
        said = body_of(await granting()(request))
        return says({**said, "remainingLimits": rows})

    return answer


def body_of(answer: Any) -> dict[str, Any]:
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_a_quota_that_runs_low_is_logged_once_and_without_a_name(caplog: pytest.LogCaptureFixture) -> None:
    script = limited(left(recentDownloadCount=1499, pendingDownloadCount=2000, unattemptedDownloadCount=20000))
    found = resolver(script)
    with caplog.at_level(logging.WARNING):
        for band in BANDS:
            await found.source(wanted(band))
    told = [record.getMessage() for record in caplog.records if "quota" in record.getMessage()]
    assert told == ["USGS's quota of recent downloads (user) runs low: 1499 of 15000 are left."]
    assert "secret" not in caplog.text
    assert "download-search" not in calls(script)


async def test_where_many_were_never_fetched_room_is_made_once_in_a_while() -> None:
    script = limited(left(unattemptedDownloadCount=1999), [row(500)])
    found = resolver(script)
    for band in BANDS:
        await found.source(wanted(band))
    assert calls(script) == [
        "download-options",
        "download-request",
        "download-search",
        "download-remove",
        "download-request",
        "download-request",
    ]
