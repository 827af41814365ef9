"""Tests of faults: each is triggered by the right requests, as often as set, until it is removed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from m2m_sandbox import create_sandbox
from m2m_sandbox.faults.kinds import parse_fault
from m2m_sandbox.faults.model import InvalidFault
from tests.unit.m2m_sandbox.sandbox_client import Clock, SandboxClient

FAULTS = "/__sandbox/faults"


def add(client: SandboxClient, kind: str, **payload: Any) -> None:
    client.sandbox.faults.add({"kind": kind, **payload})


# -- adding faults -----------------------------------------------------------------------------------------------


async def test_the_routes_are_missing_unless_enabled(client: SandboxClient) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert (await client.http.request(method, FAULTS)).status_code == 404


async def test_faults_are_added_listed_and_removed_over_http() -> None:
    client = SandboxClient(create_sandbox(base_url="http://sandbox", faults=True))
    made = await client.http.post(FAULTS, json={"kind": "maintenance", "times": 2})
    assert made.status_code == 201
    await client.send("permissions")
    (listed,) = (await client.http.get(FAULTS)).json()
    assert (listed["met"], listed["struck"], listed["fault"]["kind"]) == (1, 1, "maintenance")
    assert (await client.http.delete(f"{FAULTS}/{listed['id']}")).status_code == 204
    assert (await client.http.delete(f"{FAULTS}/{listed['id']}")).status_code == 404
    await client.http.post(FAULTS, json={"kind": "reset"})
    assert (await client.http.delete(FAULTS)).status_code == 204
    assert (await client.http.get(FAULTS)).json() == []


@pytest.mark.parametrize(
    ("payload", "hint"),
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
async def test_an_invalid_fault_is_rejected_with_a_suggestion(payload: Any, hint: str) -> None:
    client = SandboxClient(create_sandbox(base_url="http://sandbox", faults=True))
    response = await client.http.post(FAULTS, json=payload)
    assert response.status_code == 400
    assert hint in response.json()["error"]
    assert (await client.http.get(FAULTS)).json() == []


async def test_a_body_that_is_not_json_is_rejected() -> None:
    client = SandboxClient(create_sandbox(base_url="http://sandbox", faults=True))
    assert (await client.http.post(FAULTS, content=b"{")).status_code == 400


def test_an_invalid_fault_raises_an_exception_in_the_same_process() -> None:
    with pytest.raises(InvalidFault, match="not a kind of fault"):
        parse_fault({"kind": "flood"})


async def test_seen_counts_calls_and_rejected_parallel_requests() -> None:
    client = SandboxClient(create_sandbox(base_url="http://sandbox", faults=True, api_latency=0.02))
    await client.log_in()
    await asyncio.gather(client.send("permissions"), client.send("permissions"))
    seen = (await client.http.get("/__sandbox/seen")).json()
    assert seen["calls"] == {"login-token": 1, "permissions": 2}
    assert (seen["in_flight_max"], seen["refused_parallel"], seen["refused_beside_left"]) == (2, 1, 0)


# -- how often ---------------------------------------------------------------------------------------------------


async def codes(client: SandboxClient, times: int) -> list[int]:
    return [(await client.send("permissions")).status_code for _ in range(times)]


async def test_a_fault_is_triggered_the_set_number_of_times_after_skipped_requests(client: SandboxClient) -> None:
    add(client, "maintenance", skip=1, times=2)
    assert await codes(client, 5) == [200, 503, 503, 200, 200]


async def test_a_rate_and_seed_trigger_on_the_same_requests_in_every_run(client: SandboxClient) -> None:
    seen = []
    for _ in range(2):
        add(client, "maintenance", rate=0.5, seed=7)
        seen.append(await codes(client, 20))
        client.sandbox.faults.clear()
    add(client, "maintenance", rate=0.5, seed=8)
    other = await codes(client, 20)
    assert seen[0] == seen[1] != other
    assert 4 < seen[0].count(503) < 16


async def test_a_fault_is_triggered_only_by_its_endpoints(client: SandboxClient) -> None:
    add(client, "maintenance", on=["scene-search"])
    assert (await client.send("permissions")).status_code == 200
    assert (await client.send("scene-search")).status_code == 503


# -- the API -----------------------------------------------------------------------------------------------------


async def test_latency_delays_a_response_and_keeps_the_account_busy(client: SandboxClient) -> None:
    add(client, "latency", seconds=0.05)
    begun = time.perf_counter()
    responses = await asyncio.gather(client.send("permissions"), client.send("permissions"))
    assert time.perf_counter() - begun >= 0.05
    assert sorted(str(response.json()["errorCode"]) for response in responses) == ["None", "RATE_LIMIT"]


@pytest.mark.parametrize("status", [200, 503])
async def test_maintenance_is_an_html_page(client: SandboxClient, status: int) -> None:
    add(client, "maintenance", status=status)
    response = await client.send("permissions")
    assert (response.status_code, response.headers["content-type"]) == (status, "text/html; charset=utf-8")


@pytest.mark.parametrize(("more", "status"), [({}, 500), ({"status": 429}, 429)])
async def test_an_error_has_its_code_and_status(client: SandboxClient, more: Any, status: int) -> None:
    add(client, "error", code="RATE_LIMIT_USER", **more)
    response = await client.send("permissions")
    assert (response.json()["errorCode"], response.status_code) == ("RATE_LIMIT_USER", status)
    assert response.json()["data"] is None


async def test_lost_keys_are_invalid_until_the_next_login(client: SandboxClient) -> None:
    add(client, "keys-lost", times=1)
    assert await client.error("permissions") == ("AUTH_KEY_INVALID", 403)
    await client.log_in()
    assert await client.call("permissions")


async def test_drift_removes_adds_and_retypes_keys(client: SandboxClient) -> None:
    add(client, "drift", missing=["cloudCover"], extra={"quality": 9}, retyped=["totalHits", "displayId"])
    page = await client.search(maxResults=1)
    (scene,) = page["results"]
    assert isinstance(page["totalHits"], str)
    assert isinstance(scene["displayId"], list)
    assert "cloudCover" not in scene
    assert scene["quality"] == 9


@pytest.mark.parametrize(
    ("more", "accuracy"), [({}, None), ({"accuracy": "approximate"}, "approximate"), ({"accuracy": "absent"}, None)]
)
async def test_a_lying_total_changes_only_the_total(client: SandboxClient, more: Any, accuracy: str | None) -> None:
    true = await client.search(sceneFilter={"seasonalFilter": [6]}, maxResults=1)
    add(client, "lying-total", by=-7, **more)
    falsified = await client.search(sceneFilter={"seasonalFilter": [6]}, maxResults=1)
    assert falsified["totalHits"] == true["totalHits"] - 7
    assert falsified.get("totalHitsAccuracy") == accuracy
    assert falsified["results"] == true["results"]


async def test_a_lying_total_leaves_errors_unchanged(client: SandboxClient) -> None:
    add(client, "lying-total", by=5)
    add(client, "drift", missing=["x"])
    assert (await client.error("scene-search", {"datasetName": "none"}))[0] == "DATASET_INVALID"


async def test_a_reset_raises_a_read_error_in_the_client(client: SandboxClient) -> None:
    add(client, "reset", times=1)
    with pytest.raises(httpx.ReadError):
        await client.send("permissions")
    assert await client.call("permissions")


async def test_a_cut_body_raises_a_protocol_error_in_the_client(client: SandboxClient) -> None:
    add(client, "cut", at=10, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await client.send("permissions")
    add(client, "cut", at=10**9)
    assert await client.call("permissions")


# -- downloads ---------------------------------------------------------------------------------------------------


async def test_a_disabled_system_fails_its_downloads(client: SandboxClient) -> None:
    add(client, "disabled", on=["ls_s3"], times=1)
    response = await client.request(await client.file(), label="x")
    assert response["failed"][0]["errorMessage"].startswith("This download has been temporarily disabled")
    assert response["newRecords"] == []
    assert (await client.request(await client.file(), label="x"))["availableDownloads"]


async def test_staging_takes_the_set_time_or_never_ends(client: SandboxClient, clock: Clock) -> None:
    add(client, "staging", on=["ls_s3"], seconds=10, times=1)
    assert (await client.request(await client.file(), label="x"))["preparingDownloads"]
    clock.now += 10
    assert len((await client.call("download-retrieve", {"label": "x"}))["available"]) == 1
    add(client, "staging", on=["dds"], seconds=None)
    await client.request(await client.frame(), label="y")
    clock.now += 10**9
    queue = await queue_after_login(client, "y")
    assert (len(queue["available"]), len(queue["requested"])) == (0, 1)


async def queue_after_login(client: SandboxClient, label: str) -> Any:
    """The queue, long after: the key has expired meanwhile."""
    await client.log_in()
    return await client.call("download-retrieve", {"label": label})


async def test_a_host_that_is_down_responds_with_a_gateway_error(client: SandboxClient) -> None:
    url = await client.signed_url()
    add(client, "down", on=["landsatlook"], status=504)
    assert (await client.http.get(url)).status_code == 504
    assert (await client.send("permissions")).status_code == 200


async def test_a_gateway_error_of_the_api_may_have_retry_after(client: SandboxClient) -> None:
    add(client, "down", on=["scene-search"], status=429, retry_after=7)
    response = await client.send("scene-search")
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert response.text.startswith("<!DOCTYPE html>")


async def test_a_hanging_request_does_not_keep_the_account_busy(client: SandboxClient) -> None:
    add(client, "hang", on=["scene-search"])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.send("scene-search")
    assert (await client.send("permissions")).status_code == 200


async def test_a_url_expires_after_the_set_number_of_reads(client: SandboxClient, clock: Clock) -> None:
    url = await client.signed_url("MTL.txt")
    add(client, "expires", reads=2)
    assert [(await client.http.get(url)).status_code for _ in range(3)] == [200, 200, 403]
    clock.now += 1
    assert (await client.http.get(await client.signed_url("MTL.txt"))).status_code == 200


async def test_no_head_rejects_head_only(client: SandboxClient) -> None:
    url = await client.signed_url("MTL.txt")
    add(client, "no-head", status=403)
    assert ((await client.http.head(url)).status_code, (await client.http.get(url)).status_code) == (403, 200)


async def test_no_range_serves_the_whole_file(client: SandboxClient) -> None:
    url = await client.signed_url("MTL.txt")
    add(client, "no-range")
    whole = await client.http.get(url, headers={"Range": "bytes=0-3"})
    assert whole.status_code == 200
    assert "content-range" not in whole.headers
    assert len(whole.content) == int(whole.headers["content-length"]) > 4


async def test_a_chunked_file_has_no_length_and_ignores_range(client: SandboxClient) -> None:
    url = await client.signed_url("MTL.txt")
    true = await client.http.get(url)
    add(client, "chunked")
    whole = await client.http.get(url, headers={"Range": "bytes=0-3"})
    assert (whole.status_code, whole.content) == (200, true.content)
    assert not {"content-length", "content-range", "accept-ranges"} & set(whole.headers)


async def test_a_redirect_points_to_another_url_of_the_same_file(client: SandboxClient) -> None:
    url = await client.signed_url("MTL.txt")
    true = await client.http.get(url)
    add(client, "redirect")
    sent = await client.http.get(url)
    assert (sent.status_code, sent.content) == (302, b"")
    assert (await client.http.get(sent.headers["location"])).content == true.content


async def test_a_redirect_points_to_the_set_url(client: SandboxClient) -> None:
    url = await client.signed_url("MTL.txt")
    add(client, "redirect", to="https://elsewhere.test/file")
    assert (await client.http.get(url)).headers["location"] == "https://elsewhere.test/file"


async def test_astray_replaces_only_the_urls(client: SandboxClient) -> None:
    add(client, "astray", to="file:///etc/hostname", times=1)
    response = await client.request(await client.file(), label="x")
    (row,) = response["availableDownloads"]
    assert row["url"] == "file:///etc/hostname"
    assert str(row["downloadId"]) in response["newRecords"]
    assert (await client.signed_url()).startswith("http://sandbox/")


async def test_unavailable_files_leave_the_bundle_available(client: SandboxClient) -> None:
    add(client, "unavailable", on=["ls_s3"])
    options = await client.options()
    files = [file for product in options for file in product["secondaryDownloads"]]
    assert {(file["available"], file["filesize"]) for file in files} == {(False, 0)}
    assert next(item for item in options if item["downloadSystem"] == "ls_zip")["available"]
    response = await client.request(await client.file(), label="x")
    assert [item["errorMessage"] for item in response["failed"]] == ["Download is not available."]


async def test_a_login_page_replaces_the_file(client: SandboxClient) -> None:
    url = await client.signed_url("MTL.txt")
    add(client, "login-page")
    page = await client.http.get(url)
    assert page.status_code == 200
    assert "Sign in" in page.text


async def test_a_slow_file_is_delayed_at_the_start_and_per_megabyte(client: SandboxClient) -> None:
    url = await client.signed_url("MTL.txt")
    size = len((await client.http.get(url)).content)
    add(client, "slow", first=0.05, per_megabyte=0.1 * 2**20 / size)
    begun = time.perf_counter()
    await client.http.get(url)
    assert time.perf_counter() - begun >= 0.15


async def test_the_first_fault_is_the_outermost(client: SandboxClient) -> None:
    true = (await client.search(maxResults=0))["totalHits"]
    add(client, "drift", retyped=["totalHits"])
    add(client, "lying-total", by=1)
    assert (await client.search(maxResults=0))["totalHits"] == str(true + 1)


async def test_the_page_of_an_inner_fault_passes_unedited(client: SandboxClient) -> None:
    add(client, "lying-total", by=1)
    add(client, "maintenance")
    response = await client.send("scene-search")
    assert (response.status_code, response.headers["content-type"]) == (503, "text/html; charset=utf-8")
