"""Collections follow M2M's list, and what an account may not do is told where it matters."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from tests.support import Here, Script, age_saved_catalog, recorded_data, running, says
from tests.validation import validate

EVENTS = recorded_data("dataset-search__event1058-and-others__1")


def listing(*answers: list[dict[str, Any]]) -> Script:
    """An M2M that lists these datasets, one answer after the other."""
    return Script(
        {
            "login-token": says("key"),
            "permissions": says(["user", "download"]),
            "dataset-search": [says(answer) for answer in answers],
            "dataset-filters": says([]),
            "dataset-download-options": says([]),
            "logout": says(None),
        }
    )


async def titles(here: Here) -> set[str]:
    return {one["title"] for one in (await here.get("/collections")).json()["collections"]}


async def test_collections_change_without_restart_when_m2ms_list_does(tmp_path: Path) -> None:
    async with running(tmp_path, httpx.MockTransport(listing(EVENTS)), catalogs="HDDS") as here:
        assert "Hurricane Katrina, August 2005" in await titles(here)
    (kept,) = tmp_path.rglob("catalog.json")
    age_saved_catalog(kept)

    release = asyncio.Event()
    renamed = {**EVENTS[1], "collectionName": "200508_Hurricane_Renamed", "dateUpdated": "2030-01-01 00:00:00-06"}

    async def later(_request: httpx.Request) -> httpx.Response:
        await release.wait()
        return says([renamed, {"datasetAlias": "brand_new", "datasetId": "5e83d14f2fc39685"}])

    script = listing()
    script._answers["dataset-search"] = [later]
    async with running(tmp_path, httpx.MockTransport(script), catalogs="HDDS") as here:
        assert "Hurricane Katrina, August 2005" in await titles(here)
        release.set()
        for _ in range(200):
            if "Brand New" in await titles(here):
                break
            await asyncio.sleep(0.02)
        assert await titles(here) == {"Hurricane Renamed, August 2005", "Brand New"}
        assert (await here.get(f"/collections/{EVENTS[0]['datasetAlias']}")).status_code == 404


async def test_several_catalog_groups_are_served_together_and_listing_costs_no_call(tmp_path: Path) -> None:
    many = [{**EVENTS[1], "datasetAlias": f"event{number}"} for number in range(1, 900)]
    script = listing([{"datasetAlias": "naip", "datasetId": "1"}], many)
    async with running(tmp_path, httpx.MockTransport(script), catalogs="EE,HDDS") as here:
        await here.get("/collections")
        ids, href = [], "/collections?limit=500"
        while href:
            page = await here.client.get(href)
            assert page.headers["x-m2m-calls"] == "0"
            ids += [one["id"] for one in page.json()["collections"]]
            href = next((link["href"] for link in page.json()["links"] if link["rel"] == "next"), "")
        assert set(ids) == {"naip", *(f"event{number}" for number in range(1, 900))}
        assert [body["catalog"] for name, body in script.asked if name == "dataset-search"] == ["EE", "HDDS"]


async def test_under_an_account_that_only_searches_files_carry_why_they_cannot_be_fetched(tmp_path: Path) -> None:
    async with running(tmp_path, m2m_username="search-only") as here:
        for _ in range(100):
            (item,) = (await here.get("/search", collections="landsat_ot_c2_l2", limit=1)).json()["features"]
            if "m2m:unavailable" in item["assets"]["red"]:
                break
            await asyncio.sleep(0.02)
        assert "may search but not download" in item["assets"]["red"]["m2m:unavailable"]
        assert "m2m:unavailable" not in item["assets"]["thumbnail"]
        validate(item)
        (naip,) = (await here.get("/search", collections="naip", limit=1)).json()["features"]
        assert naip["properties"]["m2m:dataset"] == "naip"
