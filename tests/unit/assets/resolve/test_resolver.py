"""From a file to its source: which product, how many M2M calls, and which errors."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import httpx
import pytest

from stac_bridge.assets import SceneFile, Source
from stac_bridge.assets.resolve.product import choose
from stac_bridge.errors import AssetUnavailable, NotFound, Staging, UpstreamBusy, UpstreamFault, UpstreamUnreachable
from stac_bridge.m2m.models.downloads import Product
from tests.minting import LABEL, SCENE, calls, resolver
from tests.support import Script, says

RED = SceneFile("landsat_ot_c2_l2", "LC80470272020339LGN00", SCENE, f"{SCENE}_SR_B4.TIF", suffix="SR_B4.TIF")
WHOLE = SceneFile("corona2", "DS1", "DS1", "DS1", product_code="D183")
URL = "https://landsatlook.usgs.gov/data/red.TIF?requestSignature=abc"


def product(code: str, system: str, available: bool = True, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{code}-id",
        "entityId": "LC80470272020339LGN00",
        "displayId": SCENE,
        "available": available,
        "productCode": code,
        "productName": "A product",
        "downloadSystem": system,
        **more,
    }


def file(ending: str, half: str = "L2SR", available: bool = True, display_id: str | None = None) -> dict[str, Any]:
    return {
        "id": f"{ending}-id",
        "entityId": f"{half}_{SCENE}_{ending.replace('.', '_')}",
        "displayId": display_id or f"{SCENE}_{ending}",
        "available": available,
        "productCode": "D691",
        "downloadSystem": "ls_s3",
    }


FILES = [file("SR_B4.TIF"), file("SR_B5.TIF"), file("ST_B10.TIF", "L2ST")]
OPTIONS = [
    product("D694", "ls_zip", secondaryDownloads=FILES),
    product("D691", "folder", secondaryDownloads=FILES),
    product("D693", "folder", secondaryDownloads=FILES),
    product("D806", "dds_ms", available=False, secondaryDownloads=FILES),
]


def products(rows: list[dict[str, Any]]) -> list[Product]:
    return [Product.model_validate(row) for row in rows]


def test_a_file_is_matched_by_name_below_any_product() -> None:
    assert choose(products(OPTIONS), RED).product.product_id == "SR_B4.TIF-id"
    assert choose(products(OPTIONS[:1]), RED).product.product_id == "SR_B4.TIF-id"


@pytest.mark.parametrize(("pattern", "code"), [("geotiff*", "D2"), ("dted 1*", "D1"), ("BIL*", "D3")])
def test_a_product_is_chosen_by_a_pattern_of_its_name(pattern: str, code: str) -> None:
    names = {"D1": "DTED 1 Arc-second", "D2": "GeoTIFF 1 Arc-second", "D3": "BIL 1 Arc-second"}
    rows = [product(each, "dds", productName=name) for each, name in names.items()]
    wanted = SceneFile("srtm_v3", "SRTM1N33W099V3", "SRTM1N33W099V3", "n33_w099_1arc_v3.tif", product_named=pattern)
    assert choose(products(rows), wanted).product.code == code


def test_the_name_of_an_ard_file_is_its_entity_id() -> None:
    tile = "LC09_CU_003004_20230909_20230914_02"
    rows = [file("SR_B2.TIF", display_id=f"{tile}_SR_B2.TIF") | {"entityId": f"{tile}_SR_B2.TIF"}]
    wanted = SceneFile("landsat_ard_tile_c2", tile, tile, f"{tile}_SR_B2.TIF", suffix="SR_B2.TIF")
    assert choose(products([product("D771", "folder", secondaryDownloads=rows)]), wanted).product.display_id == (
        f"{tile}_SR_B2.TIF"
    )


async def test_a_gzip_of_a_tif_is_unpacked_if_the_name_ends_so() -> None:
    def tape(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=gzip.compress(b"II"), headers={"Content-Type": "application/x-gzip"})

    rows = [product("D183", "dds", productName="Standard Format", entityId="DS1")]
    answers = {"download-options": says(rows), "download-request": granted("https://dds.cr.usgs.gov/download/1")}
    the_resolver = resolver(Script(answers), tape)
    image = SceneFile("corona2", "DS1", "DS1", "DS1.tif", product_named="standard format*")
    packed = SceneFile("corona2", "DS1", "DS1", "DS1.tif.gz", product_named="standard format*")
    inside, outside = await the_resolver.source(image), await the_resolver.source(packed)
    assert (inside.filename, inside.size, inside.media_type) == ("DS1.tif", None, "image/tiff")
    assert (inside.packed is not None, outside.packed) == (True, None)


async def test_a_picture_costs_no_call() -> None:
    script = Script({})
    source = await resolver(script).picture("https://landsatlook.usgs.gov/gen-browse?size=thumb", "x_thumb_small.jpeg")
    assert source.url == "https://landsatlook.usgs.gov/gen-browse?size=thumb"
    assert calls(script) == []


def test_a_file_with_another_name_is_matched_by_its_entity_id() -> None:
    rows = [product("D691", "folder", secondaryDownloads=[file("SR_B4.TIF", display_id="something else")])]
    assert choose(products(rows), RED).product.product_id == "SR_B4.TIF-id"


@pytest.mark.parametrize("fresh", [True, False])
def test_the_available_one_of_two_equal_products_is_chosen(fresh: bool) -> None:
    rows = [
        product("D1", "ls_zip", available=not fresh, id="cloud"),
        product("D1", "dds_ms", available=fresh, id="tape"),
    ]
    wanted = SceneFile("landsat_ot_c2_l2", "LC8", SCENE, SCENE, product_code="D1")
    assert choose(products(rows), wanted).product.product_id == ("tape" if fresh else "cloud")


def test_a_folder_is_not_downloadable() -> None:
    with pytest.raises(NotFound):
        choose(products(OPTIONS), SceneFile("landsat_ot_c2_l2", "LC8", SCENE, SCENE, product_code="D691"))


def test_a_file_that_the_scene_does_not_have_is_not_found() -> None:
    with pytest.raises(NotFound, match="SR_B9"):
        choose(products(OPTIONS), SceneFile("d", "e", SCENE, f"{SCENE}_SR_B9.TIF", suffix="SR_B9.TIF"))


def test_an_unavailable_file_is_an_error() -> None:
    rows = [product("D691", "folder", secondaryDownloads=[file("SR_B4.TIF", available=False)])]
    with pytest.raises(AssetUnavailable, match="not available"):
        choose(products(rows), RED)


def test_an_error_names_what_the_scene_has_instead() -> None:
    rows = [
        product("D441", "dds", productName="Full Resolution"),
        product("D687", "folder", productName="Band File"),
        product("D805", "dds_ms", available=False, productName="Product Bundle"),
    ]
    with pytest.raises(NotFound, match=r"of this scene\. Available now: Full Resolution\.$"):
        choose(products(rows), SceneFile("naip", "1", "m_1", "m_1.jp2", product_code="D482"))
    with pytest.raises(AssetUnavailable, match=r"Available now: Full Resolution\.$"):
        choose(products(rows), SceneFile("naip", "1", "m_1", "m_1.tar", product_code="D805"))


def granted(url: str = URL, ident: int = 7) -> httpx.Response:
    row = {"downloadId": ident, "eulaCode": None, "url": url}
    return says({"availableDownloads": [row], "duplicateProducts": [], "newRecords": {str(ident): "bridge"}})


async def test_a_source_has_the_size_type_and_etag_that_the_host_reports() -> None:
    source = await resolver(Script({"download-options": says(OPTIONS), "download-request": granted()})).source(RED)
    assert (source.url, source.size, source.ranges, source.media_type, source.etag) == (
        URL,
        1000,
        True,
        "image/tiff",
        '"1"',
    )


async def test_a_first_file_costs_two_calls_the_next_one_and_a_cached_one_none() -> None:
    script = Script({"download-options": says(OPTIONS), "download-request": granted()})
    the_resolver = resolver(script)
    await asyncio.gather(*(the_resolver.source(RED) for _ in range(20)))
    assert calls(script) == ["download-options", "download-request"]
    await the_resolver.source(SceneFile(RED.dataset, RED.entity_id, SCENE, f"{SCENE}_SR_B5.TIF", suffix="SR_B5.TIF"))
    assert calls(script) == ["download-options", "download-request", "download-request"]
    await the_resolver.source(RED)
    assert len(calls(script)) == 3


async def test_the_request_names_the_file_and_the_label() -> None:
    script = Script({"download-options": says(OPTIONS), "download-request": granted()})
    await resolver(script).source(RED)
    assert script.asked[-1][1] == {
        "downloads": [{"entityId": f"L2SR_{SCENE}_SR_B4_TIF", "productId": "SR_B4.TIF-id"}],
        "label": LABEL,
    }


CORONA = says([product("D183", "dds", entityId="DS1", displayId="DS1")])
TAPE = "https://dds.cr.usgs.gov/download/abc"
PREPARING = says(
    {
        "preparingDownloads": [{"downloadId": 9, "url": "https://dds.cr.usgs.gov/download-staging/abc"}],
        "newRecords": {"9": "bridge"},
    }
)


def queue(available: list[Any] = [], requested: list[Any] = []) -> httpx.Response:  # noqa: B006
    return says({"available": available, "requested": requested, "queueSize": len(requested), "eulas": []})


def row(url: str | None, ident: int = 9) -> dict[str, Any]:
    return {"downloadId": ident, "entityId": "DS1", "displayId": "DS1", "label": "bridge", "url": url}


@pytest.mark.parametrize(
    "later",
    [
        queue(available=[row(TAPE, 8), row(TAPE)]),
        queue(requested=[row(TAPE)]),
        queue(available=[row(TAPE)], requested=[row("https://dds.cr.usgs.gov/download-staging/abc")]),
    ],
    ids=["available", "requested with a url that works", "in both lists"],
)
async def test_a_staged_file_is_served_when_the_queue_has_its_url(later: httpx.Response) -> None:
    script = Script({"download-options": CORONA, "download-request": PREPARING, "download-retrieve": [queue(), later]})
    the_resolver = resolver(script)
    for _ in range(2):
        with pytest.raises(Staging) as staging:
            await the_resolver.source(WHOLE)
        assert staging.value.retry_after
    await the_resolver._store.drop("queue bridge")
    assert (await the_resolver.source(WHOLE)).url == TAPE
    assert calls(script).count("download-request") == 1


async def test_a_duplicate_download_is_found_under_its_old_label() -> None:
    duplicate = says({"duplicateProducts": {"9": "an old label"}, "newRecords": []})
    script = Script(
        {"download-options": CORONA, "download-request": duplicate, "download-retrieve": queue(available=[row(TAPE)])}
    )
    assert (await resolver(script).source(WHOLE)).url == TAPE
    assert script.asked[-1] == ("download-retrieve", {"label": "an old label"})


async def test_a_dead_url_is_renewed_once_for_all_its_readers() -> None:
    script = Script({"download-options": says(OPTIONS), "download-request": [granted(), granted(URL + "2", 8)]})
    the_resolver = resolver(script)
    stale = await the_resolver.source(RED)
    renewed = await asyncio.gather(*(the_resolver.renew(RED, stale) for _ in range(5)))
    assert {source.url for source in renewed} == {URL + "2"}
    assert (await the_resolver.renew(RED, stale)).url == URL + "2"
    assert calls(script).count("download-request") == 2


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(302, headers={"Location": "https://ers.example/login"}), UpstreamFault),
        (httpx.Response(200, text="<html>Sign in</html>", headers={"Content-Type": "text/html"}), UpstreamFault),
        (httpx.Response(403), UpstreamFault),
        (httpx.Response(404), AssetUnavailable),
        (httpx.Response(429, headers={"Retry-After": "9"}), UpstreamBusy),
        (httpx.Response(503), UpstreamBusy),
        (httpx.ConnectError("refused"), UpstreamUnreachable),
    ],
)
async def test_an_error_of_the_host_has_its_own_kind_and_shows_no_url(answer: Any, kind: type[Exception]) -> None:
    def trouble(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    the_resolver = resolver(Script({"download-options": says(OPTIONS), "download-request": granted()}), trouble)
    with pytest.raises(kind) as error:
        await the_resolver.source(RED)
    assert "requestSignature" not in str(error.value)


def test_sources_are_compared_by_value() -> None:
    assert Source("n", URL, 1, True, "t") == Source("n", URL, 1, True, "t")
