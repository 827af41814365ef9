"""Tests of scene lists: they belong to an account, and expire."""

from __future__ import annotations

from typing import Any

import pytest

from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.api.scene_lists import MAX_LIST_SCENES, SceneLists, duration_seconds
from tests.unit.m2m_sandbox.sandbox_client import FRAME, LANDSAT, SCENE, Clock, SandboxClient

OTHER = "DS1117-2086DA008"


async def add(client: SandboxClient, list_id: str = "mine", *ids: str, dataset: str = "corona2", **more: Any) -> int:
    payload = {"listId": list_id, "datasetName": dataset, "entityIds": ids or [FRAME, OTHER], **more}
    return int(await client.call("scene-list-add", payload))


async def listed_ids(client: SandboxClient, list_id: str = "mine", **more: Any) -> list[str]:
    return [item["entityId"] for item in await client.call("scene-list-get", {"listId": list_id, **more})]


async def test_a_list_expires(client: SandboxClient, clock: Clock) -> None:
    await add(client, timeToLive="PT1M")
    clock.now += 59
    assert len(await listed_ids(client)) == 2
    clock.now += 1
    assert await listed_ids(client) == []
    assert await client.call("scene-list-types") == []


async def test_adding_scenes_restarts_the_expiry(client: SandboxClient, clock: Clock) -> None:
    await add(client, timeToLive="PT1M")
    clock.now += 50
    await add(client, timeToLive="PT1M")
    clock.now += 50
    assert len(await listed_ids(client)) == 2


@pytest.mark.parametrize("duration", ["P", "PT", "1D", "P1DT", "soon", "P-1D"])
async def test_an_invalid_time_to_live_is_rejected(client: SandboxClient, duration: str) -> None:
    payload = {"listId": "mine", "datasetName": "corona2", "entityIds": [FRAME], "timeToLive": duration}
    assert await client.error("scene-list-add", payload) == ("INPUT_PARAMETER_INVALID", 400)


@pytest.mark.parametrize(("duration", "seconds"), [("P1Y2M", 425 * 86400), ("P2W", 1209600), ("P1DT1H1S", 90001)])
def test_durations_are_converted_to_seconds(duration: str, seconds: float) -> None:
    assert duration_seconds(duration) == seconds


async def test_one_scene_one_dataset_or_the_whole_list_can_be_removed(client: SandboxClient) -> None:
    await add(client)
    await add(client, "mine", SCENE, dataset=LANDSAT)
    await client.call("scene-list-remove", {"listId": "mine", "datasetName": "corona2", "entityId": FRAME})
    assert await listed_ids(client) == [OTHER, SCENE]
    await client.call("scene-list-remove", {"listId": "mine", "datasetName": "corona2"})
    assert await listed_ids(client) == [SCENE]
    await client.call("scene-list-remove", {"listId": "mine"})
    assert await listed_ids(client) == []


async def test_a_list_can_be_read_by_page_and_by_dataset(client: SandboxClient) -> None:
    await add(client)
    await add(client, "mine", SCENE, dataset=LANDSAT)
    assert await listed_ids(client, startingNumber=2, maxResults=1) == [OTHER]
    assert await listed_ids(client, datasetName=LANDSAT) == [SCENE]


async def test_the_summary_has_the_extent_of_the_scenes(client: SandboxClient) -> None:
    await add(client, timeToLive="P1D")
    data = await client.call("scene-list-summary", {"listId": "mine"})
    assert data["summary"]["sceneCount"] == "2"
    (part,) = data["datasets"]
    assert (part["datasetName"], part["sceneCount"], part["listTimeout"]) == ("corona2", 2, 86400)
    (scene,) = (await client.call("scene-metadata-list", {"listId": "mine"}))["corona2"][:1]
    west, south = scene["spatialBounds"]["coordinates"][0][0]
    ring = part["spatialBounds"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert ring[0][0] <= west <= ring[2][0]
    assert ring[0][1] <= south <= ring[1][1]
    assert part["temporalExtent"]["min"] <= scene["temporalCoverage"]["startDate"] <= part["temporalExtent"]["max"]


async def test_an_account_sees_only_its_own_lists(client: SandboxClient) -> None:
    await add(client)
    assert await client.call("scene-list-types") == [{"list": "mine", "sceneCount": 2, "listTimeout": None}]
    await client.log_in("another")
    assert await client.call("scene-list-types") == []


async def test_download_options_accept_a_list(client: SandboxClient) -> None:
    await add(client)
    options = await client.call("download-options", {"datasetName": "corona2", "listId": "mine"})
    assert list(dict.fromkeys(item["entityId"] for item in options)) == [FRAME, OTHER]


async def test_a_missing_list_id_is_rejected(client: SandboxClient) -> None:
    assert (await client.error("scene-list-get", {}))[0] == "INPUT_PARAMETER_INVALID"


def test_a_list_has_a_maximum_length() -> None:
    lists = SceneLists(lambda: 0.0)
    assert lists.add("x", "corona2", (str(number) for number in range(MAX_LIST_SCENES)), None) == MAX_LIST_SCENES
    with pytest.raises(EndpointError):
        lists.add("x", "corona2", ["another"], None)
    assert len(lists.parts("x")["corona2"].entity_ids) == MAX_LIST_SCENES
