"""M2M's answers lose keys, gain some, and change their types: no answer of ours is a 500, none says what is not so."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest

from stac_bridge.m2m.session import Backoff
from stac_bridge.translate.properties.fields import parse_text
from tests.support import ORIGIN, Here, running, sampled

LANDSAT, AERIAL = "landsat_ot_c2_l2", "aerial_combin"
ASKED = {
    LANDSAT: {
        "collections": LANDSAT,
        "bbox": "6,46,8,48",
        "datetime": "2024-07-01T00:00:00Z/2024-07-31T23:59:59Z",
        "limit": 2,
    },
    AERIAL: {"collections": AERIAL, "limit": 2},
}
QUICK = Backoff(attempts=2, first_wait=0.01, max_wait=0.01)
UNKNOWN_TIMES = {"datetime", "start_datetime", "end_datetime"}
"""What is wider, not absent, where M2M does not tell it: an Item has to have times."""

UNKNOWN_LAND_CLOUD = {"landsat:cloud_cover_land": -1}
"""What the extension has for what is not known."""

pytestmark = pytest.mark.parametrize("change", ["missing", "retyped"])


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    async with running(tmp_path, cache_ttl=0, stale_ttl=0, backoff=QUICK) as server:
        yield server


async def keys_of(here: Here, endpoint: str, said: dict[str, Any]) -> list[str]:
    """The keys, at any depth, of what M2M answers."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(here.sandbox), base_url=ORIGIN) as raw:
        place = f"{ORIGIN}/api/api/json/stable/"
        login = await raw.post(f"{place}login-token", json={"username": "raw", "token": "any"})
        answer = await raw.post(
            f"{place}{endpoint}", content=orjson.dumps(said), headers={"X-Auth-Token": login.json()["data"]}
        )
    return sorted(set(keys(answer.json()["data"])))


def keys(said: Any) -> Iterator[str]:
    if isinstance(said, dict):
        yield from said
    for one in said.values() if isinstance(said, dict) else said if isinstance(said, list) else ():
        yield from keys(one)


@pytest.mark.parametrize("dataset", [LANDSAT, AERIAL])
async def test_scenes(here: Here, change: str, dataset: str) -> None:
    right = (await here.get("/search", **ASKED[dataset])).raise_for_status().json()["features"]
    others = await here.get("/search", **{**ASKED[dataset], "limit": 40})
    whole = {item["id"]: item for item in others.raise_for_status().json()["features"]}
    every = await keys_of(here, "scene-search", {"datasetName": dataset, "maxResults": 2, "metadataType": "full"})
    assert {"displayId", "spatialCoverage", "fieldName"} <= set(every)
    for key in every:
        here.sandbox.faults.add({"kind": "drift", change: [key], "on": ["scene-search", "scene-metadata"]})
        page = await here.get("/search", **ASKED[dataset])
        item = await here.get(f"/collections/{dataset}/items/{right[0]['id']}")
        here.sandbox.faults.clear()
        if came(page, key):  # what lost its place or time does not match any more
            for one in page.json()["features"]:
                is_part_of(one, whole[one["id"]], key)
        if came(item, key):
            is_part_of(item.json(), right[0], key)
    assert (await here.get("/search", **ASKED[dataset])).json()["features"] == right


HIGH_RESOLUTION = {"d198_aerial_photo_single_frame_high_resolution_download", "image"}


def came(answer: httpx.Response, key: str) -> bool:
    """Whether there is an answer; what is none says that M2M's has an unknown form."""
    if answer.status_code == 502:
        assert "unknown form" in answer.json()["detail"], key
    else:
        assert answer.status_code == 200, (key, answer.text)
    return answer.is_success


