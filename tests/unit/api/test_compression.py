"""A response has a coding that the client accepts, and names once what it varies by."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from stac_bridge.api.middleware.compression import CompressPages

CODINGS = ["gzip", "br", "identity", "*", "x-gzip", "GZip", "notgzip", "brx", "deflate", "zstd"]
WEIGHTS = ["", ";q=0", ";q=0.0", "; Q=0.000", ";q=0.001", ";q=0.5", ";q=1", ";q=1.000", ";q=x"]


async def get(accept: list[str], vary: list[str] | None = None, page: Response | None = None) -> httpx.Response:
    """Return a page of this server's middleware; ``vary`` are the page's own Vary headers."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        response = page or Response(b"a page " * 200)
        response.raw_headers += [(b"vary", value.encode()) for value in vary or []]
        await response(scope, receive, send)

    transport = httpx.ASGITransport(CompressPages(app))
    async with httpx.AsyncClient(transport=transport, headers={"Accept-Encoding": ""}) as http:
        http.headers.pop("accept-encoding")
        return await http.get("http://here/", headers=[("Accept-Encoding", value) for value in accept])


def is_accepted(coding: str, members: list[tuple[str, str]]) -> bool:
    """Whether the header has a positive weight for a coding, or for all those that it does not name."""
    weights: dict[str, bool] = {}
    for name, weight in members:
        weights[name.lower().removeprefix("x-")] = not weight or weight.partition("=")[2][0] == "1" or "5" in weight
        weights[name.lower().removeprefix("x-")] |= weight.endswith("001")
    return weights.get(coding, weights.get("*", False))


@given(
    st.lists(
        st.tuples(st.sampled_from(CODINGS), st.sampled_from(WEIGHTS)),
        max_size=5,
        unique_by=lambda m: m[0].lower().removeprefix("x-"),
    )
)
async def test_a_coding_is_used_only_if_the_client_accepts_it(members: list[tuple[str, str]]) -> None:
    response = await get([", ".join(name + weight for name, weight in members)])
    coding = response.headers.get("content-encoding")
    assert coding is None or is_accepted(coding, members)
    if any(is_accepted(name, members) for name in ("br", "gzip")) and not is_accepted("identity", members):
        assert coding is not None
    assert response.content == b"a page " * 200


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (["gzip;q=0"], None),
        (["br;q=0"], None),
        (["notgzip"], None),
        (["br;q=0.1, gzip;q=0.9"], "gzip"),
        (["gzip", "br"], "br"),
        (["gzip;q=0", "br"], "br"),
        (["identity, gzip;q=0.5"], None),
        (["*;q=0"], None),
        (["identity;q=0, *;q=0"], None),
        ([], None),
    ],
)
async def test_the_coding_is_the_one_that_the_client_prefers(accept: list[str], coding: str | None) -> None:
    assert (await get(accept)).headers.get("content-encoding") == coding


@given(st.lists(st.sampled_from(["Accept", "Accept-Encoding", "accept-encoding, Origin", "ORIGIN,, Accept"])))
async def test_vary_has_each_name_once(vary: list[str]) -> None:
    for accept in ("br", "gzip", "identity"):
        response = await get([accept], vary)
        names = [name.strip().lower() for name in response.headers["vary"].split(",")]
        assert sorted(names) == sorted(
            {name for value in vary for name in value.lower().replace(" ", "").split(",") if name} | {"accept-encoding"}
        )


@pytest.mark.parametrize("coding", ["br", "gzip", "identity;q=0, br", "identity;q=0, gzip"])
@pytest.mark.parametrize(
    ("status", "media_type", "content"),
    [
        (206, "text/plain", b"part of a file " * 100),
        (200, "image/jpeg", b"a picture " * 100),
        (200, "font/woff2", b"a font " * 100),
        (304, None, b""),
        (204, None, b""),
    ],
)
async def test_parts_pictures_and_empty_responses_have_no_coding(
    coding: str, status: int, media_type: str | None, content: bytes
) -> None:
    response = await get([coding], page=Response(content, status, media_type=media_type))
    assert "content-encoding" not in response.headers
    assert response.content == content
    assert response.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("coding", ["br", "gzip"])
async def test_a_short_page_is_compressed_only_if_the_client_refuses_it_as_it_is(coding: str) -> None:
    for accept, expected in ((coding, None), (f"{coding}, identity;q=0", coding), (f"{coding}, *;q=0", coding)):
        response = await get([accept], page=Response(b"short"))
        assert (response.headers.get("content-encoding"), response.content) == (expected, b"short")


@pytest.mark.parametrize(("tag", "weak"), [('"a"', 'W/"a"'), ('W/"a"', 'W/"a"')])
async def test_two_codings_of_a_page_have_no_strong_tag_in_common(tag: str, weak: str) -> None:
    for accept, expected in (("br", weak), ("gzip", weak), ("identity", tag)):
        response = await get([accept], page=Response(b"a page " * 200, headers={"ETag": tag}))
        assert response.headers["etag"] == expected
