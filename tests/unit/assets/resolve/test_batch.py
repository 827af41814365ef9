"""Concurrent readers share M2M calls; each gets its own result or its own error."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from stac_bridge.assets import SceneFile
from stac_bridge.assets.resolve.batch import Batcher
from stac_bridge.errors import NotFound, Staging, UpstreamBusy, UpstreamFault
from stac_bridge.request_context import CallPriority, current_demand, request_deadline, time_left
from tests.minting import SCENE, SITE, body, calls, granting, offering, resolver, wanted
from tests.support import Script, fails, says

BANDS = ("SR_B2.TIF", "SR_B3.TIF", "SR_B4.TIF")
SCENES = [f"LC08_L2SP_04702{row}_20201204_20991231_02_T1" for row in range(8)]


def batch_sizes(request: str, script: Script) -> list[int]:
    """Return how many keys each call had."""
    key = {"download-request": "downloads", "download-options": "entityIds"}[request]
    return [len(payload[key]) for name, payload in script.asked if name == request]


async def test_files_of_many_scenes_cost_one_call_of_each_kind() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    the_resolver = resolver(script)
    files = [wanted(band, scene) for scene in SCENES for band in BANDS]
    sources = await asyncio.gather(*(the_resolver.source(file) for file in files))
    assert calls(script) == ["download-options", "download-request"]
    assert batch_sizes("download-request", script) == [24]
    for file, source in zip(files, sources, strict=True):
        assert source.url.startswith(SITE)
        assert source.url.endswith(f"{file.display_id}_{(file.suffix or '').replace('.', '_')}")


@pytest.mark.slow
async def test_eight_readers_of_24_files_cost_at_most_five_requests() -> None:
    async def slowly(request: Any) -> Any:
        await asyncio.sleep(0.1)
        return await (options if "options" in request.url.path else grant)(request)

    options, grant = offering(*BANDS), granting()
    script = Script({"download-options": slowly, "download-request": slowly})
    the_resolver = resolver(script)
    waiting = [wanted(band, scene) for band in BANDS for scene in SCENES]

    async def reader(number: int) -> None:
        await asyncio.sleep(0.02 * number)
        while waiting:
            await the_resolver.source(waiting.pop())
            await asyncio.sleep(0.02 + 0.03 * number)

    await asyncio.gather(*(reader(number) for number in range(8)))
    assert calls(script).count("download-request") <= 5


async def test_a_lone_reader_does_not_wait_for_others() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    the_resolver = resolver(script)
    async with asyncio.timeout(0.5):
        for band in BANDS:
            await the_resolver.source(wanted(band))
    assert batch_sizes("download-request", script) == [1, 1, 1]


async def test_one_unknown_scene_does_not_fail_the_others() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    the_resolver = resolver(script)
    both = await asyncio.gather(
        the_resolver.source(wanted()), the_resolver.source(wanted(scene="unknown")), return_exceptions=True
    )
    assert getattr(both[0], "size", None) == 1000
    assert isinstance(both[1], NotFound)


@pytest.mark.parametrize("reason", ["It was retired.", ""], ids=["failed", "invalid"])
async def test_one_refused_file_does_not_fail_the_others(reason: str) -> None:
    refused = {f"L2SR_{SCENE}_SR_B3_TIF": reason}
    script = Script({"download-options": offering(*BANDS), "download-request": granting(refused)})
    the_resolver = resolver(script)
    results = await asyncio.gather(*(the_resolver.source(wanted(band)) for band in BANDS), return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["Source", "AssetUnavailable", "Source"]
    assert (reason or "no reason") in str(results[1])


async def test_a_canceled_reader_does_not_cancel_the_others() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    the_resolver = resolver(script)
    first, second = (asyncio.create_task(the_resolver.source(wanted(band))) for band in BANDS[:2])
    await asyncio.sleep(0.005)
    first.cancel()
    assert (await second).size == 1000
    assert batch_sizes("download-request", script) == [2]


async def test_readers_who_arrive_during_a_call_share_the_next_one() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    slow = asyncio.Event()

    async def options(request: Any) -> Any:
        await slow.wait()
        return await offering(*BANDS)(request)

    script._answers["download-options"] = [options]
    the_resolver = resolver(script)
    tasks = [asyncio.create_task(the_resolver.source(wanted(scene=SCENES[0])))]
    await asyncio.sleep(0.05)
    tasks += [asyncio.create_task(the_resolver.source(wanted(scene=scene))) for scene in SCENES[1:]]
    await asyncio.sleep(0.05)
    slow.set()
    await asyncio.gather(*tasks)
    assert batch_sizes("download-options", script) == [1, 7]
    assert batch_sizes("download-request", script) == [8]


async def test_an_id_that_fails_a_whole_call_is_isolated_by_halving() -> None:
    async def refuse_b3(request: Any) -> Any:
        if any("B3" in row["entityId"] for row in body(request)["downloads"]):
            return fails("INPUT_INVALID", "not a download")
        return await granting()(request)

    script = Script({"download-options": offering(*BANDS), "download-request": refuse_b3})
    the_resolver = resolver(script)
    results = await asyncio.gather(*(the_resolver.source(wanted(band)) for band in BANDS), return_exceptions=True)
    assert [type(result).__name__ for result in results] == ["Source", "UpstreamFault", "Source"]


async def test_rows_without_entity_ids_are_matched_by_the_queue() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting(named=False)})

    async def queue(_request: Any) -> Any:
        inputs = next(payload["downloads"] for name, payload in script.asked if name == "download-request")
        rows = [{"downloadId": n, "entityId": row["entityId"]} for n, row in enumerate(reversed(inputs), 1)]
        return says({"available": rows, "requested": rows[:1], "queueSize": 0})

    script._answers["download-retrieve"] = [queue]
    the_resolver = resolver(script)
    files = [wanted(band) for band in BANDS]
    sources = await asyncio.gather(*(the_resolver.source(file) for file in files))
    assert [source.url.rpartition("_SR_")[2] for source in sources] == ["B2_TIF", "B3_TIF", "B4_TIF"]
    assert calls(script) == ["download-options", "download-request", "download-retrieve"]


async def test_a_row_without_entity_id_belongs_to_the_only_requested_file() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting(named=False)})
    assert (await resolver(script).source(wanted())).url.endswith("SR_B4_TIF")
    assert calls(script) == ["download-options", "download-request"]


async def test_a_download_that_the_queue_does_not_list_yet_is_staging() -> None:
    queue = says({"available": [], "requested": [], "queueSize": 2})
    script = Script(
        {
            "download-options": offering(*BANDS),
            "download-request": granting(named=False),
            "download-retrieve": queue,
        }
    )
    the_resolver = resolver(script)
    results = await asyncio.gather(*(the_resolver.source(wanted(band)) for band in BANDS), return_exceptions=True)
    assert {type(result) for result in results} == {Staging}


async def test_two_products_of_one_entity_are_distinguished_by_their_codes() -> None:
    products = [
        {"id": code, "entityId": "E-x", "displayId": "x", "available": True, "productCode": code} for code in "AB"
    ]

    async def queue(_request: Any) -> Any:
        rows = [{"downloadId": n, "entityId": "E-x", "productCode": code} for n, code in ((1, "B"), (2, "A"))]
        return says({"available": rows, "requested": []})

    async def grant(_request: Any) -> Any:
        rows = [{"downloadId": n, "entityId": "E-x", "url": f"{SITE}/{code}"} for n, code in ((1, "B"), (2, "A"))]
        return says({"availableDownloads": rows, "newRecords": {"1": "bridge", "2": "bridge"}})

    script = Script({"download-options": says(products), "download-request": grant, "download-retrieve": queue})
    the_resolver = resolver(script)
    both = [SceneFile("any", "E-x", "x", f"x.{code}", product_code=code) for code in "AB"]
    sources = await asyncio.gather(*(the_resolver.source(file) for file in both))
    assert [source.url for source in sources] == [f"{SITE}/A", f"{SITE}/B"]


async def test_a_call_counts_in_the_budget_of_the_first_reader() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    with request_deadline(5) as budget:
        await resolver(script).source(wanted())
    assert budget.calls == 3  # with the login


async def test_a_call_has_at_most_the_maximum_number_of_keys() -> None:
    sizes = []

    async def call(keys: Sequence[int]) -> dict[int, int]:
        sizes.append(len(keys))
        return {key: 2 * key for key in keys if key != 3}

    batcher = Batcher(call, 4)
    assert await asyncio.gather(*(batcher.get(key) for key in range(10))) == [0, 2, 4, None, 8, 10, 12, 14, 16, 18]
    assert sizes == [4, 4, 2]


async def test_an_error_of_a_call_reaches_its_readers_and_no_later_ones() -> None:
    errors: list[Exception] = [UpstreamBusy("full"), UpstreamFault("broken", code="DATASET_AUTH")]

    async def call(keys: Sequence[int]) -> dict[int, int]:
        if errors:
            raise errors.pop(0)
        return dict.fromkeys(keys, 1)

    batcher = Batcher(call, 10)
    for kind in (UpstreamBusy, UpstreamFault):
        results = await asyncio.gather(batcher.get(1), batcher.get(2), return_exceptions=True)
        assert {type(result) for result in results} == {kind}
    assert await batcher.get(1) == 1


async def test_a_call_has_the_places_and_the_latest_deadline_of_all_who_wait_for_it() -> None:
    seen: list[tuple[list[str], float]] = []

    async def call(keys: Sequence[str]) -> dict[str, str]:
        seen.append((sorted(place.caller for place in current_demand().places), time_left()))
        return dict.fromkeys(keys, "value")

    async def get(caller: str, key: str, seconds: float) -> str | None:
        with request_deadline(seconds, caller, CallPriority.asset):
            return await batcher.get(key)

    batcher = Batcher[str, str](call, 10)
    await asyncio.gather(get("bulk", "a", 5), get("browser", "b", 50), get("browser", "a", 20))
    ((callers, left),) = seen
    assert callers == ["browser", "bulk"]
    assert 40 < left <= 50
