"""``/sign``: hrefs of ours are renewed, expired or not, and nothing else ever is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from stac_bridge.assets import Signer
from tests.support import Here, running

LANDSAT = "landsat_ot_c2_l2"
SCENE = "LC08_L2SP_196028_20240728_20240807_02_T1"
KEY, OLDER, STRANGE = (b"0123456789abcdef0123", b"older-key-of-this-server", b"a-key-of-another-server")
YEAR = 365 * 86400


def signed(key: bytes = KEY, ago: float = YEAR, base: str = "http://here/", name: str = f"{SCENE}_SR_B4.TIF") -> str:
    """An href that the server signed some time ago; a year is far past its expiry."""
    signer = Signer([key], 7 * 86400, lambda: time.time() - ago)
    return signer.href_maker(base, LANDSAT, SCENE, "LC81960282024210LGN00")("red", name)


async def item_of(here: Here) -> dict[str, Any]:
    found: dict[str, Any] = (await here.get(f"/collections/{LANDSAT}/items/{SCENE}")).json()
    return found


async def test_an_expired_href_becomes_the_one_that_the_item_has_now(here: Here) -> None:
    answer = await here.get("/sign", href=signed())
    said = answer.json()
    assert (answer.status_code, answer.headers["x-m2m-calls"]) == (200, "0")
    assert said["href"] == (await item_of(here))["assets"]["red"]["href"]
    assert said["expires"] == said["msft:expiry"]
    assert said["expires"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7 * 86400))
    assert (await here.client.get(signed())).status_code == 403
    assert (await here.client.get(said["href"])).status_code == 302


async def test_posting_one_gives_the_same_as_getting_it(here: Here) -> None:
    got, posted = await here.get("/sign", href=signed()), await here.post("/sign", {"href": signed()})
    assert got.json() == posted.json()


async def test_a_list_comes_back_in_its_order(here: Here) -> None:
    names = ["B2.TIF", "B3.TIF", "B4.TIF"]
    said = (await here.post("/sign", {"hrefs": [signed(name=name) for name in names]})).json()
    assert [href.partition("?")[0].rpartition("/")[2] for href in said["hrefs"]] == names
    assert said["expires"] == said["msft:expiry"]
    assert (await here.post("/sign", {"hrefs": []})).json() == {"hrefs": []}


async def test_an_item_comes_back_with_its_hrefs_renewed_and_nothing_else_changed(here: Here) -> None:
    fresh = await item_of(here)
    old = await item_of(here)
    old["properties"]["m2m:href_expires"] = "2020-01-01T00:00:00Z"
    old["properties"]["mine"] = {"kept": [1, None, "ä"]}
    old["assets"]["red"]["href"] = signed()
    answer = await here.post("/sign", old)
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.json()["assets"] == fresh["assets"]
    assert answer.json()["properties"]["mine"] == {"kept": [1, None, "ä"]}
    assert answer.json()["properties"]["m2m:href_expires"] > "2026"


async def test_an_item_collection_comes_back_whole(here: Here) -> None:
    page = (await here.get("/search", collections=f"{LANDSAT},naip", limit=20)).json()
    answer = await here.post("/sign", page)
    assert answer.headers["x-m2m-calls"] == "0"
    assert answer.json() == page


async def test_hrefs_of_a_key_that_does_not_sign_any_more_are_renewed_with_the_first(tmp_path: Path) -> None:
    async with running(tmp_path, signing_keys=f"{KEY.decode()},{OLDER.decode()}") as here:
        renewed = (await here.get("/sign", href=signed(OLDER))).json()["href"]
        assert renewed == (await here.get("/sign", href=signed(KEY))).json()["href"]


async def test_the_answer_always_leads_to_this_server(here: Here) -> None:
    for base in ("https://evil.example/", "http://here.evil.example/a/b/", "http://user:word@here/"):
        renewed = (await here.get("/sign", href=signed(base=base))).json()["href"]
        assert renewed.startswith("http://here/collections/")


async def test_behind_a_proxy_it_leads_to_the_public_address(tmp_path: Path) -> None:
    async with running(tmp_path, public_url="https://public.example/stac") as here:
        renewed = (await here.get("/sign", href=signed())).json()["href"]
        assert renewed.startswith("https://public.example/stac/collections/")


FOREIGN = [
    signed(STRANGE),
    signed().replace("SR_B4", "SR_B5"),
    signed().replace("/red/", "/blue/"),
    signed() + "&more=1",
    signed() + "#part",
    signed().replace("http://", "ftp://"),
    signed().partition("?")[0],
    "https://landsatlook.usgs.gov/data/file.TIF",
    "http://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    signed(name="../../../etc/passwd"),
    signed(name="a\\b"),
    signed(name="a\0.TIF"),
    signed(name="x" * 5000),
    "",
]


async def test_what_was_not_signed_here_is_a_403_that_says_what_is_wrong(here: Here) -> None:
    for href in FOREIGN:
        one = await here.get("/sign", href=href)
        several = await here.post("/sign", {"hrefs": [signed(), href]})
        for answer in (one, several):
            assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json"), href
            assert (answer.json()["code"], answer.headers["x-m2m-calls"]) == ("Refused", "0")
        assert several.json()["detail"].startswith("hrefs[1]: ")


async def test_an_item_with_a_forged_href_is_refused_by_the_name_of_its_asset(here: Here) -> None:
    item = await item_of(here)
    item["assets"]["blue"]["href"] = signed(STRANGE)
    answer = await here.post("/sign", item)
    assert answer.status_code == 403
    assert f"Item '{SCENE}', asset 'blue'" in answer.json()["detail"]


OTHER_BODIES: list[Any] = [
    {},
    [],
    1,
    None,
    {"href": 1},
    {"hrefs": "x"},
    {"hrefs": [1]},
    {"type": "FeatureCollection", "features": 1},
]


async def test_a_body_of_another_kind_is_a_400_that_says_what_it_may_be(here: Here) -> None:
    for body in OTHER_BODIES:
        answer = await here.post("/sign", body)
        assert answer.status_code == 400
        assert "Item" in answer.json()["detail"]


async def test_a_body_that_is_no_json_is_a_400(here: Here) -> None:
    assert (await here.client.post("/sign", content=b"{")).status_code == 400


async def test_what_is_odd_in_an_item_collection_comes_back_as_it_is(here: Here) -> None:
    odd: list[Any] = [None, 1, {}, {"assets": 1}, {"assets": {"a": 1}}, {"assets": {"a": {"href": 1}}}]
    body = {"type": "FeatureCollection", "features": odd}
    assert (await here.post("/sign", body)).json() == body


async def test_more_than_a_thousand_at_once_are_a_400_with_the_number_in_it(here: Here) -> None:
    for body in ({"hrefs": [signed()] * 1001}, {"type": "FeatureCollection", "features": [{}] * 1001}):
        answer = await here.post("/sign", body)
        assert answer.status_code == 400
        assert "1000" in answer.json()["detail"]
    assert len((await here.post("/sign", {"hrefs": [signed()] * 1000})).json()["hrefs"]) == 1000


async def test_a_body_without_end_is_not_read_to_it(here: Here) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 200:
            sent += 1
            yield b" " * 2**20

    answer = await here.client.post("/sign", content=endless())
    assert answer.status_code == 413
    assert str(64 * 2**20) in answer.json()["detail"]
    assert sent < 70


async def test_an_href_that_was_not_encoded_is_told_how(here: Here) -> None:
    answer = await here.client.get(f"/sign?href={signed()}")
    assert answer.status_code == 400
    assert "percent-encoded" in answer.json()["detail"]
    assert (await here.client.get("/sign")).status_code == 400


async def test_it_is_found_from_the_landing_page_and_in_the_openapi_document(here: Here) -> None:
    links = [link for link in (await here.get("/")).json()["links"] if link["rel"] == "sign"]
    assert [(link["href"], link["method"]) for link in links] == [("http://here/sign", "POST")]
    operations = (await here.get("/api")).json()["paths"]["/sign"]
    assert set(operations) == {"get", "post"}
    assert operations["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]["hrefs"]
