"""Expired hrefs are renewed once and together, and nothing is requested without need."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import numpy
import orjson
import pandas
import pystac
import pytest
from dask.tokenize import tokenize
from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.assets import Signer
from stac_bridge.client import signing
from stac_bridge.client.signing import NotRenewed, Renewer

KEY = b"0123456789abcdef"
WEEK = 7 * 86400
NOW = 1_800_000_000.0
PICTURE = "https://landsatlook.usgs.gov/browse/thumbnail.jpg"


def signed(name: str = "B4.TIF", *, ago: float = 100 * WEEK, base: str = "http://here/stac/", now: float = NOW) -> str:
    return Signer([KEY], WEEK, lambda: now - ago).href_maker(base, "c", "i", "x")("red", name)


class Server:
    """A server that renews as the real one does; ``requests`` are its URL and hrefs per request."""

    def __init__(self, now: float = NOW) -> None:
        self.requests: list[tuple[str, list[str]]] = []
        self._signer = Signer([KEY], WEEK, lambda: now)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        hrefs = orjson.loads(request.content)["hrefs"]
        assert len(hrefs) <= 1000
        base = str(request.url).removesuffix("sign")
        self.requests.append((base, hrefs))
        time.sleep(0.01)
        return httpx.Response(200, json={"hrefs": [self._signer.renew(href, base)[0] for href in hrefs]})


def renewer(server: Any, now: float = NOW, margin: float = 3000) -> Renewer:
    return Renewer(margin, transport=httpx.MockTransport(server), clock=lambda: now)


def item(*hrefs: str) -> dict[str, Any]:
    assets = {f"a{place}": {"href": href} for place, href in enumerate(hrefs)}
    properties = {"datetime": "2024-01-01T00:00:00Z", "m2m:href_expires": "2020-01-01T00:00:00Z"}
    document = {"type": "Feature", "stac_version": "1.1.0", "id": "i", "properties": properties, "links": []}
    return {**document, "geometry": None, "assets": assets}


def hrefs_of(document: Any) -> list[str]:
    assets = (
        document["assets"]
        if isinstance(document, dict)
        else {key: asset.to_dict() for key, asset in document.assets.items()}
    )
    return [asset["href"] for asset in assets.values()]


def test_an_expired_href_is_renewed_once_by_the_server_that_signed_it() -> None:
    server = Server()
    own_renewer = renewer(server)
    assert [own_renewer.patch_url(signed()) for _ in range(3)] == [signed(ago=0)] * 3
    assert server.requests == [("http://here/stac/", [signed()])]


@pytest.mark.parametrize("href", [signed(ago=0), PICTURE, "s3://bucket/key", "/vsimem/file", "", signed() + "#x"])
def test_a_valid_or_unsigned_href_is_unchanged_without_a_request(href: str) -> None:
    server = Server()
    assert renewer(server).patch_url(href) == href
    assert server.requests == []


def test_an_href_that_expires_within_the_margin_is_renewed() -> None:
    server = Server()
    old = signed(ago=WEEK)  # good for up to a quarter of a lifetime more
    assert renewer(server, margin=0).patch_url(old) == old
    assert renewer(server, margin=WEEK / 2).patch_url(old) == signed(ago=0)


def test_a_margin_longer_than_any_lifetime_renews_once_per_interval() -> None:
    server = Server()
    own_renewer = renewer(server, margin=10 * WEEK)
    assert {own_renewer.patch_url(signed()) for _ in range(5)} == {signed(ago=0)}
    assert len(server.requests) == 1


FORMS: list[Any] = [
    lambda first, second: {"type": "FeatureCollection", "features": [first, second]},
    lambda first, second: [first, second],
    lambda first, second: pystac.ItemCollection([pystac.Item.from_dict(first), pystac.Item.from_dict(second)]),
    lambda first, second: [pystac.Item.from_dict(first), pystac.Item.from_dict(second)],
]


@pytest.mark.parametrize("form", FORMS)
def test_all_items_are_renewed_in_place_by_one_request(form: Any) -> None:
    server = Server()
    stac_object = form(item(signed("1"), PICTURE, signed("2", ago=0)), item(signed("3"), signed("4")))
    assert renewer(server).modifier(stac_object) is None
    members = stac_object["features"] if isinstance(stac_object, dict) else list(stac_object)
    assert hrefs_of(members[0]) == [signed("1", ago=0), PICTURE, signed("2", ago=0)]
    assert hrefs_of(members[1]) == [signed("3", ago=0), signed("4", ago=0)]
    assert server.requests == [("http://here/stac/", [signed("1"), signed("3"), signed("4")])]


@pytest.mark.parametrize("form", [dict, pystac.Item.from_dict])
def test_one_item_is_renewed_in_place_with_its_expiry(form: Any) -> None:
    stac_object = form(item(signed()))
    renewer(Server()).modifier(stac_object)
    properties = stac_object["properties"] if isinstance(stac_object, dict) else stac_object.properties
    assert hrefs_of(stac_object) == [signed(ago=0)]
    assert datetime.fromisoformat(properties["m2m:href_expires"]) > datetime.fromtimestamp(NOW + WEEK, UTC)


@pytest.mark.parametrize(
    "stac_object", [{}, {"assets": None}, {"features": []}, {"assets": {"a": {}}}, [], {"a": datetime.now(UTC)}]
)
def test_an_object_without_hrefs_is_unchanged(stac_object: Any) -> None:
    server = Server()
    renewer(server).modifier(stac_object)
    assert server.requests == []


def test_a_collection_has_nothing_to_renew() -> None:
    extent = pystac.Extent(pystac.SpatialExtent([[0, 0, 1, 1]]), pystac.TemporalExtent([[None, None]]))
    renewer(Server()).modifier(pystac.Collection("c", "a collection", extent))


DIRECT: list[tuple[Any, Any]] = [
    (lambda href: {"href": href}, lambda asset: asset["href"]),
    (lambda href: pystac.Asset(href), lambda asset: asset.href),
    (lambda href: {"red": {"href": href}}, lambda assets: assets["red"]["href"]),
    (lambda href: {"red": pystac.Asset(href)}, lambda assets: assets["red"].href),
    (lambda href: [href], lambda hrefs: hrefs[0]),
    (lambda href: {"red": href}, lambda hrefs: hrefs["red"]),
    (lambda href: (item(href), {}), lambda items: hrefs_of(items[0])[0]),
    (lambda href: {"alternate": {"s3": {"href": href}}}, lambda asset: asset["alternate"]["s3"]["href"]),
    (
        lambda href: pystac.Asset(PICTURE, extra_fields={"alternate": {"s3": {"href": href}}}),
        lambda asset: asset.extra_fields["alternate"]["s3"]["href"],
    ),
    (
        lambda href: [{"assets": {"red": {"href": href, "size": numpy.int64(3)}}}],
        lambda i: i[0]["assets"]["red"]["href"],
    ),
]


@pytest.mark.parametrize(("make", "read"), DIRECT)
def test_hrefs_are_renewed_wherever_they_can_be_changed(make: Any, read: Any) -> None:
    stac_object = make(signed())
    renewer(Server()).modifier(stac_object)
    assert read(stac_object) == signed(ago=0)


CONTAINERS = st.recursive(
    st.just("HREF") | st.none() | st.integers() | st.text(max_size=3),
    lambda members: st.lists(members, max_size=3) | st.dictionaries(st.text(max_size=3), members, max_size=3),
    max_leaves=12,
)


def replaced(document: Any, href: str) -> Any:
    if isinstance(document, dict):
        return {key: replaced(member, href) for key, member in document.items()}
    if isinstance(document, list):
        return [replaced(member, href) for member in document]
    return href if document == "HREF" else document


@pytest.mark.slow
@given(CONTAINERS)
def test_a_document_has_no_expired_href_afterward_or_the_call_raises(document: Any) -> None:
    stac_object = replaced(document, signed())
    try:
        renewer(Server()).modifier(stac_object)
    except TypeError:
        assert not isinstance(document, dict | list)
    else:
        assert stac_object == replaced(document, signed(ago=0))


@pytest.mark.parametrize(
    ("stac_object", "message"),
    [
        ((one for one in [item(signed())]), "list"),
        (iter([item(signed())]), "list"),
        ({"features": (one for one in [item(signed())])}, "list"),
        (pystac.Catalog("c", "a catalog"), "Items"),
        (pandas.DataFrame([item(signed())]), "patch_url"),
        (pandas.DataFrame([item(signed())])["assets"], "patch_url"),
        (numpy.array([signed()]), "patch_url"),
        (signed(), "patch_url"),
        ((signed(),), "patch_url"),
        (("/vsicurl/" + signed(),), "patch_url"),
        (None, "NoneType"),
        (object(), "object"),
        (7, "int"),
        (b"href", "bytes"),
    ],
)
def test_what_cannot_be_changed_in_place_raises_with_what_to_do(stac_object: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        renewer(Server()).modifier(stac_object)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("/vsicurl/", ""),
        ("/vsicurl_streaming/", ""),
        ("/vsitar//vsicurl/", "/B4.TIF"),
        ("/vsitar/{/vsicurl/", "}/B4.TIF"),
        ("GTIFF_DIR:1:/vsicurl/", ""),
        ('NETCDF:"/vsicurl/', '":red'),
        ("zip+", "!a.tif"),
        ("zip://*.tif::simplecache::", ""),
        ("vrt://", "?bands=1"),
        (" ", "\n"),
    ],
)
def test_an_href_is_renewed_within_a_readers_name_of_it(before: str, after: str) -> None:
    assert renewer(Server()).patch_url(before + signed() + after) == before + signed(ago=0) + after
    stac_object = item(before + signed() + after)
    renewer(Server()).modifier(stac_object)
    assert hrefs_of(stac_object) == [before + signed(ago=0) + after]


@pytest.mark.parametrize(
    "name",
    [
        "/vsicurl?max_retry=5&url={}&empty_dir=yes",
        "/vsicurl/{}",
        "http://tiles.example/cog/info?url={}",
        "http://tiles.example/cog/tiles/1/2/3?rescale=0,1&url={}&bidx=1",
    ],
)
def test_an_encoded_href_is_renewed_within_a_readers_name_of_it(name: str) -> None:
    old, new = (name.format(quote(href, safe="")) for href in (signed(), signed(ago=0)))
    assert renewer(Server()).patch_url(old) == new
    assert renewer(Server()).patch_url(new) == new


INSIDE = "http://bridge:8000"


def test_an_address_replaces_that_of_the_hrefs_for_renewals_and_for_readers() -> None:
    server = Server()
    own = Renewer(address=INSIDE + "/", transport=httpx.MockTransport(server), clock=lambda: NOW)
    assert own.patch_url(signed()) == signed(ago=0, base=INSIDE)
    assert [base for base, _hrefs in server.requests] == [INSIDE + "/"]
    assert own.patch_url(signed(ago=0)) == signed(ago=0, base=INSIDE)
    assert own.patch_url("/vsicurl/" + signed(ago=0)) == "/vsicurl/" + signed(ago=0, base=INSIDE)
    assert own.patch_url(PICTURE) == PICTURE
    stac_object = item(signed(), signed("x", ago=0), PICTURE)
    own.modifier(stac_object)
    assert hrefs_of(stac_object) == [signed(ago=0, base=INSIDE), signed("x", ago=0, base=INSIDE), PICTURE]
    assert len(server.requests) == 1


def test_an_address_is_used_though_the_server_answers_with_its_public_one() -> None:
    def server(request: httpx.Request) -> httpx.Response:
        signer = Signer([KEY], WEEK, lambda: NOW)
        hrefs = [signer.renew(href, "https://public.example/")[0] for href in orjson.loads(request.content)["hrefs"]]
        return httpx.Response(200, json={"hrefs": hrefs})

    own = Renewer(address=INSIDE, transport=httpx.MockTransport(server), clock=lambda: NOW)
    assert own.patch_url(signed()) == signed(ago=0, base=INSIDE)


FUNCTIONS = [signing.patch_url, signing.modifier, Renewer(60, address=INSIDE).patch_url, Renewer(timeout=5).modifier]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_pickled_function_is_that_of_the_one_renewer_of_its_process(function: Any) -> None:
    first, second = (pickle.loads(pickle.dumps(function)) for _ in range(2))
    assert first.__self__ is second.__self__
    assert first.__self__._configuration == function.__self__._configuration
    assert first.__name__ == function.__name__


def test_the_modules_own_functions_are_pickled_by_reference() -> None:
    assert pickle.loads(pickle.dumps(signing.patch_url)).__self__ is signing.patch_url.__self__


def test_a_worker_process_renews_with_a_pickled_function() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(signing.patch_url, [PICTURE])) == [PICTURE]


@pytest.mark.slow
def test_dasks_token_is_the_same_in_every_process_and_depends_on_the_configuration() -> None:
    code = "from dask.tokenize import tokenize; from stac_bridge import signing; print(tokenize(signing.patch_url))"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    assert {run.stdout.strip() for run in runs} == {tokenize(signing.patch_url)}
    assert len({tokenize(function) for function in FUNCTIONS}) == len(FUNCTIONS)


def test_thousands_are_renewed_in_several_requests_and_in_order() -> None:
    server = Server()
    stac_object = item(*(signed(f"{number}") for number in range(2500)))
    renewer(server).modifier(stac_object)
    assert [len(hrefs) for _base, hrefs in server.requests] == [1000, 1000, 500]
    assert hrefs_of(stac_object) == [signed(f"{number}", ago=0) for number in range(2500)]


def test_each_server_renews_its_own_hrefs() -> None:
    server = Server()
    renewer(server).modifier(item(signed("1"), signed("2", base="https://other.example/")))
    assert dict(server.requests) == {
        "http://here/stac/": [signed("1")],
        "https://other.example/": [signed("2", base="https://other.example/")],
    }


def test_concurrent_threads_renew_an_href_once() -> None:
    server = Server()
    own_renewer = renewer(server)
    with ThreadPoolExecutor(16) as pool:
        stac_object = list(pool.map(lambda number: own_renewer.patch_url(signed(f"{number % 4}")), range(200)))
    assert stac_object == [signed(f"{number % 4}", ago=0) for number in range(200)]
    assert sorted(href for _base, hrefs in server.requests for href in hrefs) == sorted(
        signed(f"{n}") for n in range(4)
    )


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (httpx.Response(403, json={"detail": "hrefs[0]: The signature does not fit."}), r"hrefs\[0\]: The signature"),
        (httpx.Response(502, text="<html>"), "try again later"),
        (httpx.Response(500, json=[]), "HTTP 500"),
        (httpx.ConnectError("refused"), "ConnectError"),
    ],
)
def test_a_failed_renewal_has_the_servers_reason(answer: Any, message: str) -> None:
    def says(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content)

    with pytest.raises(NotRenewed, match=message):
        renewer(says).patch_url(signed())


def loaded_packages(statement: str) -> set[str]:
    """Return the top-level packages outside of the standard library that a new process has after a statement."""
    code = f"{statement}; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in run.stdout.split()} - set(sys.stdlib_module_names)


def test_importing_it_loads_httpx_and_no_other_third_party_package() -> None:
    assert loaded_packages("import stac_bridge.client.signing") == loaded_packages("import httpx") | {"stac_bridge"}


def test_importing_it_loads_nothing_else_of_stac_bridge() -> None:
    code = "import stac_bridge.client.signing, sys; print(*(name for name in sys.modules if 'stac_bridge' in name))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(run.stdout.split()) == {"stac_bridge", "stac_bridge.client", "stac_bridge.client.signing"}
