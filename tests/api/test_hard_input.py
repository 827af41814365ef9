"""Input that Python can hold but JSON, CQL2 or an HTTP header cannot: a 400 that says what to change, never a 500."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from stac_bridge.m2m.session import Backoff
from tests.support import Here, Script, fails, running, says

LANDSAT = "landsat_ot_c2_l2"
JSON = {"content-type": "application/json"}
DIGITS = "9" * 5000

REFUSED_BODIES = {
    "a lone surrogate in an id": b'{"collections": ["%b"], "ids": ["\\ud800"]}' % LANDSAT.encode(),
    "a lone surrogate in a collection": b'{"collections": ["\\udfff"]}',
    "a lone surrogate in a name": b'{"query": {"\\ud800": {"eq": 1}}}',
    "a lone surrogate in a filter": b'{"filter": {"op": "=", "args": [{"property": "id"}, "\\ud800"]}}',
    "a lone surrogate in a token": b'{"token": "\\ud800"}',
    "a limit of thousands of digits": b'{"limit": %b}' % DIGITS.encode(),
    "a query value of thousands of digits": b'{"query": {"eo:cloud_cover": {"lt": %b}}}' % DIGITS.encode(),
    "a number that is none": b'{"bbox": [NaN, 0, 1, 1]}',
    "an infinite number": b'{"query": {"eo:cloud_cover": {"lt": Infinity}}}',
    "no JSON": b"{",
    "text that is not UTF-8": b'{"ids": ["\xff"]}',
}


@pytest.mark.parametrize("path", ["/search", "/explain"])
async def test_a_body_that_json_cannot_carry_is_refused_with_the_reason(here: Here, path: str) -> None:
    for name, body in REFUSED_BODIES.items():
        answer = await here.client.post(path, content=body, headers=JSON)
        assert answer.status_code == 400, name
        assert "JSON decode error" in answer.json()["detail"], name


async def test_a_limit_beyond_64_bits_is_served_as_the_maximum(here: Here) -> None:
    where = b'"collections": ["landsat_ot_c2_l2"], "datetime": "2024-07-01T00:00:00Z/2024-07-01T00:30:00Z"'
    for path in ("/search", "/explain"):
        large, maximum = [
            await here.client.post(path, content=b'{%b, "limit": %b}' % (where, limit), headers=JSON)
            for limit in (b"99999999999999999999999", b"1000")
        ]
        assert large.status_code == maximum.status_code == 200
        assert large.json().get("features") == maximum.json().get("features")


AT_ONCE = Backoff(attempts=2, first_wait=0.01, max_wait=0.02)
HUGE = [10**23, -(10**300), 2**64]


async def test_numbers_beyond_64_bits_are_compared_and_match_nothing(here: Here) -> None:
    compared = '{"op": "%s", "args": [{"property": "%s"}, %s]}'
    for name in ("eo:cloud_cover", "landsat:wrs_path", "view:sun_elevation"):
        for number in HUGE:
            for condition in (
                f'"query": {{"{name}": {{"eq": {number}}}}}',
                '"filter": ' + compared % ("=", name, number),
                '"filter": ' + compared % (">", name, abs(number)),
            ):
                body = f'{{"collections": ["{LANDSAT}"], "limit": 1, "datetime": "2024-07-01T00:00:00Z", {condition}}}'
                answer = await here.client.post("/search", content=body, headers=JSON)
                # text of digits, such as a path, is longer than any path, and so is no number
                assert answer.status_code == 200, (body, answer.text)
                assert answer.json()["features"] == [], body


@pytest.mark.parametrize(
    ("filter_", "reason"),
    [
        ("S_INTERSECTS(geometry,POINT EMPTY)", "empty geometry"),
        ("S_INTERSECTS(geometry,POLYGON EMPTY)", "empty geometry"),
        ("S_WITHIN(geometry,MULTIPOLYGON EMPTY)", "empty geometry"),
        ("S_INTERSECTS(geometry,GEOMETRYCOLLECTION EMPTY)", "empty geometry"),
        (f'"eo:cloud_cover" < {DIGITS[:400]}', "too large"),
        ('"eo:cloud_cover" < 1e400', "too large"),
        ('"m2m:data_type_l1" = 1e400', "too large"),
    ],
)
async def test_a_filter_whose_values_do_not_exist_is_refused_in_words(here: Here, filter_: str, reason: str) -> None:
    for path in ("/search", "/explain", f"/collections/{LANDSAT}/items"):
        answer = await here.get(path, filter=filter_)
        assert answer.status_code == 400, answer.text
        assert reason in answer.json()["detail"]
    assert (await here.get("/collections", filter=filter_)).status_code == 400


@pytest.mark.parametrize(
    "params",
    [
        {"bbox": f"0,0,1,{DIGITS}"},
        {"query": f'{{"eo:cloud_cover": {{"lt": {DIGITS}}}}}'},
        {"query": '{"eo:cloud_cover": {"lt": "\\ud800"}}'},
        {"intersects": '{"type": "Point", "coordinates": [\\ud800, 1]}'},
        {"intersects": f'{{"type": "Point", "coordinates": [{DIGITS}, 1]}}'},
        {"filter": '{"op": "=", "args": [{"property": "id"}, "\\ud800"]}'},
        {"token": "\ufffd"},
    ],
)
async def test_a_get_with_such_values_is_refused(here: Here, params: dict[str, str]) -> None:
    answer = await here.get("/search", **params)
    assert answer.status_code == 400, answer.text


async def test_bytes_in_an_address_that_are_not_utf_8_are_refused_or_found_nowhere(here: Here) -> None:
    assert (await here.client.get("/search?ids=%ff&collections=landsat_ot_c2_l2")).json()["features"] == []
    assert (await here.client.get("/search?token=%ff")).status_code == 400
    assert (await here.client.get("/collections/%ff")).status_code == 404
    assert (await here.client.get(f"/collections/{LANDSAT}/items/%ff")).status_code == 404


async def href_of_a_file(here: Here) -> str:
    item = (await here.get("/search", collections=LANDSAT, limit=1)).json()["features"][0]
    return str(item["assets"]["mtl.txt"]["href"])


async def test_a_range_of_thousands_of_digits_is_read_as_the_largest(here: Here) -> None:
    href = await href_of_a_file(here)
    for range_, status in (
        (f"bytes=0-{DIGITS}", 206),
        (f"bytes={DIGITS}-", 416),
        (f"bytes=-{DIGITS}", 206),
        (f"bytes={DIGITS}-{DIGITS}", 416),
    ):
        answer = await here.client.get(href, headers={"range": range_, "origin": "http://page.test"})
        assert answer.status_code == status, range_


NOT_TEXT: list[Any] = [{"reason": "x"}, ["x"], 7, True, "\u00e9", ""]


@pytest.mark.parametrize("value", NOT_TEXT)
async def test_an_m2m_error_whose_parts_are_not_text_is_upstream_trouble(tmp_path: Path, value: Any) -> None:
    def error(code: Any, message: Any) -> httpx.Response:
        return httpx.Response(200, json={"requestId": value, "data": None, "errorCode": code, "errorMessage": message})

    for answer in (error(value or "X", "words"), error("DATASET_INVALID", value), error("SERVER_ERROR", value)):
        script = Script({"login-token": says("key"), "dataset-search": answer, "permissions": says([])})
        async with running(tmp_path, httpx.MockTransport(script), backoff=AT_ONCE) as here:
            found = await here.get("/search", collections=LANDSAT)
            assert found.status_code in (502, 503, 504), found.text
            assert found.json()["code"].startswith("Upstream")


@pytest.mark.parametrize("value", [None, 7, {}, "cl\u00e9", "", "a\nb"])
async def test_a_login_that_gives_no_usable_key_is_upstream_trouble(tmp_path: Path, value: Any) -> None:
    script = Script({"login-token": says(value), "dataset-search": fails("UNREACHED")})
    async with running(tmp_path, httpx.MockTransport(script), backoff=AT_ONCE) as here:
        found = await here.get("/search", collections=LANDSAT)
        assert found.status_code == 502, found.text
        assert "dataset-search" not in script.endpoints


HEADERS = {
    "content-type": "image/tiff; name=\u03a9".encode(),
    "etag": '"\u03a9"'.encode(),
    "last-modified": "\u03a9".encode(),
    "content-disposition": 'attachment; filename="\u03a9.tif"'.encode(),
    "content-length": "\u00b2".encode(),
    "x-else": "\u03a9".encode(),
}


@pytest.mark.parametrize("name", HEADERS)
async def test_an_upstream_header_that_is_not_latin_1_is_left_out(tmp_path: Path, name: str) -> None:
    async def odd(_request: httpx.Request) -> httpx.Response:
        usual = {"content-type": b"text/plain", "content-length": b"4"}
        headers = [(key.encode(), value) for key, value in {**usual, name: HEADERS[name]}.items()]
        return httpx.Response(200, headers=headers, content=b"data")

    async with running(tmp_path, downloads=httpx.MockTransport(odd)) as here:
        href = await href_of_a_file(here)
        for method in ("HEAD", "GET"):
            answer = await here.client.request(method, href, headers={"origin": "http://page.test"})
            assert answer.status_code == 200, answer.text
        assert answer.content == b"data"
