"""Conditional requests for streamed files (RFC 9110 §13), by GET and by HEAD."""

from __future__ import annotations

import pytest

from tests.api.test_assets import LANDSAT, PAGE, SCENE, href_of
from tests.support import Here

OLD, FUTURE = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"If-None-Match": "{etag}"}, 304),
        ({"If-None-Match": 'W/{etag}, "b"'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": FUTURE}, 200),
        ({"If-Modified-Since": "{modified}"}, 304),
        ({"If-Modified-Since": FUTURE}, 304),
        ({"If-Modified-Since": OLD}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Match": "{etag}"}, 200),
        ({"If-Match": '"other", {etag}'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": "W/{etag}"}, 412),
        ({"If-Unmodified-Since": OLD}, 412),
        ({"If-Unmodified-Since": "{modified}"}, 200),
        ({"If-Match": "{etag}", "If-Unmodified-Since": OLD}, 200),
        ({"If-Match": "{etag}", "If-None-Match": "{etag}"}, 304),
    ],
)
async def test_a_condition_decides_whether_the_file_is_sent(
    here: Here, method: str, conditions: dict[str, str], status: int
) -> None:
    href = await href_of(here, "mtl.txt")
    current = (await here.client.head(href, headers=PAGE)).headers
    known = {"etag": current["etag"], "modified": current["last-modified"]}
    headers = {name: value.format_map(known) for name, value in conditions.items()}
    answer = await here.client.request(method, href, headers={**PAGE, **headers})
    assert answer.status_code == status
    if status == 304:
        assert (answer.content, answer.headers["etag"]) == (b"", current["etag"])
        assert answer.headers["cache-control"] == current["cache-control"]
    if status == 412:
        assert method == "HEAD" or answer.json()["code"] == "PreconditionFailed"


async def test_a_condition_precedes_the_range(here: Here) -> None:
    href = await href_of(here)
    etag = (await here.client.head(href)).headers["etag"]
    parts = {**PAGE, "Range": "bytes=0-3"}
    assert (await here.client.get(href, headers={**parts, "If-None-Match": etag})).status_code == 304
    assert (await here.client.get(href, headers={**parts, "If-Match": etag})).status_code == 206


async def test_a_redirect_ignores_conditions(here: Here) -> None:
    href = await href_of(here)
    etag = (await here.client.head(href)).headers["etag"]
    assert (await here.client.get(href, headers={"If-None-Match": etag})).status_code == 302


async def test_several_ranges_are_one_multipart_response(here: Here) -> None:
    href = await href_of(here)
    answer = await here.client.get(href, headers={**PAGE, "Range": "bytes=0-3,100-103"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert int(answer.headers["content-length"]) == len(answer.content) < 1000
    assert f"{LANDSAT}/items/{SCENE}" in href
