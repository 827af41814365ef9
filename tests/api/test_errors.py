"""Bad questions and upstream trouble: one shape, and a sentence that says what to change or when to come back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import Here, Script, fails, running, says

LANDSAT = "landsat_ot_c2_l2"


def check(answer: httpx.Response, status: int, told: str = "") -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["access-control-allow-origin"] == "*"
    said: dict[str, Any] = answer.json()
    assert said["status"] == status
    assert said["code"]
    assert said["description"] == said["detail"]
    assert told in said["detail"]
    return said


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"bbox": "1,2,3"}, "west,south,east,north"),
        ({"bbox": "100,1,105,0"}, "south"),
        ({"bbox": "1,2,3,4", "intersects": '{"type":"Point","coordinates":[1,2]}'}, "not both"),
        ({"intersects": "nonsense"}, "JSON"),
        ({"datetime": "2020-01-01"}, "RFC 3339"),
        ({"limit": "0"}, "from 1 to 1000"),
        ({"limit": "many"}, "from 1 to 1000"),
        ({"token": "garbage"}, "next link"),
        ({"bogus": "1"}, "no search parameter"),
        ({"datetime": "1985-04-12T23:20:50,52Z"}, "RFC 3339"),
    ],
)
async def test_a_bad_get_is_a_400_that_says_what_to_change(here: Here, params: dict[str, str], told: str) -> None:
    check(await here.get("/search", **{"collections": LANDSAT, **params}), 400, told)


@pytest.mark.parametrize(
    "body",
    [b"[1]", b'"x"', b"7", b"null", b"{", b"", b'{"collections": ["naip"], "bbox": "here"}', b'{"limit": []}'],
    ids=repr,
)
@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
async def test_a_bad_post_is_a_400_whatever_its_body(here: Here, body: bytes, content_type: str) -> None:
    answer = await here.client.post("/search", content=body, headers={"Content-Type": content_type})
    check(answer, 400)


async def test_a_parameter_given_twice_is_told(here: Here) -> None:
    check(await here.client.get(f"/search?collections={LANDSAT}&limit=1&limit=2"), 400, "twice")
    both = await here.client.get("/search?collections=naip&collections=corona2&limit=1")
    assert both.status_code == 200


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/collections/nothing", "/collections"),
        ("/collections/nothing/items", "/collections"),
        ("/collections/nothing/items/nothing", "/collections"),
        (f"/collections/{LANDSAT}/items/nothing", "has no item"),
        ("/search?collections=nothing", "/collections"),
        ("/nowhere", "Nothing is at this URL"),
    ],
)
async def test_what_is_not_there_is_a_404(here: Here, path: str, told: str) -> None:
    check(await here.client.get(path), 404, told)


async def test_items_of_a_collection_may_name_it_again_but_no_other(here: Here) -> None:
    path = f"/collections/{LANDSAT}/items"
    assert (await here.get(path, collections=LANDSAT, limit=1)).status_code == 200
    check(await here.get(path, collections="naip", limit=1), 400, "another collection")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/collections", {"GET", "HEAD"}),
        ("PUT", "/search", {"GET", "HEAD", "POST"}),
        ("PATCH", "/sign", {"GET", "HEAD", "POST"}),
        ("POST", f"/collections/{LANDSAT}/items", {"GET", "HEAD"}),
        ("POST", "/api.html", {"GET", "HEAD"}),
    ],
)
async def test_a_method_that_is_not_taken_is_a_405_that_names_those_that_are(
    here: Here, method: str, path: str, allowed: set[str]
) -> None:
    answer = await here.client.request(method, path)
    check(answer, 405, "method")
    assert set(answer.headers["allow"].split(", ")) == allowed


async def test_a_body_that_is_not_called_json_is_refused_with_the_header_to_send(here: Here) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}  # as curl --data sends it
    answer = await here.client.post("/search", content=b'{"limit": 1}', headers=form)
    check(answer, 400, "Content-Type: application/json")


async def test_a_token_of_another_search_is_refused(here: Here) -> None:
    page = (await here.get("/search", collections=LANDSAT, limit=1)).json()
    token = next(link["href"] for link in page["links"] if link["rel"] == "next").rpartition("token=")[2]
    check(await here.get("/search", collections="naip", token=token), 400, "not of this search")


async def test_wrong_credentials_are_a_502_and_the_log_says_so_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, m2m_token="wrong") as here:
        said = check(await here.get("/collections"), 502, "username or token")
        assert said["upstream_code"] == "AUTH_INVALID"
        check(await here.get("/search", collections=LANDSAT), 502)
    assert "USGS refuses the M2M account" in caplog.text


DOWN = {
    "refused": httpx.ConnectError("refused"),
    "maintenance": httpx.Response(200, text="<html>Scheduled maintenance</html>"),
    "bad gateway": httpx.Response(502, text="Bad Gateway"),
    "busy": fails("RATE_LIMIT", status=500),
}


@pytest.mark.parametrize("trouble", DOWN.values(), ids=DOWN)
async def test_m2m_down_is_a_503_with_retry_after_in_time(tmp_path: Path, trouble: Any) -> None:
    script = httpx.MockTransport(Script({"login-token": trouble}))
    begun = time.monotonic()
    async with running(tmp_path, script, m2m_timeout=0.5) as here:
        for path in ("/collections", f"/search?collections={LANDSAT}", f"/collections/{LANDSAT}"):
            answer = await here.client.get(path)
            check(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
        assert (await here.client.get("/")).status_code == 200
    assert time.monotonic() - begun < 3 * 3 * 0.5 + 2


async def test_m2m_that_hangs_is_a_504_within_three_times_the_limit(tmp_path: Path) -> None:
    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return says(None)

    async with running(tmp_path, httpx.MockTransport(Script({"login-token": hang})), m2m_timeout=1) as here:
        begun = time.monotonic()
        answer = await here.get("/search", collections=LANDSAT)
        assert answer.status_code in (503, 504)
        assert int(answer.headers["retry-after"]) > 0
        assert time.monotonic() - begun < 3


async def test_collections_still_answer_from_the_kept_catalogue_when_m2m_is_down(tmp_path: Path) -> None:
    async with running(tmp_path) as here:
        before = (await here.get(f"/collections/{LANDSAT}")).json()
        listed = (await here.get("/collections")).json()["numberReturned"]
    script = httpx.MockTransport(Script({"login-token": httpx.ConnectError("refused")}))
    async with running(tmp_path, script, m2m_timeout=0.5) as here:
        assert (await here.get(f"/collections/{LANDSAT}")).json() == before
        assert (await here.get("/collections")).json()["numberReturned"] == listed
        check(await here.get("/search", collections=LANDSAT), 503)


async def test_a_fault_of_our_own_is_a_500_without_details_and_with_cors(
    here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_scope: Any, _receive: Any, _send: Any) -> None:
        raise ZeroDivisionError("secret inner detail")

    here.app.mount("/broken", broken)
    said = check(await here.get("/broken/at-all"), 500)
    assert "secret" not in said["detail"]
    assert "secret inner detail" in caplog.text


async def test_a_search_only_account_can_search_and_is_told_why_it_cannot_download(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, m2m_username="search-only") as here:
        page = (await here.get("/search", collections=LANDSAT, limit=1)).raise_for_status().json()
        assert (await here.get("/search", collections="naip", limit=1)).status_code == 200
        check(await here.client.get(page["features"][0]["assets"]["red"]["href"]), 502, "MACHINE role")
    assert "may search but not download" in caplog.text
