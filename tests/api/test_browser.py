"""People are led to the browser, programs are not; the browser is set to this catalogue, or says why it is missing."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from starlette.applications import Starlette

from stac_bridge.api.routes.browser import CRS, RELOAD, browser_routes
from stac_bridge.settings import Settings
from tests.support import Here, running

PERSON = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def served(folder: Path, **settings: Any) -> httpx.AsyncClient:
    told = Settings(data_dir=folder, **settings)
    app = Starlette(routes=browser_routes(told, "A title", folder))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """What a build leaves, in miniature."""
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "app.1a2b3c4d.js").write_text("1")
    (tmp_path / "index.html").write_text("<title>STAC Browser</title>")
    return tmp_path


@pytest.fixture
async def with_browser(tmp_path: Path, built: Path) -> AsyncIterator[Here]:
    """A server that has a built browser, whatever this checkout has."""
    async with running(tmp_path / "data", browser=built) as here:
        yield here


async def test_a_person_is_led_to_the_browser_and_a_program_is_not(with_browser: Here) -> None:
    here = with_browser
    led = await here.client.get("/", headers={"Accept": PERSON})
    assert (led.status_code, led.headers["location"]) == (303, "http://here/browser/")
    for accept in ("*/*", "application/json", "application/json, text/plain, */*", "text/html;q=0.1,application/json"):
        answer = await here.client.get("/", headers={"Accept": accept})
        assert answer.json()["type"] == "Catalog", accept
        assert "Accept" in answer.headers["vary"].split(", "), "caches between must not mix the two"
    assert led.headers["vary"] == "Accept, Accept-Encoding"


async def test_a_person_can_see_the_json(with_browser: Here) -> None:
    answer = await with_browser.client.get("/", params={"f": "json"}, headers={"Accept": PERSON})
    assert answer.json()["type"] == "Catalog"


@pytest.mark.parametrize("reason", [None, "Node.js could be had neither here nor from PyPI.\n"])
async def test_without_a_browser_a_person_gets_the_landing_page(tmp_path: Path, reason: str | None) -> None:
    folder = tmp_path / "browser"
    folder.mkdir()
    if reason:
        (folder / "missing.txt").write_text(reason)
    async with running(tmp_path / "data", browser=folder) as here:
        page = await here.client.get("/", headers={"Accept": PERSON})
        assert page.status_code == 200
        assert page.json()["type"] == "Catalog"
        assert "Accept" in page.headers["vary"].split(", "), "a cache may keep it past an update that has a browser"
        for link in page.json()["links"]:
            if link.get("method", "GET") == "GET":
                linked = await here.client.get(link["href"], headers={"Accept": PERSON})
                assert linked.status_code == 200, link


async def test_a_person_is_led_to_the_address_that_readers_know(tmp_path: Path, built: Path) -> None:
    async with running(tmp_path, browser=built, public_url="https://stac.example/usgs") as here:
        led = await here.client.get("/", headers={"Accept": PERSON})
    assert led.headers["location"] == "https://stac.example/usgs/browser/"


@pytest.mark.parametrize("public_url", [None, "https://stac.example/usgs"])
async def test_the_browser_is_told_the_root_as_it_calls_itself(
    built: Path, tmp_path: Path, public_url: str | None
) -> None:
    async with running(tmp_path, browser=built, public_url=public_url) as here:
        script = (await here.get("/browser/config.js")).text
        links = (await here.get("/")).json()["links"]
    told = orjson.loads(re.findall(r"^window\.STAC_BROWSER_CONFIG = (.*);$", script, re.MULTILINE)[0])
    assert told["catalogUrl"] == next(link["href"] for link in links if link["rel"] == "self")
    assert told["allowExternalAccess"] is False
    assert told["crs"] == CRS


async def test_the_base_map_is_the_one_of_the_settings(built: Path) -> None:
    async with served(built) as client:
        own = (await client.get("/browser/config.js")).text
    async with served(built, basemap="https://tiles.example/{z}/{x}/{y}.png A <b>company</b>") as client:
        theirs = (await client.get("/browser/config.js")).text
    assert 'STAC_BRIDGE_BASEMAP = {"url":"",' in own
    assert 'STAC_BRIDGE_BASEMAP = {"url":"https://tiles.example/{z}/{x}/{y}.png",' in theirs
    assert "A &lt;b&gt;company&lt;" in theirs
    assert "</" not in theirs, "no setting ends the script"


async def test_files_are_kept_as_long_as_their_names_say(built: Path) -> None:
    async with served(built) as client:
        page, script = await client.get("/browser/"), await client.get("/browser/js/app.1a2b3c4d.js")
        again = await client.get("/browser/", headers={"If-None-Match": page.headers["etag"]})
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-cache")
    assert again.status_code == 304
    assert "immutable" in script.headers["cache-control"]


async def test_a_server_without_the_browser_says_why(tmp_path: Path) -> None:
    (tmp_path / "missing.txt").write_text("Node.js could be had neither here nor from <PyPI>.\n")
    async with served(tmp_path) as client:
        answer = await client.get("/browser/")
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "Node.js could be had neither here nor from &lt;PyPI&gt;." in answer.text


@contextlib.contextmanager
def being_built(folder: Path, step: str) -> Iterator[None]:
    """What browser/build.py does to a folder while it builds."""
    path = folder / "building.txt"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        path.write_text(f"{step}\n")
        yield
    path.unlink()


async def test_a_browser_that_is_being_built_is_a_page_that_reloads(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        with being_built(tmp_path, "npm fetches its <packages>"):
            for path in ("/browser/", "/browser/index.html"):
                answer = await client.get(path)
                assert answer.status_code == 503
                assert answer.headers["cache-control"] == "no-store"
                assert answer.headers["retry-after"] == str(RELOAD)
                assert f'<meta http-equiv="refresh" content="{RELOAD}">' in answer.text
                assert "STAC Browser is being built" in answer.text
                assert "npm fetches its &lt;packages&gt;" in answer.text
        ended = await client.get("/browser/")
    assert "http-equiv" not in ended.text, "there is nothing to wait for"


async def test_a_browser_that_is_built_while_the_server_runs_is_served_from_then_on(tmp_path: Path) -> None:
    folder = tmp_path / "browser"
    async with running(tmp_path / "data", browser=folder) as here:
        before = await here.client.get("/", headers={"Accept": PERSON})
        assert before.json()["type"] == "Catalog"
        folder.mkdir()
        with being_built(folder, "compiling"):
            waits = await here.client.get("/", headers={"Accept": PERSON})
        (folder / "index.html").write_text("<title>STAC Browser</title>")
        page = await here.client.get("/browser/")
        led = await here.client.get("/", headers={"Accept": PERSON})
    assert (waits.status_code, waits.headers["location"]) == (303, "http://here/browser/")
    assert (page.status_code, page.text) == (200, "<title>STAC Browser</title>")
    assert (led.status_code, led.headers["location"]) == (303, "http://here/browser/")


@pytest.mark.parametrize(
    "told",
    [{"Sec-Fetch-Mode": "cors"}, {"Referer": "http://here/browser/"}, {"Origin": "http://elsewhere"}],
    ids=lambda told: next(iter(told)),
)
async def test_a_page_that_reads_a_band_is_streamed_to(here: Here, told: dict[str, str]) -> None:
    (item,) = (await here.get("/search", collections="landsat_ot_c2_l2", limit=1)).json()["features"]
    answer = await here.client.get(item["assets"]["red"]["href"], headers={**told, "Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"II*\0")


async def test_a_person_who_downloads_a_band_is_led_to_usgs(here: Here) -> None:
    (item,) = (await here.get("/search", collections="landsat_ot_c2_l2", limit=1)).json()["features"]
    clicked = {"Sec-Fetch-Mode": "navigate", "Referer": "http://here/browser/"}
    assert (await here.client.get(item["assets"]["red"]["href"], headers=clicked)).status_code == 302


async def test_the_policy_of_the_browser_allows_its_own_inline_script_and_no_other(tmp_path: Path, built: Path) -> None:
    (built / "mitm.html").write_text("<p>saves</p>\n<script>\n  save()\n</script>")
    digest = "'sha256-" + base64.b64encode(hashlib.sha256(b"\n  save()\n").digest()).decode() + "'"
    async with running(tmp_path / "data", browser=built, public_url="https://stac.example/usgs") as here:
        policies = {
            path: (await here.client.get(f"/browser/{path}")).headers["content-security-policy"]
            for path in ("", "mitm.html", "js/app.1a2b3c4d.js")
        }
    assert all("'unsafe-inline'" not in policy.partition("style-src")[0] for policy in policies.values())
    assert {path for path, policy in policies.items() if digest in policy} == {"mitm.html"}
    assert "connect-src 'self' https://stac.example data:;" in policies[""]


@pytest.mark.parametrize(("basemap", "allowed"), [("", False), ("http://tiles.example/{z}/{x}/{y}.png A", True)])
async def test_the_policy_of_the_browser_allows_pictures_over_http_only_for_such_a_base_map(
    built: Path, basemap: str, allowed: bool
) -> None:
    async with served(built, basemap=basemap) as client:
        policy = (await client.get("/browser/")).headers["content-security-policy"]
    assert (" http: " in policy.partition("img-src")[2]) == allowed


async def test_the_page_of_the_openapi_document_runs_the_script_that_its_policy_names(here: Here) -> None:
    page = await here.client.get("/api.html")
    (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.headers["content-security-policy"]
    assert all("integrity=" in tag for tag in re.findall(r"<(?:link|script) [^>]*>", page.text))