def is_part_of(item: dict[str, Any], whole: dict[str, Any], key: str) -> None:
    """Nothing is said that the whole Item does not say."""
    assert item["id"] == whole["id"], key
    assert item["geometry"] in (whole["geometry"], None), key
    for name, value in item["properties"].items():
        if name not in UNKNOWN_TIMES:
            right = whole["properties"].get(name)
            if name == "title":  # it is made of what is known
                assert set(value.split(", ")) <= set(right.split(", ")), (key, name)
                continue
            rounded = int(right) if name == "eo:cloud_cover" else right  # M2M tells it twice, once in whole percent
            if name.startswith("m2m:") and str(value).startswith("["):
                # a list in place of a text, which no row reads, stays as it is, in the property of its field
                assert parse_text(json.loads(value)[0]) == right or right is None, (key, name)
                continue
            assert value in (right, rounded, UNKNOWN_LAND_CLOUD.get(name)), (key, name)
    for name, asset in item["assets"].items():
        if name in HIGH_RESOLUTION and name not in whole["assets"]:
            continue  # the field that denies this scan is missing
        right = whole["assets"][name]["href"]
        if "&u=" in right:  # the name of a picture depends on the other picture's; its address does not
            assert address_of(asset["href"]) == address_of(right), (key, name)
        else:
            assert asset["href"] == right, (key, name)


def address_of(href: str) -> list[str]:
    return parse_qs(urlsplit(href).query)["u"]


async def test_more_keys_than_are_known_change_nothing(here: Here, change: str) -> None:
    right = await here.get("/search", **ASKED[LANDSAT])
    more = {"kind": "drift", "extra": {"isNew": {"displayId": "other", "totalHits": 1}, "quality": [change]}}
    here.sandbox.faults.add(more)
    assert (await here.get("/search", **ASKED[LANDSAT])).json()["features"] == right.json()["features"]


async def test_the_list_of_datasets(tmp_path: Path, change: str) -> None:
    async with running(tmp_path / "right") as here:
        right = {one["id"] for one in (await here.get("/collections")).json()["collections"]}
        every = await keys_of(here, "dataset-search", {"catalog": "EE"})
    names = {"datasetAlias", "datasetId"}  # without either there is no dataset, and so with no other key
    for some in (["datasetAlias"], ["datasetId"], [key for key in every if key not in names]):
        drift = {"kind": "drift", change: some, "on": ["dataset-search"]}
        async with running(tmp_path / some[0], faults=[drift], backoff=QUICK) as here:
            answer = await here.get("/collections")
        if came(answer, str(some)):
            assert {one["id"] for one in answer.json()["collections"]} == right, some
        else:
            assert set(some) <= names


@pytest.mark.parametrize("endpoint", sampled(["dataset-filters", "dataset-file-groups", "download-request"], 3))
async def test_what_a_file_is_asked_by(tmp_path: Path, change: str, endpoint: str) -> None:
    async with running(tmp_path / "right") as here:
        (item, *_others) = (await here.get("/search", **ASKED[LANDSAT])).json()["features"]
        href, page = item["assets"]["mtl.xml"]["href"], {"Origin": "https://page.example"}
        right = await here.client.get(href, headers=page)
        assert right.status_code == 200
    for key in KEYS[endpoint]:
        drift = {"kind": "drift", change: [key], "on": [endpoint]}
        async with running(tmp_path / key, faults=[drift], backoff=QUICK) as here:
            searched = await here.get("/search", **ASKED[LANDSAT])
            answer = await here.client.get(href, headers=page)
            assert searched.status_code in (200, 502), (key, searched.text)
            assert answer.status_code in (200, 404, 502, 503), (key, answer.text)
            assert answer.content == right.content or answer.headers["content-type"] == "application/problem+json", key


KEYS = {
    "dataset-filters": ["id", "fieldLabel", "searchSql", "fieldConfig", "type", "valueList", "validators"],
    "dataset-file-groups": ["secondary", "fileGroups", "products", "id", "entityId", "label"],
    "download-request": ["availableDownloads", "preparingDownloads", "url", "downloadId", "entityId", "newRecords"],
}
"""The keys of each that are read, and a few that are not."""
