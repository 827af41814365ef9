"""Headers that are true, and the traps of the framework, each closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from stac_bridge.api.links import OPENAPI
from stac_bridge.request_context import current_request
from stac_bridge.search.params.search import PARAMETERS
from tests.support import Here, running

LANDSAT = "landsat_ot_c2_l2"
PAGES = ["/", "/conformance", "/collections", f"/collections/{LANDSAT}", f"/search?collections={LANDSAT}&limit=1"]


async def test_the_landing_page_says_who_it_is_and_leads_on(here: Here) -> None:
    page = (await here.get("/")).json()
    assert (page["id"], page["stac_version"], page["type"]) == ("stac-bridge", "1.1.0", "Catalog")
    for link in page["links"]:
        if link.get("method") != "POST" and link["rel"] != "search":
            answer = await here.client.get(link["href"])
            assert answer.status_code == 200, link
            assert answer.headers["content-type"].replace(" ", "").startswith(link["type"].replace(" ", "")), link
    assert {link.get("method") for link in page["links"] if link["rel"] == "search"} == {"GET", "POST"}


async def test_the_sandbox_is_named_on_the_landing_page_and_in_the_openapi_description(tmp_path: Path) -> None:
    import httpx

    from stac_bridge.cli.commands.serve import build
    from stac_bridge.settings import Settings

    server: Any = build(Settings(data_dir=tmp_path), "127.0.0.1", 8000)
    async with (
        server.router.lifespan_context(server),
        httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://127.0.0.1:8000") as client,
    ):
        assert "sandbox" in (await client.get("/")).json()["description"]
        assert "sandbox" in (await client.get("/api")).json()["info"]["description"]


async def test_conformance_is_the_same_on_both_pages(here: Here) -> None:
    classes = (await here.get("/conformance")).json()["conformsTo"]
    assert classes == (await here.get("/")).json()["conformsTo"]
    assert "https://api.stacspec.org/v1.0.0/item-search" in classes


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_tells_its_cost(here: Here, path: str) -> None:
    answer = await here.client.get(path)
    assert answer.headers["x-m2m-calls"].isdigit()
    assert "m2m;dur=" in answer.headers["server-timing"]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_that_the_reader_has_is_a_304(here: Here, path: str) -> None:
    first = await here.client.get(path)
    again = await here.client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = await here.client.get(path, headers={"If-None-Match": 'W/"other"'})
    assert other.status_code == 200


@pytest.mark.parametrize("path", PAGES)
async def test_head_is_get_without_the_body(here: Here, path: str) -> None:
    got, head = await here.client.get(path), await here.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "etag", "cache-control"):
        assert head.headers.get(name) == got.headers.get(name), name


async def test_answers_are_compressed_for_those_who_ask_and_say_so(here: Here) -> None:
    path = f"/collections/{LANDSAT}"
    small = await here.client.get(path, headers={"Accept-Encoding": "br"})
    plain = await here.client.get(path, headers={"Accept-Encoding": "identity"})
    assert small.headers["content-encoding"] == "br"
    assert int(small.headers.get("content-length", 0)) < int(plain.headers["content-length"]) / 2
    for answer in (small, plain):
        assert "Accept-Encoding" in answer.headers["vary"]
    assert small.json() == plain.json()


async def test_pages_may_be_kept_for_as_long_as_answers_are_reused(tmp_path: Path) -> None:
    for ttl, told in ((17, "public, max-age=17"), (0, "no-cache")):
        async with running(tmp_path, cache_ttl=ttl) as here:
            answer = await here.get("/search", collections=LANDSAT, limit=1)
            assert answer.headers["cache-control"] == told


async def test_an_answer_past_its_time_tells_its_age_and_is_kept_by_nobody(here: Here) -> None:
    def stale(status: int, kept: str) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            current_request().stale_age = 75.9
            await Response(status_code=status, headers={"Cache-Control": kept})(scope, receive, send)

        return app

    for number, (status, before, told) in enumerate(
        [
            (200, "public, max-age=60", "no-cache"),
            (304, "public, max-age=60", "no-cache"),
            (302, "no-store", "no-store"),
        ]
    ):
        here.app.mount(f"/stale{number}", stale(status, before))
        answer = await here.client.get(f"/stale{number}/")
        assert (answer.headers["age"], answer.headers["warning"]) == ("75", '110 - "Response is Stale"')
        assert answer.headers["cache-control"] == told
    here.app.mount("/failed", stale(503, "no-store"))
    assert "age" not in (await here.client.get("/failed/")).headers
    fresh = await here.get("/")
    assert not {"age", "warning"} & set(fresh.headers)
    assert {"Age", "Warning"} <= set(fresh.headers["access-control-expose-headers"].split(", "))


async def test_a_preflight_is_granted_with_any_header_a_page_needs(here: Here) -> None:
    for method, header in (("POST", "authorization, content-type"), ("GET", "range"), ("HEAD", "x-anything")):
        answer = await here.client.options(
            "/search",
            headers={
                "Origin": "https://page.example",
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": header,
            },
        )
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == "*"
        assert method in answer.headers["access-control-allow-methods"]
        assert answer.headers["access-control-allow-headers"] == header


async def test_pages_may_read_the_headers_that_they_need(here: Here) -> None:
    exposed = (await here.get("/")).headers["access-control-expose-headers"]
    for name in ("Content-Range", "Content-Length", "ETag", "Retry-After", "X-M2M-Calls", "Location"):
        assert name in exposed


async def test_forwarded_headers_are_believed_from_nobody(here: Here) -> None:
    evil = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    answer = await here.client.get(f"/search?collections={LANDSAT}&limit=1", headers=evil)
    assert "evil.example" not in answer.text
    assert "http://here/" in answer.text


async def test_the_public_address_stands_in_every_link(tmp_path: Path) -> None:
    async with running(tmp_path, public_url="https://stac.example/usgs") as here:
        for path in PAGES:
            page = (await here.client.get(path)).text
            assert "http://here" not in page
        item = (await here.get("/search", collections=LANDSAT, limit=1)).json()["features"][0]
        assert item["assets"]["red"]["href"].startswith("https://stac.example/usgs/collections/")
        assert item["links"][0]["href"].startswith("https://stac.example/usgs/collections/")


async def test_a_host_that_is_an_ipv6_address_is_fine(here: Here) -> None:
    answer = await here.client.get("/", headers={"Host": "[::1]:8000"})
    assert answer.json()["links"][0]["href"] == "http://[::1]:8000/"


async def test_items_leave_as_geojson_and_nothing_else_does(here: Here) -> None:
    for path in PAGES:
        kind = "application/geo+json" if "search" in path else "application/json"
        assert (await here.client.get(path)).headers["content-type"] == kind


async def test_the_openapi_document_is_served_as_the_version_it_is_and_lists_errors(here: Here) -> None:
    answer = await here.get("/api")
    document = answer.json()
    version = answer.headers["content-type"].rpartition("version=")[2]
    assert document["openapi"].startswith(version)
    for path in ("/search", "/collections", "/collections/{collection_id}/items/{item_id}"):
        for operation in document["paths"][path].values():
            assert {"200", "400", "404", "502", "503", "504"} <= set(operation["responses"])
            assert "422" not in operation["responses"]
    parameters = {one["name"] for one in document["paths"]["/search"]["get"]["parameters"]}
    assert parameters == set(PARAMETERS)


async def test_the_openapi_document_is_json_to_those_who_know_another_version(here: Here) -> None:
    theirs = "application/vnd.oai.openapi+json;version=3.1"
    for accepted, given in (
        (f"{theirs}, application/json", "application/json"),
        (f"{OPENAPI}, application/json", OPENAPI),
        ("*/*", OPENAPI),
    ):
        answer = await here.client.get("/api", headers={"Accept": accepted})
        assert (answer.headers["content-type"], answer.headers["vary"]) == (given, "Accept, Accept-Encoding")


def parts(value: Any) -> list[Any]:
    """A JSON value and everything in it."""
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(part for child in children for part in parts(child))]


async def test_the_openapi_document_has_no_keyword_that_version_3_0_lacks(here: Here) -> None:
    document = (await here.get("/api")).json()
    assert document["openapi"] == "3.0.3"
    assert document["servers"] == [{"url": "http://here"}]
    for schema in parts([document["paths"], document["components"]]):
        if isinstance(schema, dict):
            assert not {"prefixItems", "const", "$defs", "contentMediaType", "patternProperties"} & set(schema), schema
            assert schema.get("type") != "null"
            assert not isinstance(schema.get("type"), list)
            assert not isinstance(schema.get("examples"), list)
            assert type(schema.get("exclusiveMinimum", True)) is bool
            assert schema.get("type") != "array" or "items" in schema, schema


async def test_the_openapi_document_says_that_a_limit_is_a_number(here: Here) -> None:
    document = (await here.get("/api")).json()
    parameters = document["paths"]["/collections/{collection_id}/items"]["get"]["parameters"]
    schema = next(one["schema"] for one in parameters if one["name"] == "limit")
    assert (schema["type"], schema["minimum"]) == ("integer", 1)


async def test_a_lone_collection_may_be_a_text_in_a_post(here: Here) -> None:
    answer = await here.post("/search", {"collections": LANDSAT, "limit": 1})
    assert answer.json()["numberReturned"] == 1
