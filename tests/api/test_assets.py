"""Hrefs, from the Item to the bytes."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from stac_bridge.assets import Signer
from tests.support import ORIGIN, Here, running

LANDSAT = "landsat_ot_c2_l2"
SCENE = "LC08_L2SP_196028_20240728_20240807_02_T1"
PAGE = {"Origin": "https://page.example"}
GZIP = b"\x1f\x8b\x08\x08"
"""The first bytes of a gzip file with a name, as that of a film is [REFERENCE §15]."""
MINTING = {"dataset-file-groups", "download-options", "download-request", "download-retrieve"}


async def href_of(here: Here, key: str = "red", collection: str = LANDSAT, item: str = SCENE) -> str:
    found = (await here.get(f"/collections/{collection}/items/{item}")).raise_for_status().json()
    return str(found["assets"][key]["href"])


def minted(here: Here) -> list[str]:
    return [call for call in here.sandbox.calls if call in MINTING]


async def test_searching_mints_nothing_and_shows_no_url_of_m2ms(here: Here) -> None:
    page = await here.get("/search", collections=LANDSAT, limit=5)
    assert minted(here) == []
    assert "requestSignature" not in page.text
    for item in page.json()["features"]:
        for key, asset in item["assets"].items():
            if asset["roles"] not in (["thumbnail"], ["overview"]):
                assert asset["href"].startswith(f"http://here/collections/{LANDSAT}/items/{item['id']}/assets/{key}/")


async def test_an_href_ends_in_the_files_real_name(here: Here) -> None:
    assert urlsplit(await href_of(here)).path.endswith(f"/{SCENE}_SR_B4.TIF")
    assert urlsplit(await href_of(here, "mtl.xml")).path.endswith(f"/{SCENE}_MTL.xml")


async def test_a_reader_is_redirected_to_where_the_bytes_are(here: Here) -> None:
    answer = await here.client.get(await href_of(here))
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{ORIGIN}/data/collection02/")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "Origin, Sec-Fetch-Mode"


async def test_the_first_reader_costs_two_calls_a_second_file_one_and_later_readers_none(here: Here) -> None:
    red, nir = await href_of(here), await href_of(here, "nir08")
    costs = [int((await here.client.get(href)).headers["x-m2m-calls"]) for href in (red, red, nir, nir)]
    assert costs == [2, 0, 1, 0]
    assert minted(here) == ["dataset-file-groups", "download-request", "download-request"]


async def test_readers_who_come_together_share_the_minting(here: Here) -> None:
    href = await href_of(here)
    answers = await asyncio.gather(*(here.client.get(href) for _ in range(20)))
    assert {answer.headers["location"] for answer in answers} == {answers[0].headers["location"]}
    assert minted(here) == ["dataset-file-groups", "download-request"]


async def test_head_is_answered_here_with_the_files_size(here: Here) -> None:
    href = await href_of(here)
    head = await here.client.head(href)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["accept-ranges"] == "bytes"
    assert head.headers["content-type"] == "image/tiff"
    part = await here.client.get(href, headers={**PAGE, "Range": "bytes=0-0"})
    assert head.headers["content-length"] == part.headers["content-range"].rpartition("/")[2]


async def test_pages_are_streamed_to_with_range(here: Here) -> None:
    href = await href_of(here)
    answer = await here.client.get(href, headers={**PAGE, "Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"II*\0")
    assert answer.headers["content-length"] == "4"
    assert answer.headers["content-range"].startswith("bytes 0-3/")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("delivery", "headers", "status"),
    [("redirect", PAGE, 302), ("stream", {}, 206), ("auto", {}, 302), ("auto", PAGE, 206)],
)
async def test_delivery_is_as_it_is_set(tmp_path: Path, delivery: str, headers: dict[str, str], status: int) -> None:
    async with running(tmp_path, delivery=delivery) as here:
        answer = await here.client.get(await href_of(here), headers={**headers, "Range": "bytes=0-3"})
        assert answer.status_code == status
        assert ("vary" in answer.headers) == (delivery == "auto")


async def test_a_range_past_the_end_is_a_416(here: Here) -> None:
    answer = await here.client.get(await href_of(here), headers={**PAGE, "Range": "bytes=999999999999-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"].startswith("bytes */")
    assert answer.headers["cache-control"] == "no-store"


async def test_text_files_come_whole(here: Here) -> None:
    answer = await here.client.get(await href_of(here, "mtl.xml"), headers=PAGE)
    assert answer.status_code == 200
    assert answer.text.startswith("<?xml")
    assert SCENE in answer.text


@pytest.mark.parametrize(
    "change",
    [
        lambda href: href.replace("/assets/red/", "/assets/blue/"),
        lambda href: href.replace("SR_B4", "SR_B2"),
        lambda href: href.replace(f"/items/{SCENE}/", "/items/other/"),
        lambda href: href.replace("/landsat_ot_c2_l2/", "/naip/"),
        lambda href: href + "&more=1",
        lambda href: href.replace("e=1", "e=2"),
        lambda href: href[:-1] + ("A" if href[-1] != "A" else "B"),
        lambda href: href.partition("?")[0],
        lambda href: href.replace("SR_B4.TIF", "SR_B4.TIF.aux.xml"),
    ],
)
async def test_any_change_to_an_href_is_a_403(here: Here, change: Any) -> None:
    answer = await here.client.get(change(await href_of(here)))
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert minted(here) == []


async def test_a_file_from_tape_is_staged_then_spooled_and_served_with_range(here: Here) -> None:
    href = await href_of(here, "d183_standard_format", "corona2", "DS1117-2086DA007")
    staging = await here.client.get(href)
    assert staging.status_code == 503
    assert int(staging.headers["retry-after"]) > 0
    for _ in range(40):
        await asyncio.sleep(0.1)
        part = await here.client.get(href, headers={"Range": "bytes=0-3"})
        if part.status_code != 503:
            break
    assert (part.status_code, part.content) == (206, GZIP)
    whole = await here.client.get(href)
    assert whole.status_code == 200
    assert "requestSignature" not in str(whole.headers)
    tail = await here.client.get(href, headers={"Range": "bytes=-10"})
    assert tail.content == whole.content[-10:]
    head = await here.client.head(href)
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["accept-ranges"] == "bytes"
    assert len([path for path in here.sandbox.downloads if path.startswith("/download/")]) == 2  # the probe, the file


async def test_a_frame_that_can_only_be_ordered_has_no_download(here: Here) -> None:
    item = (await here.get("/collections/corona2/items/DS1117-2086DA001")).json()
    assert set(item["assets"]) == {"thumbnail", "reduced_resolution_browse"}


async def test_a_fresh_scenes_bundle_twin_is_chosen_by_availability(here: Here) -> None:
    days = "2026-10-20T00:00:00Z/2026-10-20T23:59:59Z"
    page = (await here.get("/search", collections=LANDSAT, datetime=days, limit=1)).json()
    answer = await here.client.get(page["features"][0]["assets"]["red"]["href"])
    assert answer.status_code == 302


def place(item: dict[str, Any]) -> tuple[int, int]:
    return int(item["properties"]["landsat:wrs_path"]), int(item["properties"]["landsat:wrs_row"])


async def test_some_of_the_newest_files_are_not_in_the_cloud_yet_and_come_through_the_bridge(here: Here) -> None:
    page = (await here.get("/search", collections=LANDSAT, limit=30)).json()
    item = next(one for one in page["features"] if sum(place(one)) % 8 == 0)
    answer = await here.client.get(item["assets"]["mtl.xml"]["href"])
    for _ in range(40):
        if answer.status_code != 503:
            break
        await asyncio.sleep(0.1)
        answer = await here.client.get(item["assets"]["mtl.xml"]["href"])
    assert answer.status_code == 200
    assert item["id"] in answer.text


async def test_a_warm_asset_asks_nobody(here: Here) -> None:
    """What it costs is printed by ``make bench``."""
    href = await href_of(here)
    await here.client.get(href)
    before = len(here.sandbox.calls), len(here.sandbox.downloads)
    for _ in range(50):
        assert (await here.client.get(href)).status_code == 302
    assert (len(here.sandbox.calls), len(here.sandbox.downloads)) == before


@pytest.mark.parametrize("delivery", ["redirect", "stream"])
async def test_a_download_host_that_hangs_is_a_504_within_three_times_the_limit(tmp_path: Path, delivery: str) -> None:
    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    async with running(tmp_path) as here:
        href = await href_of(here)
    async with running(tmp_path, downloads=httpx.MockTransport(hang), m2m_timeout=0.7, delivery=delivery) as here:
        begun = time.monotonic()
        answer = await here.client.get(href)
        assert answer.status_code == 504
        assert int(answer.headers["retry-after"]) > 0
        assert time.monotonic() - begun < 3 * 0.7


async def test_a_download_host_that_is_not_listed_is_not_asked(tmp_path: Path) -> None:
    async with running(tmp_path) as here:
        href = await href_of(here)
    from m2m_sandbox import create_sandbox

    elsewhere = create_sandbox(base_url="http://elsewhere.test")
    async with running(tmp_path, httpx.ASGITransport(elsewhere)) as here:
        answer = await here.client.get(href)
        assert answer.status_code == 502
        assert "STAC_BRIDGE_DOWNLOAD_HOSTS" in answer.json()["detail"]
        assert elsewhere.downloads == []
    async with running(tmp_path, httpx.ASGITransport(elsewhere), download_hosts="elsewhere.test") as here:
        # listed now, and asked: what answers there does not know the other one's signatures
        assert "did not accept" in (await here.client.get(href)).json()["detail"]


FRAME = "DS1117-2086DA007"


@pytest.mark.parametrize(("collection", "item"), [(LANDSAT, SCENE), ("corona2", FRAME)])
async def test_a_scenes_pictures_have_different_names_and_cost_no_call(here: Here, collection: str, item: str) -> None:
    hrefs = [await href_of(here, key, collection, item) for key in ("thumbnail", "reduced_resolution_browse")]
    paths = [urlsplit(href).path for href in hrefs]
    assert len({path.rpartition("/")[2] for path in paths}) == 2
    assert all(path.endswith((".jpg", ".jpeg")) for path in paths)
    before = list(here.sandbox.calls)
    for href in hrefs:
        picture = await here.client.get(href, headers=PAGE)
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
        assert picture.content.startswith(b"\xff\xd8")
        assert picture.headers["access-control-allow-origin"] == "*"
    assert here.sandbox.calls == before


async def test_the_address_of_a_picture_is_signed(here: Here) -> None:
    href = await href_of(here, "thumbnail")
    other = re.sub("&u=.", lambda match: "&u=a" if match[0] != "&u=a" else "&u=b", href)
    assert other != href
    assert (await here.client.get(other)).status_code == 403


async def test_a_reader_of_a_picture_on_an_unknown_host_is_sent_there(here: Here) -> None:
    make_href = Signer([b"0123456789abcdef0123"], 7 * 86400).href_maker("http://here/", LANDSAT, SCENE, "LC8")
    answer = await here.client.get(make_href("thumbnail", "x.jpg", "https://elsewhere.example/x.jpg"))
    assert (answer.status_code, answer.headers["location"]) == (302, "https://elsewhere.example/x.jpg")
    for address in ("http://elsewhere.example/x.jpg", "http://127.0.0.1/x.jpg", "javascript:alert(1)"):
        assert (await here.client.get(make_href("thumbnail", "x.jpg", address))).status_code == 502


async def test_a_scan_of_film_is_read_as_a_tiff(here: Here) -> None:
    href = await href_of(here, "image", "corona2", FRAME)
    assert urlsplit(href).path.endswith(f"/{FRAME}.tif")
    for _ in range(40):
        part = await here.client.get(href, headers={"Range": "bytes=0-3"})
        if part.status_code != 503:
            break
        await asyncio.sleep(0.1)
    assert (part.status_code, part.content[:2]) == (206, b"II")
