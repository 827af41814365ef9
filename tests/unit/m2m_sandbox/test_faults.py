"""Faults on demand: each strikes what it should, as often as it should, until it is cleared."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from m2m_sandbox import create_sandbox
from m2m_sandbox.faults.kinds import InvalidFault, parse_fault
from tests.unit.m2m_sandbox.asking import Asker, Clock

FAULTS = "/__sandbox/faults"


def add(asker: Asker, kind: str, **said: Any) -> None:
    asker.sandbox.faults.add({"kind": kind, **said})


# -- asking for them ---------------------------------------------------------------------------------------------


async def test_they_are_off_unless_asked_for_at_start(asker: Asker) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert (await asker.http.request(method, FAULTS)).status_code == 404


async def test_they_are_asked_for_listed_and_cleared_over_http() -> None:
    asker = Asker(create_sandbox(base_url="http://sandbox", faults=True))
    made = await asker.http.post(FAULTS, json={"kind": "maintenance", "times": 2})
    assert made.status_code == 201
    await asker.raw("permissions")
    (listed,) = (await asker.http.get(FAULTS)).json()
    assert (listed["met"], listed["struck"], listed["fault"]["kind"]) == (1, 1, "maintenance")
    assert (await asker.http.delete(f"{FAULTS}/{listed['id']}")).status_code == 204
    assert (await asker.http.delete(f"{FAULTS}/{listed['id']}")).status_code == 404
    await asker.http.post(FAULTS, json={"kind": "reset"})
    assert (await asker.http.delete(FAULTS)).status_code == 204
    assert (await asker.http.get(FAULTS)).json() == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"kind": "latncy", "seconds": 1}, 'did you mean "latency"?'),
        ({"kind": "latency", "secnods": 1}, 'did you mean "seconds"?'),
        ({"kind": "error", "code": "RATE_LIMT"}, 'did you mean "RATE_LIMIT'),
        ({"kind": "reset", "on": ["scene-serch"]}, 'did you mean "scene-search"?'),
        ({"kind": "disabled", "on": ["ddz"]}, 'did you mean "dds'),
        ({"kind": "latency"}, "seconds"),
        ({"kind": "latency", "seconds": -1}, "seconds"),
        ({"kind": "reset", "rate": 2}, "rate"),
        ({}, "not a kind of fault"),
        ([], "JSON object"),
    ],
)
async def test_what_is_no_fault_is_refused_with_what_may_have_been_meant(said: Any, told: str) -> None:
    asker = Asker(create_sandbox(base_url="http://sandbox", faults=True))
    answer = await asker.http.post(FAULTS, json=said)
    assert answer.status_code == 400
    assert told in answer.json()["error"]
    assert (await asker.http.get(FAULTS)).json() == []


async def test_a_fault_that_is_no_json_is_refused() -> None:
    asker = Asker(create_sandbox(base_url="http://sandbox", faults=True))
    assert (await asker.http.post(FAULTS, content=b"{")).status_code == 400


def test_within_a_process_the_same_is_an_exception() -> None:
    with pytest.raises(InvalidFault, match="not a kind of fault"):
        parse_fault({"kind": "flood"})


async def test_what_it_has_seen_is_told_to_whoever_may_ask_for_faults() -> None:
    asker = Asker(create_sandbox(base_url="http://sandbox", faults=True, api_latency=0.02))
    await asker.log_in()
    await asyncio.gather(asker.raw("permissions"), asker.raw("permissions"))
    seen = (await asker.http.get("/__sandbox/seen")).json()
    assert seen["calls"] == {"login-token": 1, "permissions": 2}
    assert (seen["in_flight_max"], seen["refused_parallel"], seen["refused_beside_left"]) == (2, 1, 0)


# -- how often ---------------------------------------------------------------------------------------------------


async def codes(asker: Asker, times: int) -> list[int]:
    return [(await asker.raw("permissions")).status_code for _ in range(times)]


async def test_a_fault_strikes_so_many_times_after_those_it_spares(asker: Asker) -> None:
    add(asker, "maintenance", skip=1, times=2)
    assert await codes(asker, 5) == [200, 503, 503, 200, 200]


async def test_a_rate_strikes_the_same_requests_every_time(asker: Asker) -> None:
    seen = []
    for _ in range(2):
        add(asker, "maintenance", rate=0.5, seed=7)
        seen.append(await codes(asker, 20))
        asker.sandbox.faults.clear()
    add(asker, "maintenance", rate=0.5, seed=8)
    other = await codes(asker, 20)
    assert seen[0] == seen[1] != other
    assert 4 < seen[0].count(503) < 16


async def test_a_fault_strikes_only_where_it_was_asked_for(asker: Asker) -> None:
    add(asker, "maintenance", on=["scene-search"])
    assert (await asker.raw("permissions")).status_code == 200
    assert (await asker.raw("scene-search")).status_code == 503


# -- the API -----------------------------------------------------------------------------------------------------


async def test_latency_lasts_and_holds_the_accounts_turn(asker: Asker) -> None:
    add(asker, "latency", seconds=0.05)
    begun = time.perf_counter()
    answers = await asyncio.gather(asker.raw("permissions"), asker.raw("permissions"))
    assert time.perf_counter() - begun >= 0.05
    assert sorted(str(answer.json()["errorCode"]) for answer in answers) == ["None", "RATE_LIMIT"]


@pytest.mark.parametrize("status", [200, 503])
async def test_maintenance_is_an_html_page(asker: Asker, status: int) -> None:
    add(asker, "maintenance", status=status)
    answer = await asker.raw("permissions")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")


@pytest.mark.parametrize(("more", "status"), [({}, 500), ({"status": 429}, 429)])
async def test_an_error_has_its_code_and_status(asker: Asker, more: Any, status: int) -> None:
    add(asker, "error", code="RATE_LIMIT_USER", **more)
    answer = await asker.raw("permissions")
    assert (answer.json()["errorCode"], answer.status_code) == ("RATE_LIMIT_USER", status)
    assert answer.json()["data"] is None


async def test_lost_keys_are_dead_until_one_logs_in_anew(asker: Asker) -> None:
    add(asker, "keys-lost", times=1)
    assert await asker.refused("permissions") == ("AUTH_KEY_INVALID", 403)
    await asker.log_in()
    assert await asker.ask("permissions")


async def test_keys_of_an_answer_are_missing_new_or_of_another_type(asker: Asker) -> None:
    add(asker, "drift", missing=["cloudCover"], extra={"quality": 9}, retyped=["totalHits", "displayId"])
    page = await asker.search(maxResults=1)
    (scene,) = page["results"]
    assert isinstance(page["totalHits"], str)
    assert isinstance(scene["displayId"], list)
    assert "cloudCover" not in scene
    assert scene["quality"] == 9


@pytest.mark.parametrize(
    ("more", "accuracy"), [({}, None), ({"accuracy": "approximate"}, "approximate"), ({"accuracy": "absent"}, None)]
)
async def test_a_total_lies(asker: Asker, more: Any, accuracy: str | None) -> None:
    true = await asker.search(sceneFilter={"seasonalFilter": [6]}, maxResults=1)
    add(asker, "lying-total", by=-7, **more)
    told = await asker.search(sceneFilter={"seasonalFilter": [6]}, maxResults=1)
    assert told["totalHits"] == true["totalHits"] - 7
    assert told.get("totalHitsAccuracy") == accuracy
    assert told["results"] == true["results"]


async def test_an_error_under_a_lying_total_stays_an_error(asker: Asker) -> None:
    add(asker, "lying-total", by=5)
    add(asker, "drift", missing=["x"])
    assert (await asker.refused("scene-search", {"datasetName": "none"}))[0] == "DATASET_INVALID"


async def test_a_reset_is_the_clients_own_error(asker: Asker) -> None:
    add(asker, "reset", times=1)
    with pytest.raises(httpx.ReadError):
        await asker.raw("permissions")
    assert await asker.ask("permissions")


async def test_a_body_is_cut(asker: Asker) -> None:
    add(asker, "cut", at=10, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await asker.raw("permissions")
    add(asker, "cut", at=10**9)
    assert await asker.ask("permissions")


# -- downloads ---------------------------------------------------------------------------------------------------


async def test_what_a_system_delivers_is_disabled_while_it_is_down(asker: Asker) -> None:
    add(asker, "disabled", on=["ls_s3"], times=1)
    answer = await asker.request(await asker.file(), label="x")
    assert answer["failed"][0]["errorMessage"].startswith("This download has been temporarily disabled")
    assert answer["newRecords"] == []
    assert (await asker.request(await asker.file(), label="x"))["availableDownloads"]


async def test_staging_takes_as_long_as_was_asked_or_for_ever(asker: Asker, clock: Clock) -> None:
    add(asker, "staging", on=["ls_s3"], seconds=10, times=1)
    assert (await asker.request(await asker.file(), label="x"))["preparingDownloads"]
    clock.now += 10
    assert len((await asker.ask("download-retrieve", {"label": "x"}))["available"]) == 1
    add(asker, "staging", on=["dds"], seconds=None)
    await asker.request(await asker.frame(), label="y")
    clock.now += 10**9
    queue = await asker_again(asker, "y")
    assert (len(queue["available"]), len(queue["requested"])) == (0, 1)


async def asker_again(asker: Asker, label: str) -> Any:
    """The queue, long after: the key has expired meanwhile."""
    await asker.log_in()
    return await asker.ask("download-retrieve", {"label": label})


async def test_a_host_that_is_down_has_a_gateways_page(asker: Asker) -> None:
    url = await asker.minted()
    add(asker, "down", on=["landsatlook"], status=504)
    assert (await asker.http.get(url)).status_code == 504
    assert (await asker.raw("permissions")).status_code == 200


async def test_a_gateway_before_the_api_may_ask_for_fewer_requests(asker: Asker) -> None:
    add(asker, "down", on=["scene-search"], status=429, retry_after=7)
    answer = await asker.raw("scene-search")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert answer.text.startswith("<!DOCTYPE html>")


async def test_what_hangs_answers_nobody_and_holds_no_turn(asker: Asker) -> None:
    add(asker, "hang", on=["scene-search"])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asker.raw("scene-search")
    assert (await asker.raw("permissions")).status_code == 200


async def test_a_url_expires_after_so_many_reads_and_a_new_one_is_good(asker: Asker, clock: Clock) -> None:
    url = await asker.minted("MTL.txt")
    add(asker, "expires", reads=2)
    assert [(await asker.http.get(url)).status_code for _ in range(3)] == [200, 200, 403]
    clock.now += 1
    assert (await asker.http.get(await asker.minted("MTL.txt"))).status_code == 200


async def test_head_is_refused(asker: Asker) -> None:
    url = await asker.minted("MTL.txt")
    add(asker, "no-head", status=403)
    assert ((await asker.http.head(url)).status_code, (await asker.http.get(url)).status_code) == (403, 200)


async def test_range_is_ignored(asker: Asker) -> None:
    url = await asker.minted("MTL.txt")
    add(asker, "no-range")
    whole = await asker.http.get(url, headers={"Range": "bytes=0-3"})
    assert whole.status_code == 200
    assert "content-range" not in whole.headers
    assert len(whole.content) == int(whole.headers["content-length"]) > 4


async def test_a_chunked_file_tells_no_length_and_takes_no_range(asker: Asker) -> None:
    url = await asker.minted("MTL.txt")
    true = await asker.http.get(url)
    add(asker, "chunked")
    whole = await asker.http.get(url, headers={"Range": "bytes=0-3"})
    assert (whole.status_code, whole.content) == (200, true.content)
    assert not {"content-length", "content-range", "accept-ranges"} & set(whole.headers)


async def test_a_redirect_leads_to_another_address_of_the_same_file(asker: Asker) -> None:
    url = await asker.minted("MTL.txt")
    true = await asker.http.get(url)
    add(asker, "redirect")
    sent = await asker.http.get(url)
    assert (sent.status_code, sent.content) == (302, b"")
    assert (await asker.http.get(sent.headers["location"])).content == true.content


async def test_a_redirect_leads_where_it_was_asked_to(asker: Asker) -> None:
    url = await asker.minted("MTL.txt")
    add(asker, "redirect", to="https://elsewhere.test/file")
    assert (await asker.http.get(url)).headers["location"] == "https://elsewhere.test/file"


async def test_urls_point_astray_and_the_rest_of_the_answer_is_true(asker: Asker) -> None:
    add(asker, "astray", to="file:///etc/hostname", times=1)
    answer = await asker.request(await asker.file(), label="x")
    (row,) = answer["availableDownloads"]
    assert row["url"] == "file:///etc/hostname"
    assert str(row["downloadId"]) in answer["newRecords"]
    assert (await asker.minted()).startswith("http://sandbox/")


async def test_a_scenes_files_are_not_available_and_its_bundle_is(asker: Asker) -> None:
    add(asker, "unavailable", on=["ls_s3"])
    options = await asker.options()
    files = [file for product in options for file in product["secondaryDownloads"]]
    assert {(file["available"], file["filesize"]) for file in files} == {(False, 0)}
    assert next(one for one in options if one["downloadSystem"] == "ls_zip")["available"]
    answer = await asker.request(await asker.file(), label="x")
    assert [one["errorMessage"] for one in answer["failed"]] == ["Download is not available."]


async def test_a_login_page_stands_in_for_the_file(asker: Asker) -> None:
    url = await asker.minted("MTL.txt")
    add(asker, "login-page")
    page = await asker.http.get(url)
    assert page.status_code == 200
    assert "Sign in" in page.text


async def test_a_slow_file_is_late_at_first_and_by_the_megabyte(asker: Asker) -> None:
    url = await asker.minted("MTL.txt")
    size = len((await asker.http.get(url)).content)
    add(asker, "slow", first=0.05, per_megabyte=0.1 * 2**20 / size)
    begun = time.perf_counter()
    await asker.http.get(url)
    assert time.perf_counter() - begun >= 0.15


async def test_faults_lie_one_over_another_the_first_outermost(asker: Asker) -> None:
    true = (await asker.search(maxResults=0))["totalHits"]
    add(asker, "drift", retyped=["totalHits"])
    add(asker, "lying-total", by=1)
    assert (await asker.search(maxResults=0))["totalHits"] == str(true + 1)


async def test_an_answer_that_is_edited_may_be_another_faults_page(asker: Asker) -> None:
    add(asker, "lying-total", by=1)
    add(asker, "maintenance")
    answer = await asker.raw("scene-search")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
