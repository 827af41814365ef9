"""Markup in M2M's texts, and addresses that are not of the web, reach no client."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from tests.api.test_fuzzed_upstream import LANDSAT, Odd, use
from tests.support import Here, running

PAYLOADS = [
    "<img src=x onerror=alert(1)>",
    "&lt;img src=x onerror=alert(1)&gt;",
    "&amp;lt;svg/onload=alert(1)&amp;gt;",
    "<<b>script>alert(1)<</b>/script>",
    "[here](javascript:alert(1))",
    "![x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x]: javascript:alert(1)",
]
ADDRESSES = ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "//evil.example/a.jpg", "vbscript:x"]

PEOPLE_READ = {
    *("abstractText", "collectionName", "collectionLongName", "datasetCategoryName", "dataOwner", "keywords"),
    *("messageContent", "subject", "severityText", "message", "messageCode", "fieldLabel", "productName", "value"),
}
"""The members of M2M's answers that hold texts for people."""

_LIVE = re.compile(r"<[a-zA-Z/!?]")
_LINK = re.compile(r"\]\((?!\s*https?://)|^\[[^\]]*\]:", re.MULTILINE)


@dataclass
class Hostile(Odd):
    """The sandbox, with markup in each text for people and with odd addresses of pictures."""

    payload: str = ""
    address: str = ""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        return httpx.Response(200, content=orjson.dumps(self._spoiled(orjson.loads(await response.aread()))))

    def _spoiled(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._spoiled(child, key) for key, child in value.items()}
        if isinstance(value, list):
            return [self._spoiled(child, name) for child in value]
        if isinstance(value, str) and name in PEOPLE_READ and not value[:1].isdigit():
            return f"{value} {self.payload}"
        return self.address if name in ("browsePath", "thumbnailPath", "overlayPath") else value


def texts(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [pair for key, child in value.items() for pair in [("key", key), *texts(child, key)]]
    if isinstance(value, list):
        return [pair for child in value for pair in texts(child, name)]
    return [(name, value)] if isinstance(value, str) else []


async def documents(here: Here) -> list[Any]:
    answers = await use(here)
    for path in (
        f"/collections/{LANDSAT}/queryables",
        "/queryables",
        "/collections/corona2",
        "/collections/corona2/queryables",
    ):
        answers.append(await here.get(path))
    return [answer.json() for answer in answers if "json" in answer.headers.get("content-type", "") and answer.content]


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_no_document_has_markup_however_often_a_client_decodes_it(tmp_path: Path, payload: str) -> None:
    async with running(
        tmp_path, Hostile(payload=payload, address="https://ims.cr.usgs.gov/a.jpg"), notices_ttl=3600
    ) as here:
        found = texts(await documents(here))
    assert len(found) > 1000
    for name, text in found:
        for decoded in (text, html.unescape(text), html.unescape(html.unescape(text))):
            assert not _LIVE.search(decoded), (name, decoded)
            assert not _LINK.search(decoded), (name, decoded)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_every_href_leads_to_the_web(tmp_path: Path, address: str) -> None:
    async with running(tmp_path, Hostile(payload=address, address=address)) as here:
        read = await documents(here)
    found = texts(read)
    items = [item for document in read for item in document.get("features", ())]
    assert items
    assert not any("thumbnail" in item["assets"] for item in items)
    hrefs = [text for name, text in found if name in ("href", "url", "authorizationApi", "documentation")]
    assert len(hrefs) > 100
    assert [href for href in hrefs if not href.startswith(("http://", "https://", "s3://"))] == []
    assert "evil.example" not in {urlsplit(href).hostname for href in hrefs}
