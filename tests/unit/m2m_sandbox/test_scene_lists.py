"""Lists of scenes: kept under an account, for as long as was asked."""

from __future__ import annotations

from typing import Any

import pytest

from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.api.scene_lists import MAX_LIST_SCENES, SceneLists, duration_seconds
from tests.unit.m2m_sandbox.asking import FRAME, LANDSAT, SCENE, Asker, Clock

OTHER = "DS1117-2086DA008"


async def add(asker: Asker, list_id: str = "mine", *ids: str, dataset: str = "corona2", **more: Any) -> int:
    said = {"listId": list_id, "datasetName": dataset, "entityIds": ids or [FRAME, OTHER], **more}
    return int(await asker.ask("scene-list-add", said))


async def held(asker: Asker, list_id: str = "mine", **more: Any) -> list[str]:
    return [one["entityId"] for one in await asker.ask("scene-list-get", {"listId": list_id, **more})]


async def test_a_list_is_gone_when_its_time_is_over(asker: Asker, clock: Clock) -> None:
    await add(asker, timeToLive="PT1M")
    clock.now += 59
    assert len(await held(asker)) == 2
    clock.now += 1
    assert await held(asker) == []
    assert await asker.ask("scene-list-types") == []


async def test_adding_again_gives_a_list_new_time(asker: Asker, clock: Clock) -> None:
    await add(asker, timeToLive="PT1M")
    clock.now += 50
    await add(asker, timeToLive="PT1M")
    clock.now += 50
    assert len(await held(asker)) == 2


@pytest.mark.parametrize("duration", ["P", "PT", "1D", "P1DT", "soon", "P-1D"])
async def test_a_time_to_live_is_an_iso_duration(asker: Asker, duration: str) -> None:
    said = {"listId": "mine", "datasetName": "corona2", "entityIds": [FRAME], "timeToLive": duration}
    assert await asker.refused("scene-list-add", said) == ("INPUT_PARAMETER_INVALID", 400)


@pytest.mark.parametrize(("duration", "seconds"), [("P1Y2M", 425 * 86400), ("P2W", 1209600), ("P1DT1H1S", 90001)])
def test_durations_have_their_seconds(duration: str, seconds: float) -> None:
    assert duration_seconds(duration) == seconds


async def test_one_scene_one_dataset_or_the_whole_list_can_be_removed(asker: Asker) -> None:
    await add(asker)
    await add(asker, "mine", SCENE, dataset=LANDSAT)
    await asker.ask("scene-list-remove", {"listId": "mine", "datasetName": "corona2", "entityId": FRAME})
    assert await held(asker) == [OTHER, SCENE]
    await asker.ask("scene-list-remove", {"listId": "mine", "datasetName": "corona2"})
    assert await held(asker) == [SCENE]
    await asker.ask("scene-list-remove", {"listId": "mine"})
    assert await held(asker) == []


async def test_a_list_can_be_read_by_the_page_and_by_the_dataset(asker: Asker) -> None:
    await add(asker)
    await add(asker, "mine", SCENE, dataset=LANDSAT)
    assert await held(asker, startingNumber=2, maxResults=1) == [OTHER]
    assert await held(asker, datasetName=LANDSAT) == [SCENE]


async def test_the_summary_says_where_and_when_the_scenes_are(asker: Asker) -> None:
    await add(asker, timeToLive="P1D")
    told = await asker.ask("scene-list-summary", {"listId": "mine"})
    assert told["summary"]["sceneCount"] == "2"
    (part,) = told["datasets"]
    assert (part["datasetName"], part["sceneCount"], part["listTimeout"]) == ("corona2", 2, 86400)
    (scene,) = (await asker.ask("scene-metadata-list", {"listId": "mine"}))["corona2"][:1]
    west, south = scene["spatialBounds"]["coordinates"][0][0]
    ring = part["spatialBounds"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert ring[0][0] <= west <= ring[2][0]
    assert ring[0][1] <= south <= ring[1][1]
    assert part["temporalExtent"]["min"] <= scene["temporalCoverage"]["startDate"] <= part["temporalExtent"]["max"]


async def test_the_lists_of_an_account_are_told_and_nobody_elses(asker: Asker) -> None:
    await add(asker)
    assert await asker.ask("scene-list-types") == [{"list": "mine", "sceneCount": 2, "listTimeout": None}]
    await asker.log_in("somebody-else")
    assert await asker.ask("scene-list-types") == []


async def test_options_can_be_asked_for_by_a_list(asker: Asker) -> None:
    await add(asker)
    options = await asker.ask("download-options", {"datasetName": "corona2", "listId": "mine"})
    assert [one["entityId"] for one in options] == [FRAME, OTHER]


async def test_a_list_without_a_name_is_refused(asker: Asker) -> None:
    assert (await asker.refused("scene-list-get", {}))[0] == "INPUT_PARAMETER_INVALID"


def test_a_list_holds_so_many_scenes_and_no_more() -> None:
    lists = SceneLists(lambda: 0.0)
    assert lists.add("x", "corona2", (str(number) for number in range(MAX_LIST_SCENES)), None) == MAX_LIST_SCENES
    with pytest.raises(EndpointError):
        lists.add("x", "corona2", ["one more"], None)
    assert len(lists.parts("x")["corona2"].entity_ids) == MAX_LIST_SCENES
