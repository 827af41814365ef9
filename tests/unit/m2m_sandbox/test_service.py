"""The sandbox behaves as M2M is known to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from m2m_sandbox import create_sandbox
from tests.unit.m2m_sandbox.asking import LANDSAT, SCENE, Asker, Clock


@pytest.mark.parametrize(
    "credentials",
    [{"username": "a", "token": "wrong"}, {"username": "a", "token": ""}, {"username": "", "token": "x"}, {}, None],
)
async def test_any_name_with_any_token_logs_in_but_not_with_the_wrong_one(asker: Asker, credentials: Any) -> None:
    assert await asker.refused("login-token", credentials) == ("AUTH_INVALID", 401)


async def test_a_key_lives_two_hours_from_its_last_use(asker: Asker, clock: Clock) -> None:
    for _ in range(3):
        clock.now += 7000
        await asker.ask("permissions")
    clock.now += 7201
    assert await asker.refused("permissions") == ("AUTH_EXPIRED", 403)
    asker.key = "unknown"
    assert await asker.refused("permissions") == ("AUTH_KEY_INVALID", 403)


async def test_logging_out_ends_the_key(asker: Asker) -> None:
    await asker.ask("logout")
    assert await asker.refused("permissions") == ("AUTH_KEY_INVALID", 403)


async def test_a_second_request_of_the_account_is_refused_while_one_runs() -> None:
    asker = Asker(create_sandbox(base_url="http://sandbox", api_latency=0.05))
    await asker.log_in()
    answers = await asyncio.gather(*(asker.raw("permissions") for _ in range(3)))
    told = [(answer.status_code, answer.json()["errorCode"]) for answer in answers]
    assert sorted(told, key=str) == [(200, None), (500, "RATE_LIMIT"), (500, "RATE_LIMIT")]
    assert asker.sandbox.in_flight_max == 2


async def test_another_account_has_a_turn_of_its_own() -> None:
    sandbox = create_sandbox(base_url="http://sandbox", api_latency=0.05)
    one, two = Asker(sandbox), Asker(sandbox)
    await one.log_in("one")
    await two.log_in("two")
    assert await asyncio.gather(one.ask("permissions"), two.ask("permissions"))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("said", [None, {}])
async def test_a_get_with_a_body_and_a_body_that_is_null_are_fine(asker: Asker, method: str, said: Any) -> None:
    listed = await asker.ask("dataset-search", said, method)
    assert {LANDSAT, "naip", "corona2"} <= {one["datasetAlias"] for one in listed}


async def test_what_is_no_json_is_an_input_format_error(asker: Asker) -> None:
    answer = await asker.http.post(
        "/api/api/json/stable/permissions", content=b"{", headers={"X-Auth-Token": asker.key}
    )
    assert answer.json()["errorCode"] == "INPUT_FORMAT"


@pytest.mark.parametrize(
    ("endpoint", "said", "code"),
    [
        ("login", {"username": "a", "password": "b"}, "NOT_FOUND"),
        ("no-such-endpoint", {}, "NOT_FOUND"),
        ("scene-search", {}, "INPUT_PARAMETER_INVALID"),
        ("scene-search", {"datasetName": "sentinel_2a"}, "DATASET_INVALID"),
        ("scene-metadata", {"datasetName": LANDSAT, "entityId": "nothing"}, "NOT_FOUND"),
    ],
)
async def test_errors_have_their_codes(asker: Asker, endpoint: str, said: Any, code: str) -> None:
    assert (await asker.refused(endpoint, said))[0] == code


async def test_keys_in_the_wrong_place_are_ignored_and_everything_is_searched(asker: Asker) -> None:
    everything = await asker.search(maxResults=1)
    misplaced = await asker.search(maxResults=1, acquisitionFilter={"start": "2024-06-01", "end": "2024-06-01"})
    assert misplaced["totalHits"] == everything["totalHits"] > 200_000
    inside = await asker.search(
        maxResults=1, sceneFilter={"acquisitionFilter": {"start": "2024-06-01", "end": "2024-06-01"}}
    )
    assert inside["totalHits"] < everything["totalHits"]


async def test_the_case_of_a_datasets_name_does_not_matter(asker: Asker) -> None:
    assert await asker.ask("scene-search", {"datasetName": LANDSAT.upper(), "maxResults": 1})


async def test_pages_count_from_one_and_next_record_is_never_null(asker: Asker) -> None:
    day = {"acquisitionFilter": {"start": "2024-06-01", "end": "2024-06-01"}}
    total = (await asker.search(maxResults=1, sceneFilter=day))["totalHits"]
    seen, start = [], 1
    while True:
        page = await asker.search(maxResults=97, startingNumber=start, sceneFilter=day)
        assert page["startingNumber"] == start
        assert page["recordsReturned"] == len(page["results"])
        assert page["nextRecord"] == min(start + len(page["results"]), total)
        seen += [scene["entityId"] for scene in page["results"]]
        start += len(page["results"])
        if start > total:
            break
    assert len(seen) == len(set(seen)) == total
    nothing = await asker.search(sceneFilter={"acquisitionFilter": {"start": "1990-01-01", "end": "1990-01-02"}})
    assert (nothing["totalHits"], nothing["nextRecord"], nothing["results"]) == (0, 0, [])


async def test_values_are_as_dirty_as_m2ms(asker: Asker) -> None:
    scenes = (await asker.search(maxResults=1000, metadataType="full"))["results"]
    assert {type(scene["cloudCover"]) for scene in scenes} == {int, str, type(None)}
    assert -1 in {scene["cloudCover"] for scene in scenes}
    fields = {field["fieldName"]: field["value"] for field in scenes[0]["metadata"]}
    assert fields["WRS Path"].startswith(" ")
    assert "&deg;" in fields["Scene Center Lat DMS"]
    assert {scene["displayId"][5:9] for scene in scenes} == {"L2SP", "L2SR"}


async def test_metadata_comes_only_when_asked_for(asker: Asker) -> None:
    assert (await asker.search(maxResults=1))["results"][0]["metadata"] == []
    assert len((await asker.search(maxResults=1, metadataType="full"))["results"][0]["metadata"]) > 50


async def test_scene_lists_resolve_ids_and_pass_over_unknown_ones(asker: Asker) -> None:
    said = {"listId": "mine", "datasetName": "corona2", "idField": "displayId"}
    assert await asker.ask("scene-list-add", {**said, "entityIds": ["DS1117-2086DA007", "nothing"]}) == 1
    assert await asker.ask("scene-list-add", {**said, "entityId": "DS1117-2086DA008"}) == 1
    assert [one["entityId"] for one in await asker.ask("scene-list-get", {"listId": "mine"})] == [
        "DS1117-2086DA007",
        "DS1117-2086DA008",
    ]
    listed = await asker.ask("scene-metadata-list", {"listId": "mine", "metadataType": "full"})
    assert [scene["displayId"] for scene in listed["corona2"]] == ["DS1117-2086DA007", "DS1117-2086DA008"]
    await asker.ask("scene-list-remove", {"listId": "mine"})
    assert await asker.ask("scene-metadata-list", {"listId": "mine"}) == []


async def test_a_search_only_account_may_not_download(asker: Asker) -> None:
    await asker.log_in("search-only")
    assert await asker.ask("permissions") == ["user"]
    assert (await asker.search(maxResults=1))["results"]
    said = {"datasetName": LANDSAT, "entityIds": [SCENE]}
    assert await asker.refused("download-options", said) == ("AUTH_UNAUTHROIZED", 403)
