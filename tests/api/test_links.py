"""Every URL that leaves the server has its public address, and leads to what it names."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from stac_bridge.api.links import encode_query
from tests.support import Here, running

PUBLIC = "https://stac.example/usgs/"
LANDSAT, FILM = "landsat_ot_c2_l2", "d183_standard_format"
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"
HOSTILE = ["evil.example", "evil.example:8000", "evil.example/x", 'evil.example"><b>', "evil.example@here", ""]

GETS = [
    "/",
    "/?f=json",
    "/conformance",
    "/collections?limit=2",
    "/collections?q=elevation&limit=1",
    "/collections/",
    f"/collections/{LANDSAT}",
    f"/collections/{LANDSAT}/",
    f"/collections/{LANDSAT}/items?limit=1",
    f"/collections/{LANDSAT}/items/?limit=1",
    f"/collections/{LANDSAT}/queryables",
    f"/collections/{LANDSAT}/sortables",
    "/collections/nothing",
    f"/collections/{LANDSAT}/items/nothing",
    "/search?collections=naip&limit=1",
    "/search/?collections=naip&limit=1",
    "/search?collections=srtm_v3&filter=id%20LIKE%20'%25W999%25'",
    "/search?bbox=1",
    "/explain?collections=naip",
    "/queryables",
    "/queryables/",
    "/queryables?collections=naip,corona2",
    "/sortables",
    "/collections-queryables",
    "/collections-sortables",
    "/sign",
    "/sign/",
    "/sign?href=https://elsewhere.example/a",
    "/api",
    "/api/",
    "/api.html",
    "/api.html/",
    "/browser",
    "/browser/",
    "/browser/js",
    "/browser/config.js",
    "/browser/nothing",
    "/pictures",
    "/problems/search-too-wide",
    "/extensions/m2m/v1.0.0/schema.json",
    "/_mgmt/ping",
    "/_mgmt/ping/",
    "/_mgmt/health",
    "/_mgmt/metrics",
    "/nothing",
    "//evil.example/",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/api.html/oauth2-redirect",
]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A browser in miniature."""
    folder = tmp_path / "browser"
    (folder / "js").mkdir(parents=True)
    (folder / "index.html").write_text("<title>STAC Browser</title>")
    return folder


@pytest.fixture
async def public(tmp_path: Path, built: Path) -> AsyncIterator[Here]:
    """A server with a public address below a prefix, behind no trusted proxy, whose M2M prepares films for minutes."""
    settings: dict[str, Any] = {"public_url": PUBLIC, "delivery": "stream"}
    async with running(tmp_path / "data", browser=built, staging_seconds=300, **settings) as here:
        yield here


def local(href: str) -> str:
    """What the proxy requests for a public URL."""
    assert href.startswith(PUBLIC), href
    return href.replace(PUBLIC, "http://here/", 1)


def parts_of(response: httpx.Response) -> str:
    """The headers and the body."""
    return "\n".join([*(f"{name}: {value}" for name, value in response.headers.items()), response.text])


async def responses(here: Here, host: str) -> AsyncIterator[tuple[str, httpx.Response]]:
    """All kinds of responses to a client that sends a hostile Host."""
    told = {
        "Host": host,
        "X-Forwarded-Host": host,
        "Forwarded": f'host="{host}"',
        "X-Forwarded-Prefix": f"/{host}",
    }
    for path in GETS:
        for accept in ("*/*", PAGE):
            request = here.client.build_request("GET", f"http://here{path}", headers={**told, "Accept": accept})
            yield f"GET {path}", await here.client.send(request)
    for path in ("/search", "/search/", "/sign", "/explain", "/collections"):
        yield f"POST {path}", await here.client.post(path, json={"collections": ["naip"], "limit": 1}, headers=told)
    for path in ("/", "/search?collections=naip&limit=1", "/browser", "/search/"):
        yield f"HEAD {path}", await here.client.head(path, headers=told)
        yield f"OPTIONS {path}", await here.client.options(path, headers=told)
        yield f"DELETE {path}", await here.client.delete(path, headers=told)
    item = (await here.client.get("/collections/corona2/items/DS1117-2086DA007", headers=told)).json()
    href = local(item["assets"][FILM]["href"])
    for accept in ("*/*", PAGE, "application/json"):
        yield "a film", await here.client.get(href, headers={**told, "Accept": accept})
    yield "a forged film", await here.client.get(f"{href}x", headers={**told, "Accept": PAGE})
    yield "an Item signed", await here.client.post("/sign", json=item, headers=told)
    yield "an href signed", await here.client.post("/sign", json={"href": item["assets"][FILM]["href"]}, headers=told)


async def test_no_host_of_a_client_reaches_a_response(public: Here) -> None:
    count = 0
    async for name, response in responses(public, "evil.example"):
        count += 1
        text = parts_of(response).replace("//evil.example/", "", 1) if "//evil" in name else parts_of(response)
        assert "evil.example" not in text, name
        assert "http://here" not in text, name
        assert response.headers["x-content-type-options"] == "nosniff", name
        if response.headers.get("content-type", "").startswith("text/html"):
            assert response.headers["content-security-policy"].startswith("default-src 'none'; "), name
        if "location" in response.headers:
            assert response.headers["location"].startswith(PUBLIC), name
    assert count > 100


