"""Readers who come at the same moment share calls; each gets its own answer or its own error."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from stac_bridge.assets import Wanted
from stac_bridge.assets.resolve.batch import Batches
from stac_bridge.errors import NotFound, Staging, UpstreamBusy, UpstreamFault
from stac_bridge.request_context import request_deadline
from tests.minting import SCENE, SITE, body, calls, granting, offering, resolver, wanted
from tests.support import Script, fails, says

BANDS = ("SR_B2.TIF", "SR_B3.TIF", "SR_B4.TIF")
SCENES = [f"LC08_L2SP_04702{row}_20201204_20991231_02_T1" for row in range(8)]


def every(request: str, script: Script) -> list[int]:
    """How many were asked for in each call."""
    key = {"download-request": "downloads", "download-options": "entityIds"}[request]
    return [len(said[key]) for name, said in script.asked if name == request]


async def test_files_of_many_scenes_cost_one_call_of_each_kind() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    found = resolver(script)
    asked = [wanted(band, scene) for scene in SCENES for band in BANDS]
    sources = await asyncio.gather(*(found.source(one) for one in asked))
    assert calls(script) == ["download-options", "download-request"]
    assert every("download-request", script) == [24]
    for one, source in zip(asked, sources, strict=True):
        assert source.url.startswith(SITE)
        assert source.url.endswith(f"{one.display_id}_{(one.file or '').replace('.', '_')}")


async def test_eight_readers_of_24_files_cost_at_most_five_requests() -> None:
    async def slowly(request: Any) -> Any:
        await asyncio.sleep(0.1)
        return await (options if "options" in request.url.path else grant)(request)

    options, grant = offering(*BANDS), granting()
    script = Script({"download-options": slowly, "download-request": slowly})
    found = resolver(script)
    waiting = [wanted(band, scene) for band in BANDS for scene in SCENES]

    async def reader(number: int) -> None:
        await asyncio.sleep(0.02 * number)
        while waiting:
            await found.source(waiting.pop())
            await asyncio.sleep(0.02 + 0.03 * number)

    await asyncio.gather(*(reader(number) for number in range(8)))
    assert calls(script).count("download-request") <= 5


async def test_a_lone_reader_does_not_wait_for_others() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    found = resolver(script)
    async with asyncio.timeout(0.5):
        for band in BANDS:
            await found.source(wanted(band))
    assert every("download-request", script) == [1, 1, 1]


async def test_one_unknown_scene_does_not_fail_the_others() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    found = resolver(script)
    both = await asyncio.gather(found.source(wanted()), found.source(wanted(scene="unknown")), return_exceptions=True)
    assert getattr(both[0], "size", None) == 1000
    assert isinstance(both[1], NotFound)


@pytest.mark.parametrize("reason", ["It was retired.", ""], ids=["failed", "invalid"])
async def test_one_refused_file_does_not_fail_the_others(reason: str) -> None:
    refused = {f"L2SR_{SCENE}_SR_B3_TIF": reason}
    script = Script({"download-options": offering(*BANDS), "download-request": granting(refused)})
    found = resolver(script)
    said = await asyncio.gather(*(found.source(wanted(band)) for band in BANDS), return_exceptions=True)
    assert [type(one).__name__ for one in said] == ["Source", "AssetUnavailable", "Source"]
    assert (reason or "no reason") in str(said[1])


async def test_an_asker_who_goes_away_takes_nobody_along() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    found = resolver(script)
    first, second = (asyncio.create_task(found.source(wanted(band))) for band in BANDS[:2])
    await asyncio.sleep(0.005)
    first.cancel()
    assert (await second).size == 1000
    assert every("download-request", script) == [2]


async def test_who_comes_while_a_call_runs_goes_with_the_next() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    slow = asyncio.Event()

    async def options(request: Any) -> Any:
        await slow.wait()
        return await offering(*BANDS)(request)

    script._answers["download-options"] = [options]
    found = resolver(script)
    tasks = [asyncio.create_task(found.source(wanted(scene=SCENES[0])))]
    await asyncio.sleep(0.05)
    tasks += [asyncio.create_task(found.source(wanted(scene=scene))) for scene in SCENES[1:]]
    await asyncio.sleep(0.05)
    slow.set()
    await asyncio.gather(*tasks)
    assert every("download-options", script) == [1, 7]
    assert every("download-request", script) == [8]


async def test_an_id_for_which_m2m_refuses_a_whole_call_is_found_by_halving() -> None:
    async def choosy(request: Any) -> Any:
        if any("B3" in one["entityId"] for one in body(request)["downloads"]):
            return fails("INPUT_INVALID", "not a download")
        return await granting()(request)

    script = Script({"download-options": offering(*BANDS), "download-request": choosy})
    found = resolver(script)
    said = await asyncio.gather(*(found.source(wanted(band)) for band in BANDS), return_exceptions=True)
    assert [type(one).__name__ for one in said] == ["Source", "UpstreamFault", "Source"]


async def test_rows_without_entity_ids_are_tied_by_the_queue() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting(named=False)})

    async def queue(_request: Any) -> Any:
        asked = next(said["downloads"] for name, said in script.asked if name == "download-request")
        rows = [{"downloadId": n, "entityId": one["entityId"]} for n, one in enumerate(reversed(asked), 1)]
        return says({"available": rows, "requested": rows[:1], "queueSize": 0})

    script._answers["download-retrieve"] = [queue]
    found = resolver(script)
    asked = [wanted(band) for band in BANDS]
    sources = await asyncio.gather(*(found.source(one) for one in asked))
    assert [source.url.rpartition("_SR_")[2] for source in sources] == ["B2_TIF", "B3_TIF", "B4_TIF"]
    assert calls(script) == ["download-options", "download-request", "download-retrieve"]


async def test_a_row_without_entity_id_is_the_one_that_was_asked_for_alone() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting(named=False)})
    assert (await resolver(script).source(wanted())).url.endswith("SR_B4_TIF")
    assert calls(script) == ["download-options", "download-request"]


async def test_what_the_queue_does_not_list_yet_is_told_as_staging() -> None:
    queue = says({"available": [], "requested": [], "queueSize": 2})
    script = Script(
        {
            "download-options": offering(*BANDS),
            "download-request": granting(named=False),
            "download-retrieve": queue,
        }
    )
    found = resolver(script)
    said = await asyncio.gather(*(found.source(wanted(band)) for band in BANDS), return_exceptions=True)
    assert {type(one) for one in said} == {Staging}


async def test_two_products_of_one_entity_are_told_apart_by_their_codes() -> None:
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
    found = resolver(script)
    both = [Wanted("any", "E-x", "x", f"x.{code}", product_code=code) for code in "AB"]
    sources = await asyncio.gather(*(found.source(one) for one in both))
    assert [source.url for source in sources] == [f"{SITE}/A", f"{SITE}/B"]


async def test_a_call_is_counted_to_whoever_came_first() -> None:
    script = Script({"download-options": offering(*BANDS), "download-request": granting()})
    with request_deadline(5) as budget:
        await resolver(script).source(wanted())
    assert budget.calls == 3  # with the login


async def test_calls_are_no_larger_than_they_may_be() -> None:
    sizes = []

    async def call(keys: Sequence[int]) -> dict[int, int]:
        sizes.append(len(keys))
        return {key: 2 * key for key in keys if key != 3}

    batches = Batches(call, 4)
    assert await asyncio.gather(*(batches.get(key) for key in range(10))) == [0, 2, 4, None, 8, 10, 12, 14, 16, 18]
    assert sizes == [4, 4, 2]


async def test_an_error_of_a_call_reaches_all_who_wait_and_nobody_after() -> None:
    errors: list[Exception] = [UpstreamBusy("full"), UpstreamFault("broken", code="DATASET_AUTH")]

    async def call(keys: Sequence[int]) -> dict[int, int]:
        if errors:
            raise errors.pop(0)
        return dict.fromkeys(keys, 1)

    batches = Batches(call, 10)
    for kind in (UpstreamBusy, UpstreamFault):
        said = await asyncio.gather(batches.get(1), batches.get(2), return_exceptions=True)
        assert {type(one) for one in said} == {kind}
    assert await batches.get(1) == 1
