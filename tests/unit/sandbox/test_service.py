"""The sandbox behaves as M2M is known to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from stac_bridge.sandbox import Sandbox, create_sandbox
from stac_bridge.sandbox.sheets import sheets

LANDSAT = "landsat_ot_c2_l2"
SCENE = "LC80470272020339LGN00"


class Asker:
    """Who asks a sandbox, over HTTP as any client does."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(sandbox), base_url="http://sandbox")
        self.key = ""

    async def raw(self, endpoint: str, said: Any = None, method: str = "POST", **headers: str) -> httpx.Response:
        return await self.http.request(
            method,
            f"/api/api/json/stable/{endpoint}",
            content=orjson.dumps(said),
            headers={"X-Auth-Token": self.key, **headers},
        )

    async def ask(self, endpoint: str, said: Any = None, method: str = "POST") -> Any:
        answer = (await self.raw(endpoint, said, method)).json()
        assert answer["errorCode"] is None, answer
        return answer["data"]

    async def refused(self, endpoint: str, said: Any = None) -> tuple[str, int]:
        answer = await self.raw(endpoint, said)
        return answer.json()["errorCode"], answer.status_code

    async def log_in(self, username: str = "anybody") -> None:
        self.key = await self.ask("login-token", {"username": username, "token": "any"})

    async def search(self, **said: Any) -> Any:
        return await self.ask("scene-search", {"datasetName": LANDSAT, **said})


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def asker(clock: Clock) -> AsyncIterator[Asker]:
    found = Asker(create_sandbox(base_url="http://sandbox", clock=clock, staging_seconds=60))
    await found.log_in()
    yield found
    await found.http.aclose()


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
    assert len(await asker.ask("dataset-search", said, method)) == len(sheets())


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


async def options(asker: Asker, dataset: str = LANDSAT, entity_id: str = SCENE) -> Any:
    return await asker.ask("download-options", {"datasetName": dataset, "entityIds": entity_id})


async def test_the_same_files_hang_on_folders_and_bundles_and_the_twins_flip_with_age(asker: Asker) -> None:
    old = {one["productCode"]: one for one in await options(asker)}
    assert {code: one["downloadSystem"] for code, one in old.items()} == {
        "D691": "folder",
        "D693": "folder",
        "D694": "ls_zip",
        "D806": "dds_ms",
    }
    assert len({len(one["secondaryDownloads"]) for one in old.values()}) == 1
    assert (old["D694"]["available"], old["D806"]["available"]) == (True, False)
    newest = (await asker.search(maxResults=1))["results"][0]["entityId"]
    new = {one["productCode"]: one["available"] for one in await options(asker, entity_id=newest)}
    assert (new["D694"], new["D806"]) == (False, True)


async def test_unknown_scenes_are_left_out_silently(asker: Asker) -> None:
    assert await options(asker, entity_id="nothing") is None
    assert len(await options(asker, entity_id=f"nothing,{SCENE}")) == 4


async def minted(asker: Asker, ending: str = "SR_B4.TIF") -> str:
    files = (await options(asker))[0]["secondaryDownloads"]
    wanted = next(one for one in files if one["displayId"].endswith(ending))
    answer = await asker.ask(
        "download-request", {"downloads": [{"entityId": wanted["entityId"], "productId": wanted["id"]}], "label": "x"}
    )
    assert list(answer["newRecords"].values()) == ["x"]
    return str(answer["availableDownloads"][0]["url"])


async def test_a_signed_url_gives_its_file_by_range_and_its_size_is_as_announced(asker: Asker) -> None:
    url = await minted(asker)
    part = await asker.http.get(url, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"II*\0")
    files = (await options(asker))[0]["secondaryDownloads"]
    size = next(one["filesize"] for one in files if one["displayId"].endswith("SR_B4.TIF"))
    assert part.headers["content-range"] == f"bytes 0-3/{size}"
    head = await asker.http.head(url)
    assert head.headers["content-length"] == str(size)
    past = await asker.http.get(url, headers={"Range": f"bytes={size}-"})
    assert past.status_code == 416


async def test_without_a_signature_one_is_sent_to_sign_in_and_a_wrong_or_old_one_is_refused(
    asker: Asker, clock: Clock
) -> None:
    url = await minted(asker)
    bare = await asker.http.get(urlsplit(url).path)
    assert (bare.status_code, bare.headers["location"]) == (302, "http://sandbox/login")
    assert (await asker.http.get(url.replace("SR_B4", "SR_B5"))).status_code == 403
    assert (await asker.http.get(url[:-8] + "AAAAAAA=")).status_code == 403
    clock.now += 3601
    assert (await asker.http.get(url)).status_code == 403


@pytest.mark.parametrize("name", ["SR_B4.TIF.aux.xml", "SR_B4.TIF.ovr", "SR_B4.TIF.msk", "SR_B4.tif"])
async def test_only_exact_names_are_served(asker: Asker, name: str) -> None:
    url = await minted(asker)
    assert (await asker.http.get(url.replace("SR_B4.TIF", name, 1))).status_code in (403, 404)


async def test_a_folder_and_what_is_not_available_fail_with_a_reason(asker: Asker) -> None:
    rows = {one["productCode"]: one for one in await options(asker)}
    for code in ("D691", "D806"):
        asked = {"entityId": SCENE, "productId": rows[code]["id"]}
        answer = await asker.ask("download-request", {"downloads": [asked], "label": "x"})
        assert answer["failed"][0]["errorMessage"]
        assert answer["newRecords"] == []


async def test_a_long_label_is_refused_and_a_missing_one_is_made(asker: Asker) -> None:
    assert (await asker.refused("download-request", {"downloads": [], "label": "x" * 51}))[0] == "INPUT_INVALID"


async def test_a_file_from_tape_is_prepared_and_asking_again_is_a_duplicate_under_the_old_label(
    asker: Asker, clock: Clock
) -> None:
    frame = "DS1117-2086DA007"
    (product,) = await options(asker, "corona2", frame)
    asked = {"downloads": [{"entityId": frame, "productId": product["id"]}]}
    first = await asker.ask("download-request", {**asked, "label": "first"})
    assert "/download-staging/" in first["preparingDownloads"][0]["url"]
    again = await asker.ask("download-request", {**asked, "label": "second"})
    assert list(again["duplicateProducts"].values()) == ["first"]
    assert again["newRecords"] == []
    waiting = await asker.ask("download-retrieve", {"label": "first"})
    assert (len(waiting["available"]), len(waiting["requested"])) == (0, 1)
    clock.now += 61
    ready = await asker.ask("download-retrieve", {"label": "first"})
    answer = await asker.http.get(ready["available"][0]["url"], headers={"Range": "bytes=0-3"})
    assert answer.status_code == 200
    assert answer.headers["accept-ranges"] == "none"
    assert "filename=" in answer.headers["content-disposition"]
    assert answer.headers["content-length"] == str(len(answer.content)) == str(product["filesize"])
    assert (await asker.http.head(ready["available"][0]["url"])).status_code == 405


async def test_what_is_left_of_the_quota_is_told_and_shrinks(asker: Asker) -> None:
    await minted(asker)
    answer = await asker.ask("download-request", {"downloads": [], "label": "x"})
    assert [row["limitType"] for row in answer["remainingLimits"]] == ["user", "ip"]
    assert answer["remainingLimits"][0]["recentDownloadCount"] == 14_999
