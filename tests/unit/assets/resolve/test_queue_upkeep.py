"""USGS's queue is kept short in the background: proxied downloads are reported, and past days removed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from stac_bridge.assets import SceneFile
from stac_bridge.assets.resolve import queue_upkeep
from stac_bridge.assets.resolve.resolver import Resolver
from stac_bridge.errors import Staging
from stac_bridge.request_context import CallPriority, current_request, request_deadline
from tests.minting import LABEL, calls, granting, offering, resolver, wanted
from tests.support import Script, fails, says

BANDS = ("SR_B2.TIF", "SR_B3.TIF", "SR_B4.TIF")
SIGNED = "https://landsatlook.usgs.gov/data/x.TIF?requestSignature=abc"
FILM = SceneFile("corona2", "DS1", "DS1", "DS1", product_code="D183")
OPTIONS = says([{"id": "D183-id", "entityId": "DS1", "displayId": "DS1", "available": True, "productCode": "D183"}])
STAGED = {"downloadId": 9, "entityId": "DS1", "url": "https://dds.cr.usgs.gov/download-staging/abc"}
READY = "https://dds.cr.usgs.gov/download/abc"
MINUTE = 60.0


def m2m(**answers: Any) -> Script:
    """Return an M2M that grants signed URLs, and accepts reports and removals."""
    granted = {
        "download-options": offering(*BANDS),
        "download-request": granting(url=SIGNED),
        "download-complete-proxied": says({"failed": [], "updatedDownloadsCount": 1}),
        "download-labels": says([]),
        "download-order-remove": says(1),
    }
    return Script({**granted, **{name.replace("_", "-"): answer for name, answer in answers.items()}})


def sent(script: Script, endpoint: str) -> list[Any]:
    """Return the payloads of an endpoint."""
    return [payload for name, payload in script.asked if name == endpoint]


def reported(script: Script) -> list[list[dict[str, int]]]:
    return [payload["proxiedDownloads"] for payload in sent(script, "download-complete-proxied")]


async def read_bands(the_resolver: Resolver, *bands: str) -> None:
    for band in bands:
        await the_resolver.source(wanted(band))


async def test_fetched_files_of_other_hosts_are_reported_together_with_their_sizes() -> None:
    script = m2m()
    the_resolver = resolver(script)
    await read_bands(the_resolver, *BANDS)
    await the_resolver.upkeep.run(MINUTE)
    assert reported(script) == [[{"downloadId": number, "downloadedSize": 1000} for number in (1, 2, 3)]]


async def test_a_reader_sends_no_report_and_a_report_counts_for_no_reader() -> None:
    script = m2m()
    the_resolver = resolver(script)
    with request_deadline(MINUTE, "reader", CallPriority.asset) as reader:
        await the_resolver.source(wanted(BANDS[0]))
        first = reader.calls
        await the_resolver.source(wanted(BANDS[0]))
        await the_resolver.upkeep.run(MINUTE)
    assert (first, reader.calls) == (3, 3)  # the login, the options and the request
    assert calls(script)[:2] == ["download-options", "download-request"]
    assert len(reported(script)) == 1


async def test_a_report_waits_behind_readers_and_pages() -> None:
    seen: list[tuple[str, CallPriority]] = []

    async def answer(_request: httpx.Request) -> httpx.Response:
        seen.append((current_request().caller, current_request().priority))
        return says({"updatedDownloadsCount": 1})

    the_resolver = resolver(m2m(download_complete_proxied=answer))
    with request_deadline(MINUTE, "reader", CallPriority.asset):
        await the_resolver.source(wanted(BANDS[0]))
        await the_resolver.upkeep.run(MINUTE)
    assert seen == [("", CallPriority.background)]


async def test_a_report_is_sent_once() -> None:
    script = m2m()
    the_resolver = resolver(script)
    await read_bands(the_resolver, BANDS[0])
    await the_resolver.upkeep.run(MINUTE)
    await the_resolver.upkeep.run(MINUTE)
    await the_resolver.source(wanted(BANDS[0]))
    await the_resolver.upkeep.run(MINUTE)
    assert len(reported(script)) == 1


async def test_many_reports_are_sent_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_upkeep, "MAX_REPORTED", 2)
    script = m2m()
    the_resolver = resolver(script)
    await read_bands(the_resolver, *BANDS)
    await the_resolver.upkeep.run(MINUTE)
    assert [len(batch) for batch in reported(script)] == [2, 1]


async def test_a_report_that_m2m_does_not_answer_is_sent_again_later() -> None:
    busy = fails("SEARCH_UNAVAILABLE")
    script = m2m(download_complete_proxied=[busy, says({"updatedDownloadsCount": 1})])
    the_resolver = resolver(script)
    await read_bands(the_resolver, BANDS[0])
    for _ in range(3):
        await the_resolver.upkeep.run(MINUTE)
    first, second = reported(script)
    assert first == second


@pytest.mark.parametrize("code", ["DOWNLOAD_ERROR", "AUTH_UNAUTHORIZED", "ENDPOINT_UNAVAILABLE"])
async def test_a_report_that_m2m_rejects_is_not_repeated(code: str) -> None:
    script = m2m(download_complete_proxied=fails(code))
    the_resolver = resolver(script)
    await read_bands(the_resolver, BANDS[0])
    await the_resolver.upkeep.run(MINUTE)
    first = reported(script)
    await the_resolver.upkeep.run(MINUTE)
    assert reported(script) == first


async def test_what_is_left_at_the_end_is_reported_then() -> None:
    script = m2m()
    the_resolver = resolver(script)
    await read_bands(the_resolver, BANDS[0])
    await the_resolver.upkeep.finish(MINUTE)
    assert len(reported(script)) == 1
    assert "download-labels" not in calls(script)


async def test_a_server_without_downloads_sends_nothing_at_its_end() -> None:
    script = m2m()
    await resolver(script).upkeep.finish(MINUTE)
    assert script.asked == []


@pytest.mark.parametrize(
    ("row", "is_reported"),
    [
        ({"statusCode": "P", "statusText": "Proxied", "url": READY}, True),
        ({"statusCode": "P", "statusText": "Proxied", "url": SIGNED}, True),
        ({"statusCode": "P", "url": READY}, True),
        ({"statusCode": "p", "statusText": "", "url": READY}, True),
        ({"statusCode": "P", "statusText": "Preparing", "url": READY}, False),
        ({"statusCode": "", "statusText": " ", "url": SIGNED}, True),
        ({"statusCode": "A", "statusText": "Available", "url": READY}, False),
        ({"statusCode": "A", "statusText": "Available", "url": SIGNED}, False),
        ({"statusCode": "D", "statusText": "Downloading", "url": READY}, False),
        ({"url": SIGNED}, True),
        ({"url": READY}, False),
    ],
)
@pytest.mark.parametrize("lists", [("available",), ("requested",), ("available", "requested")])
async def test_a_row_with_a_url_is_ready_in_either_list_and_reported_if_it_is_proxied(
    row: dict[str, Any], is_reported: bool, lists: tuple[str, ...]
) -> None:
    queue = {"available": [], "requested": [], **{name: [{"downloadId": 9, "label": LABEL, **row}] for name in lists}}
    script = m2m(
        download_options=OPTIONS,
        download_request=says({"preparingDownloads": [STAGED], "newRecords": {"9": LABEL}}),
        download_retrieve=says(queue),
    )
    the_resolver = resolver(script)
    with pytest.raises(Staging):
        await the_resolver.source(FILM)
    assert (await the_resolver.source(FILM)).url == row["url"]
    await the_resolver.upkeep.run(MINUTE)
    assert bool(reported(script)) == is_reported


async def test_a_row_without_a_url_is_neither_ready_nor_reported_whatever_its_status() -> None:
    for status in ("Preparing", "Queued", "Staging", "Ordered", "Proxied", "Available"):
        row = {**STAGED, "label": LABEL, "statusCode": status[0], "statusText": status}
        script = m2m(
            download_options=OPTIONS,
            download_request=says({"preparingDownloads": [STAGED], "newRecords": {"9": LABEL}}),
            download_retrieve=says({"available": [], "requested": [row]}),
        )
        the_resolver = resolver(script)
        for _ in range(2):
            with pytest.raises(Staging):
                await the_resolver.source(FILM)
        await the_resolver.upkeep.run(MINUTE)
        assert reported(script) == []


# -- past days


def at(*day: int) -> float:
    return datetime(*day, tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]


LABELS = [
    {"label": "bridge-2026-03-01", "downloadCount": 3, "totalComplete": 0},
    {"label": "bridge-2026-03-02", "downloadCount": 0, "totalComplete": 8},
    {"label": "bridge-2026-03-04", "downloadCount": "5", "totalComplete": 8},
    {"label": "bridge-2026-03-05", "downloadCount": 5, "totalComplete": 8},
    {"label": "bridge-2026-99-05", "downloadCount": 5, "totalComplete": 8},
    {"label": "bridge", "downloadCount": 5, "totalComplete": 8},
    {"label": "another-2026-03-01", "downloadCount": 5, "totalComplete": 8},
    {"label": 20263459, "downloadCount": 5, "totalComplete": 8},
    {"label": None, "downloadCount": None},
]


@pytest.mark.parametrize(
    ("now", "removed"),
    [
        (at(2026, 3, 5, 5, 59), ["bridge-2026-03-01"]),  # a download of yesterday may still be prepared
        (at(2026, 3, 5, 6, 1), ["bridge-2026-03-01", "bridge-2026-03-04"]),
        (at(2026, 3, 6, 6, 1), ["bridge-2026-03-01", "bridge-2026-03-04", "bridge-2026-03-05"]),
    ],
)
async def test_incomplete_downloads_of_past_days_are_removed_and_no_others(now: float, removed: list[str]) -> None:
    script = m2m(download_labels=says(LABELS))
    the_resolver = resolver(script, clock=lambda: now)
    await read_bands(the_resolver, BANDS[0])
    await the_resolver.upkeep.run(MINUTE)
    assert [payload["label"] for payload in sent(script, "download-order-remove")] == removed


async def test_past_days_are_removed_once_a_day() -> None:
    script = m2m(download_labels=says(LABELS))
    the_resolver = resolver(script)
    for band in BANDS:
        await the_resolver.source(wanted(band))
        await the_resolver.upkeep.run(MINUTE)
    assert len(sent(script, "download-labels")) == 1


async def test_past_days_that_m2m_does_not_list_are_left_to_the_next_day() -> None:
    script = m2m(download_labels=fails("ENDPOINT_UNAVAILABLE"))
    the_resolver = resolver(script)
    await read_bands(the_resolver, *BANDS)
    for _ in range(2):
        await the_resolver.upkeep.run(MINUTE)
    assert len(sent(script, "download-labels")) == 1


async def test_a_request_after_midnight_has_the_new_label_and_a_duplicate_is_looked_up_under_its_old_one() -> None:
    now = at(2026, 3, 5, 23, 59)
    yesterday, today = "bridge-2026-03-05", "bridge-2026-03-06"
    ready = {"available": [{"downloadId": 9, "label": yesterday, "url": READY}], "requested": []}
    script = m2m(
        download_options=OPTIONS,
        download_request=[
            says({"preparingDownloads": [STAGED], "newRecords": {"9": yesterday}}),
            says({"duplicateProducts": {"9": yesterday}, "newRecords": []}),
        ],
        download_retrieve=says(ready),
    )
    with pytest.raises(Staging):
        await resolver(script, clock=lambda: now).source(FILM)
    now = at(2026, 3, 6, 0, 1)
    assert (await resolver(script, clock=lambda: now).source(FILM)).url == READY
    assert [payload["label"] for payload in sent(script, "download-request")] == [yesterday, today]
    assert sent(script, "download-retrieve") == [{"label": yesterday}]
