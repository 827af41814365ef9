"""What USGS tells its users stands where they look, and costs nobody who asks anything."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx

from tests.support import Here, Script, fails, running, says

NOTICE = {"subject": "Maintenance", "messageContent": "Down on<br>Wednesday.", "severityText": "Informational"}


async def landing(here: Here) -> dict[str, Any]:
    """The landing page, once USGS's notices are there."""
    for _ in range(200):
        said: dict[str, Any] = (await here.get("/")).json()
        if "m2m:notifications" in said:
            return said
        await asyncio.sleep(0.05)
    raise AssertionError(here.sandbox.calls)


async def test_notices_stand_on_the_landing_page_and_messages_on_collections(tmp_path: Path) -> None:
    async with running(tmp_path, notices_ttl=3600) as here:
        (notice,) = (await landing(here))["m2m:notifications"]
        assert notice["severity"] == "Informational"
        assert "<" not in notice["text"]
        film = (await here.get("/collections/corona2")).json()
        assert film["m2m:messages"][0]["text"] == "Frames are staged before they can be fetched."
        union = (await here.get("/collections/landsat-c2-l2")).json()
        assert {one["dataset"] for one in union["m2m:messages"]} == {"landsat_ot_c2_l2"}
        assert any("/m2m/" in one for one in union["stac_extensions"])
        assert "m2m:messages" not in (await here.get("/collections/naip")).json()
        listed = (await here.get("/collections")).json()["collections"]
        assert [one["m2m:messages"] for one in listed if one["id"] == "corona2"] == [film["m2m:messages"]]


async def test_notices_are_asked_for_once_and_after_the_list_of_datasets(tmp_path: Path) -> None:
    async with running(tmp_path, notices_ttl=3600) as here:
        await landing(here)
        answers = [await here.get("/") for _ in range(3)]
        calls = here.sandbox.calls
        assert (calls.count("notifications"), calls.count("dataset-messages")) == (1, 1)
        assert calls.index("dataset-search") < calls.index("notifications")
        assert [one.headers["x-m2m-calls"] for one in answers] == ["0", "0", "0"]


async def test_a_notice_that_cannot_be_asked_for_is_no_trouble(tmp_path: Path) -> None:
    answers = {
        "login-token": says("key"),
        "permissions": says(["user"]),
        "dataset-search": says([{"datasetAlias": "one", "datasetId": "5e83d14f2fc39685"}]),
        "notifications": says([NOTICE]),
        "dataset-messages": fails("SERVER_ERROR"),
    }
    script = Script(answers)
    async with running(tmp_path, transport=httpx.MockTransport(script), notices_ttl=3600) as here:
        (notice,) = (await landing(here))["m2m:notifications"]
        assert notice["text"] == "Down on\nWednesday."
        assert (await here.get("/_mgmt/health")).json()["status"] == "ok"
