"""Headers that limit what a browser does with a response."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.responses import Response

from stac_bridge.api.middleware.security_headers import SecurityHeaders
from stac_bridge.api.page_policy import PAGE_POLICY

PAGE, FILE = "/search", "/collections/naip/items/a/assets/image/a.html"


async def headers_of(path: str, response: Response) -> httpx.Headers:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(SecurityHeaders(response)), base_url="http://here"
    ) as http:
        return (await http.get(path)).headers


@pytest.mark.parametrize(
    ("path", "media_type", "has_policy"),
    [
        (PAGE, "application/json", True),
        (PAGE, "text/html", True),
        (PAGE, None, True),
        (FILE, "text/html; charset=utf-8", True),
        (FILE, "Image/SVG+xml", True),
        (FILE, "application/xhtml+xml", True),
        (FILE, "application/vnd.google-earth.kml+xml", True),
        (FILE, "text/xml", True),
        (FILE, "image/tiff; application=geotiff", False),
        (FILE, "application/pdf", False),
        (FILE, None, False),
    ],
)
async def test_what_may_run_scripts_has_a_policy(path: str, media_type: str | None, has_policy: bool) -> None:
    headers = await headers_of(path, Response(b"a", media_type=media_type))
    assert headers["x-content-type-options"] == "nosniff"
    assert headers.get("content-security-policy") == (PAGE_POLICY if has_policy else None)


async def test_a_page_keeps_its_own_policy() -> None:
    own: dict[str, Any] = {"Content-Security-Policy": "script-src 'self'"}
    assert (await headers_of(PAGE, Response(b"a", headers=own)))["content-security-policy"] == "script-src 'self'"
