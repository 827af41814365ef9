"""Tests of the sandbox app: login, keys, the envelope, and scene endpoints as M2M is known to behave."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from m2m_sandbox import create_sandbox
from tests.unit.m2m_sandbox.sandbox_client import LANDSAT, SCENE, Clock, SandboxClient


@pytest.mark.parametrize(
    "credentials",
    [{"username": "a", "token": "wrong"}, {"username": "a", "token": ""}, {"username": "", "token": "x"}, {}, None],
)
async def test_wrong_or_missing_credentials_are_rejected(client: SandboxClient, credentials: Any) -> None:
    assert await client.error("login-token", credentials) == ("AUTH_INVALID", 401)


async def test_a_key_expires_two_hours_after_its_last_use(client: SandboxClient, clock: Clock) -> None:
    for _ in range(3):
        clock.now += 7000
        await client.call("permissions")
    clock.now += 7201
    assert await client.error("permissions") == ("AUTH_EXPIRED", 403)
    client.key = "unknown"
    assert await client.error("permissions") == ("AUTH_KEY_INVALID", 403)


async def test_logout_revokes_the_key(client: SandboxClient) -> None:
    await client.call("logout")
    assert await client.error("permissions") == ("AUTH_KEY_INVALID", 403)


@pytest.mark.parametrize("code", ["AUTH_KEY_INVALID", "AUTH_EXPIRED", "AUTH_UNAUTHORIZED", "UNAUTHORIZED_USER"])
async def test_a_lost_key_is_refused_with_403_and_a_code_until_the_next_login(client: SandboxClient, code: str) -> None:
    client.sandbox.faults.add({"kind": "keys-lost", "times": 1, "code": code})
    assert await client.error("permissions") == (code, 403)
    assert await client.error("permissions") == (code, 403)
    await client.log_in()
    assert await client.call("permissions") == ["user", "download", "order"]


async def test_a_second_request_of_an_account_is_rejected_while_one_runs() -> None:
    client = SandboxClient(create_sandbox(base_url="http://sandbox", api_latency=0.05))
    await client.log_in()
    responses = await asyncio.gather(*(client.send("permissions") for _ in range(3)))
    results = [(response.status_code, response.json()["errorCode"]) for response in responses]
    assert sorted(results, key=str) == [(200, None), (500, "RATE_LIMIT"), (500, "RATE_LIMIT")]
    assert client.sandbox.in_flight_max == 2


async def test_two_accounts_can_send_requests_at_the_same_time() -> None:
    sandbox = create_sandbox(base_url="http://sandbox", api_latency=0.05)
    first, second = SandboxClient(sandbox), SandboxClient(sandbox)
    await first.log_in("one")
    await second.log_in("two")
    assert await asyncio.gather(first.call("permissions"), second.call("permissions"))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("payload", [None, {}])
async def test_get_with_a_body_and_a_null_body_are_accepted(client: SandboxClient, method: str, payload: Any) -> None:
    listed = await client.call("dataset-search", payload, method)
    assert {LANDSAT, "naip", "corona2"} <= {item["datasetAlias"] for item in listed}


async def test_a_body_that_is_not_json_is_an_input_format_error(client: SandboxClient) -> None:
    response = await client.http.post(
        "/api/api/json/stable/permissions", content=b"{", headers={"X-Auth-Token": client.key}
    )
    assert response.json()["errorCode"] == "INPUT_FORMAT"


@pytest.mark.parametrize(
    ("endpoint", "payload", "code"),
    [
        ("login", {"username": "a", "password": "b"}, "NOT_FOUND"),
        ("no-such-endpoint", {}, "NOT_FOUND"),
        ("scene-search", {}, "INPUT_PARAMETER_INVALID"),
        ("scene-search", {"datasetName": "sentinel_2a"}, "DATASET_INVALID"),
        ("scene-search", {"datasetName": "landsat_8_c1"}, "DATASET_AUTH"),
        ("dataset", {"datasetName": "EO1_ALI_PRIV"}, "DATASET_AUTH"),
        ("download-options", {"datasetName": "landsat_tm_c1", "entityIds": ["x"]}, "DATASET_AUTH"),
        ("scene-metadata", {"datasetName": LANDSAT, "entityId": "nothing"}, "NOT_FOUND"),
    ],
)
async def test_errors_have_their_codes(client: SandboxClient, endpoint: str, payload: Any, code: str) -> None:
    assert (await client.error(endpoint, payload))[0] == code


async def test_misplaced_keys_are_ignored_and_all_scenes_match(client: SandboxClient) -> None:
    everything = await client.search(maxResults=1)
    misplaced = await client.search(maxResults=1, acquisitionFilter={"start": "2024-06-01", "end": "2024-06-01"})
    assert misplaced["totalHits"] == everything["totalHits"] > 200_000
    inside = await client.search(
        maxResults=1, sceneFilter={"acquisitionFilter": {"start": "2024-06-01", "end": "2024-06-01"}}
    )
    assert inside["totalHits"] < everything["totalHits"]


@pytest.mark.parametrize("name", [LANDSAT.upper(), "5e83d14f2fc39685"])
async def test_a_dataset_is_named_in_any_case_or_by_its_id(client: SandboxClient, name: str) -> None:
    scenes = await client.call("scene-search", {"datasetName": name, "maxResults": 1})
    assert scenes["results"][0]["displayId"].startswith("LC0")


async def test_pages_count_from_one_and_next_record_is_never_null(client: SandboxClient) -> None:
    day = {"acquisitionFilter": {"start": "2024-06-01", "end": "2024-06-01"}}
    total = (await client.search(maxResults=1, sceneFilter=day))["totalHits"]
    seen, start = [], 1
    while True:
        page = await client.search(maxResults=97, startingNumber=start, sceneFilter=day)
        assert page["startingNumber"] == start
        assert page["recordsReturned"] == len(page["results"])
        assert page["nextRecord"] == min(start + len(page["results"]), total)
        seen += [scene["entityId"] for scene in page["results"]]
        start += len(page["results"])
        if start > total:
            break
    assert len(seen) == len(set(seen)) == total
    nothing = await client.search(sceneFilter={"acquisitionFilter": {"start": "1990-01-01", "end": "1990-01-02"}})
    assert (nothing["totalHits"], nothing["nextRecord"], nothing["results"]) == (0, 0, [])


async def test_values_have_the_irregularities_of_m2m(client: SandboxClient) -> None:
    scenes = (await client.search(maxResults=2500, metadataType="full"))["results"]
    assert {type(scene["cloudCover"]) for scene in scenes} == {int, str, type(None)}
    assert -1 in {scene["cloudCover"] for scene in scenes}
    fields = {field["fieldName"]: field["value"] for field in scenes[0]["metadata"]}
    assert fields["WRS Path"].startswith(" ")
    assert "&deg;" in fields["Scene Center Lat DMS"]
    assert {scene["displayId"][5:9] for scene in scenes} == {"L2SP", "L2SR"}


async def test_metadata_is_returned_only_on_request(client: SandboxClient) -> None:
    assert (await client.search(maxResults=1))["results"][0]["metadata"] == []
    assert len((await client.search(maxResults=1, metadataType="full"))["results"][0]["metadata"]) > 50


async def test_scene_lists_resolve_display_ids_and_skip_unknown_ones(client: SandboxClient) -> None:
    payload = {"listId": "mine", "datasetName": "corona2", "idField": "displayId"}
    assert await client.call("scene-list-add", {**payload, "entityIds": ["DS1117-2086DA007", "nothing"]}) == 1
    assert await client.call("scene-list-add", {**payload, "entityId": "DS1117-2086DA008"}) == 1
    assert [item["entityId"] for item in await client.call("scene-list-get", {"listId": "mine"})] == [
        "DS1117-2086DA007",
        "DS1117-2086DA008",
    ]
    listed = await client.call("scene-metadata-list", {"listId": "mine", "metadataType": "full"})
    assert [scene["displayId"] for scene in listed["corona2"]] == ["DS1117-2086DA007", "DS1117-2086DA008"]
    await client.call("scene-list-remove", {"listId": "mine"})
    assert await client.call("scene-metadata-list", {"listId": "mine"}) == []


async def test_a_text_of_ids_breaks_scene_list_add(client: SandboxClient) -> None:
    payload = {"listId": "mine", "datasetName": "corona2", "entityIds": "DS1117-2086DA007"}
    assert await client.error("scene-list-add", payload) == ("SERVER_ERROR", 500)


async def test_a_list_that_is_not_there_has_nothing_in_it(client: SandboxClient) -> None:
    assert await client.call("scene-list-get", {"listId": "nothing"}) == []
    nothing = {"sceneCount": None, "spatialBounds": None, "temporalExtent": None}
    assert await client.call("scene-list-summary", {"listId": "nothing"}) == {"summary": nothing, "datasets": []}


async def test_a_search_only_account_may_not_download(client: SandboxClient) -> None:
    await client.log_in("search-only")
    assert await client.call("permissions") == ["user"]
    assert (await client.search(maxResults=1))["results"]
    payload = {"datasetName": LANDSAT, "entityIds": [SCENE]}
    assert await client.error("download-options", payload) == ("AUTH_UNAUTHROIZED", 403)