@pytest.mark.parametrize("host", HOSTILE)
async def test_a_redirect_of_a_slash_leads_to_the_public_address(public: Here, host: str) -> None:
    for path, target in (
        ("/search/?collections=naip&limit=1", "search?collections=naip&limit=1"),
        ("/collections/", "collections"),
        ("/browser", "browser/"),
        ("/api/", "api"),
        (f"/collections/{LANDSAT}/items/?limit=1", f"collections/{LANDSAT}/items?limit=1"),
    ):
        response = await public.client.get(path, headers={"Host": host})
        assert (response.status_code, response.headers["location"]) == (307, f"{PUBLIC}{target}")
        followed = await public.client.get(local(response.headers["location"]))
        assert followed.status_code == 200


@pytest.mark.parametrize("host", HOSTILE[2:])
async def test_without_a_public_address_a_host_that_is_no_name_is_not_repeated(here: Here, host: str) -> None:
    for path in ("/", "/search/", "/browser", "/api", "/api.html"):
        response = await here.client.get(path, headers={"Host": host})
        assert "evil" not in parts_of(response)
        assert response.status_code < 400


async def test_the_documents_of_the_api_name_its_public_address(public: Here) -> None:
    document = (await public.get("/api")).json()
    assert document["servers"] == [{"url": PUBLIC.rstrip("/")}]
    page = (await public.get("/api.html")).text
    assert f'url: "{PUBLIC}api"' in page


def links_of(document: Any) -> list[dict[str, Any]]:
    """All links of a document and of the objects in it."""
    if isinstance(document, list):
        return [link for part in document for link in links_of(part)]
    if not isinstance(document, dict):
        return []
    own = document.get("links", [])
    return [*own, *(link for name, part in document.items() if name != "links" for link in links_of(part))]


async def test_each_link_of_a_document_leads_to_something(public: Here) -> None:
    seen: set[str] = set()
    for path in GETS:
        response = await public.client.get(path)
        if "json" not in response.headers.get("content-type", "") or "/api" in path:
            continue
        for link in links_of(response.json()):
            if link["rel"] in ("sign", "search") or not link["href"].startswith("https://stac.example"):
                continue
            if link["href"] not in seen:
                seen.add(link["href"])
                followed = await public.client.get(local(link["href"]))
                is_too_wide = followed.status_code == 504 and link["rel"] in ("self", "next")
                assert followed.status_code == 200 or is_too_wide, link
    assert len(seen) > 20


def corners(count: int) -> str:
    """A polygon with about this number of corners, near Geneva."""
    west, south, size = 6.0, 46.0, 0.5
    upper = [[west + size * step / count, south + size + (step % 2) / 1000] for step in range(count)]
    ring = [[west, south], *upper, [west + size, south], [west, south]]
    return orjson.dumps({"type": "Polygon", "coordinates": [ring]}).decode()


LONG = {
    "a polygon of 1,300 corners": {"collections": LANDSAT, "intersects": corners(650)},
    "a thousand ids": {"collections": "naip", "ids": ",".join(f"m_{number:07}_nw_15_1" for number in range(1000))},
    "a long filter": {
        "collections": LANDSAT,
        "filter": " OR ".join(f'"eo:cloud_cover" < {number}.5' for number in range(250)),
    },
    "a long query": {"collections": LANDSAT, "query": '{"eo:cloud_cover": {"lt": 50' + " " * 9_000 + "}}"},
    "many fields": {"collections": LANDSAT, "fields": ",".join(f"properties.a{number}" for number in range(900))},
    "a repeated collection": {"collections": ",".join([LANDSAT] * 600)},
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("encoding", ["all", "none"])
async def test_self_and_next_of_a_request_as_long_as_possible_are_followable(
    tmp_path: Path, name: str, encoding: str
) -> None:
    params = {"limit": "1", **LONG[name]}
    query = str(httpx.QueryParams(params)) if encoding == "all" else "&".join(f"{k}={v}" for k, v in params.items())
    url = httpx.URL(f"http://here/search?{query}")
    longest = len("/search") + len(encode_query(url.query))
    async with running(tmp_path, max_url=longest, public_url=PUBLIC) as here:
        page = await here.client.get(url)
        assert page.status_code == 200, page.text
        links = {link["rel"]: link["href"] for link in page.json()["links"]}
        assert ("next" in links) == (name != "a thousand ids")
        for rel in {"self", "next"} & set(links):
            assert (await here.client.get(local(links[rel]))).status_code == 200, rel


async def test_next_of_a_long_collection_search_is_followable(tmp_path: Path) -> None:
    query = f"limit=1&q={','.join(['landsat'] * 140)}"
    async with running(tmp_path, max_url=len("/collections") + len(query)) as here:
        links = (await here.client.get(f"/collections?{query}")).raise_for_status().json()["links"]
        following = next(link["href"] for link in links if link["rel"] == "next")
        second = (await here.client.get(following)).raise_for_status().json()
    assert len(second["collections"]) == 1


async def test_a_parameter_that_is_repeated_stays_so_in_links(here: Here) -> None:
    page = (await here.client.get("/search?collections=naip&limit=1&collections=corona2")).json()
    links = {link["rel"]: link["href"] for link in page["links"]}
    assert links["self"] == "http://here/search?collections=naip&limit=1&collections=corona2"
    assert re.fullmatch(r"http://here/search\?collections=naip&limit=1&collections=corona2&token=[\w-]+", links["next"])
