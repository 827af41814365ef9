"""Hrefs are equal within a window, valid for their lifetime, and invalid after any change."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.utils import requote_uri

from stac_bridge.assets import AssetRef, Signer, looks_signed
from stac_bridge.errors import Refused

KEY, OTHER = b"0123456789abcdef", b"fedcba9876543210"
WEEK = 7 * 86400
NOW = 1_800_000_000.0
ITEM = "LC08_L2SP_047027_20201204_20210313_02_T1"
FILE = f"{ITEM}_SR_B4.TIF"


def signer(*keys: bytes, now: float = NOW, lifetime: int = WEEK) -> Signer:
    return Signer(keys or (KEY,), lifetime, lambda: now)


def href(made_by: Signer, base: str = "http://here/") -> str:
    return made_by.href_maker(base, "landsat_ot_c2_l2", ITEM, "LC80470272020339LGN00")("red", FILE)


def verified(signer_: Signer, address: str) -> AssetRef:
    parts = urlsplit(address)
    return signer_.verify(parts.path, parts.query)


def test_an_href_contains_what_it_was_made_for() -> None:
    ref = verified(signer(), href(signer()))
    assert (ref.collection, ref.item, ref.key, ref.filename) == ("landsat_ot_c2_l2", ITEM, "red", FILE)
    assert ref.entity_id == "LC80470272020339LGN00"


@pytest.mark.parametrize("name", ["a b", "a/b", "ä", "a%2Fb", "a?b=c&d", "Straße_1.TIF"])
def test_unusual_names_are_encoded_and_decoded(name: str) -> None:
    made = signer().href_maker("http://here/", name, name, name)(name, name)
    ref = verified(signer(), made)
    assert (ref.collection, ref.item, ref.key, ref.filename, ref.entity_id) == (name,) * 5


def test_hrefs_of_one_window_are_equal_and_differ_from_the_next_window() -> None:
    window = WEEK // 4
    start = NOW // window * window
    assert href(signer(now=start)) == href(signer(now=start + window - 1))
    assert href(signer(now=start)) != href(signer(now=start + window))


@given(st.floats(min_value=0, max_value=WEEK))
def test_an_href_is_valid_for_its_whole_lifetime(after: float) -> None:
    assert verified(signer(now=NOW + after), href(signer(now=NOW)))


def test_an_href_expires() -> None:
    with pytest.raises(Refused, match="expired"):
        verified(signer(now=NOW + 1.25 * WEEK + 1), href(signer(now=NOW)))


def test_keys_can_be_rotated() -> None:
    old = href(signer(OTHER))
    assert verified(signer(KEY, OTHER), old)
    assert href(signer(KEY, OTHER)) == href(signer(KEY))
    with pytest.raises(Refused):
        verified(signer(KEY), old)


def renewed(renewer: Signer, address: str, base: str = "http://here/") -> tuple[str, str]:
    return renewer.renew(address, base)


def test_an_expired_href_is_renewed_to_what_an_item_would_carry_now() -> None:
    later = NOW + 100 * WEEK
    address, expires = renewed(signer(now=later), href(signer(now=NOW)))
    assert address == href(signer(now=later))
    assert datetime.fromisoformat(expires).timestamp() == verified(signer(now=later), address).expires > later + WEEK


def test_an_href_of_a_rotated_key_is_renewed_with_the_first() -> None:
    address, _expires = renewed(signer(KEY, OTHER), href(signer(OTHER)))
    assert address == href(signer(KEY))
    with pytest.raises(Refused, match="signature"):
        renewed(signer(KEY), href(signer(OTHER)))


@pytest.mark.parametrize("base", ["https://evil.example/", "http://here/stac/", "http://here:99/collections/a/"])
def test_a_renewed_href_leads_to_this_server_whatever_its_host_was(base: str) -> None:
    address, _expires = renewed(signer(), href(signer(), base), "https://bridge.example/stac/")
    assert address == href(signer(), "https://bridge.example/stac/")


@pytest.mark.parametrize(
    "address", ["", "x", "http://[", "ftp://here/collections/a", "//here/a", "file:///etc/passwd", "http://here/?a#b"]
)
def test_other_urls_are_not_renewed_and_do_not_look_signed(address: str) -> None:
    assert not looks_signed(address)
    with pytest.raises(Refused):
        renewed(signer(), address)


@pytest.mark.parametrize(
    "part", ["collection", "item", "key", "filename", "entity_id", "member", "expiry"], ids=lambda part: f"the {part}"
)
def test_a_signature_covers(part: str) -> None:
    parts = {"collection": "c", "item": "i", "key": "red", "filename": "bundle.tar", "entity_id": "x"}
    changed = {
        **parts,
        **({part: "other"} if part in parts else {}),
        **({"filename": "B4.TIF"} if part == "member" else {}),
    }

    def made(values: dict[str, str], now: float) -> str:
        maker = signer(now=now).href_maker("http://here/", values["collection"], values["item"], values["entity_id"])
        return maker(values["key"], values["filename"])

    first, second = made(parts, NOW), made(changed, NOW + (WEEK if part == "expiry" else 0))
    assert first.partition("&s=")[0] != second.partition("&s=")[0]
    with pytest.raises(Refused, match="signature"):
        verified(signer(), second.partition("&s=")[0] + "&s=" + first.partition("&s=")[2])


@pytest.mark.parametrize("name", ["..", ".", "../B4.TIF", "a/../b", "a/..", "a\\b", "a\0.TIF", "a\r\nb", "\x7f"])
@pytest.mark.parametrize("place", range(5))
def test_a_name_with_path_traversal_is_refused_even_if_it_is_signed(name: str, place: int) -> None:
    collection, item, entity_id, key, filename = (name if place == at else "fine" for at in range(5))
    address = signer().href_maker("http://here/", collection, item, entity_id)(key, filename)
    with pytest.raises(Refused, match="step up"):
        verified(signer(), address)
    with pytest.raises(Refused, match="step up"):
        renewed(signer(), address)


def test_a_too_long_href_is_refused() -> None:
    address = signer().href_maker("http://here/", "c", "i", "x" * 5000)("red", FILE)
    with pytest.raises(Refused, match="longer"):
        verified(signer(), address)


def test_the_servers_own_url_is_not_signed() -> None:
    assert urlsplit(href(signer(), "https://other.example/stac/")).query == urlsplit(href(signer())).query
    assert verified(signer(), href(signer(), "https://other.example/stac/"))


@pytest.mark.parametrize("use", [verified, renewed])
@given(data=st.data())
def test_an_href_with_any_changed_character_is_refused(
    use: Callable[[Signer, str], object], data: st.DataObject
) -> None:
    address = href(signer())
    place = data.draw(st.integers(address.index("/collections") + 1, len(address) - 1))
    other = data.draw(st.sampled_from("abcXYZ019_-./%&=?~#\n\\"))
    changed = address[:place] + other + address[place + 1 :]
    if changed != address:
        with pytest.raises(Refused):
            use(signer(), changed)


@pytest.mark.parametrize(
    "change",
    [
        lambda query: query + "&s=x",
        lambda query: "&".join(reversed(query.split("&"))),
        lambda query: query.replace("e=", "e=0"),
        lambda query: query.replace("LGN00", "LGN0%30"),
        lambda query: query.partition("&s=")[0],
        lambda query: "",
        lambda query: query + "\n",
    ],
)
def test_other_spellings_of_the_query_are_refused(change: object) -> None:
    parts = urlsplit(href(signer()))
    with pytest.raises(Refused):
        signer().verify(parts.path, change(parts.query))  # type: ignore[operator]


PICTURE = "https://landsatlook.usgs.gov/gen-browse?size=thumb&type=refl&product_id=LC08_1&x=ä"


def picture_href(made_by: Signer) -> str:
    return made_by.href_maker("http://here/", "c", "i", "x")("thumbnail", "i_thumb_small.jpeg", PICTURE)


def test_a_pictures_address_is_signed_and_read_back() -> None:
    path, _, query = picture_href(signer()).removeprefix("http://here").partition("?")
    ref = signer().verify(path, query)
    assert (ref.key, ref.filename, ref.url) == ("thumbnail", "i_thumb_small.jpeg", PICTURE)
    with pytest.raises(Refused):
        signer().verify(path, re.sub("u=(.)", lambda match: f"u={'a' if match[1] != 'a' else 'b'}", query))
    without = "&".join(part for part in query.split("&") if not part.startswith("u="))
    with pytest.raises(Refused):
        signer().verify(path, without)


def test_a_renewed_href_of_a_picture_leads_to_the_same_picture() -> None:
    renewed, _expires = signer().renew(picture_href(signer()), "https://there/")
    path, _, query = renewed.removeprefix("https://there").partition("?")
    assert signer().verify(path, query).url == PICTURE


def test_the_href_of_a_file_has_no_address() -> None:
    href = signer().href_maker("http://here/", "c", "i", "x")("red", "i_B4.TIF")
    path, _, query = href.removeprefix("http://here").partition("?")
    assert signer().verify(path, query).url is None


LOST: dict[str, tuple[Callable[[str], str], str]] = {
    "no query": (lambda href: href.partition("?")[0], "lost its query"),
    "an escaped query": (lambda href: href.replace("?", "%3F"), "escaped as a part of the path"),
    "a wholly escaped query": (
        lambda href: href[: (at := href.index("?"))] + quote(href[at:], safe=""),
        "escaped as a",
    ),
    "a query escaped twice": (lambda href: href.replace("?", "%253F"), "escaped as a part of the path"),
    "an end at the first &": (lambda href: href.partition("&")[0], "lacks x and s"),
    "no signature": (lambda href: href.partition("&s=")[0], "lacks s"),
    "HTML": (lambda href: href.replace("&", "&amp;"), "&amp;"),
    "a part of the signature": (lambda href: href[:-1], "cut off"),
    "a suffix after the signature": (lambda href: f"{href}.msk", "appended"),
    "the query twice": (lambda href: f"{href}&{href.partition('?')[2]}", "appended"),
    "encoded parameters": (lambda href: href.replace("&", "%26"), "decode it once"),
    "another parameter": (lambda href: href + "&bidx=1", "remove bidx"),
    "another parameter first": (lambda href: href.replace("?", "?format=png&"), "remove format"),
    "another order": (
        lambda href: "?".join((href.split("?")[0], "&".join(reversed(href.split("?")[1].split("&"))))),
        "reordered",
    ),
    "another file": (lambda href: href.replace("B4.TIF", "B4.TIF.ovr"), "as it is"),
}


@pytest.mark.parametrize("use", [verified, renewed])
@pytest.mark.parametrize(("change", "reason"), LOST.values(), ids=LOST)
def test_a_refusal_says_what_the_client_lost_or_changed(
    use: Callable[[Signer, str], object], change: Callable[[str], str], reason: str
) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        use(signer(), change(href(signer())))
    assert "signature" in str(refused.value) or "&amp;" in str(refused.value)


@given(st.text(max_size=60), st.text(max_size=80))
def test_any_address_is_refused_with_a_sentence(path: str, query: str) -> None:
    with pytest.raises(Refused) as refused:
        signer().verify(f"/collections/a/items/b/assets/c/{path}", query)
    assert len(str(refused.value)) < 400


NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\\/"), min_size=1, max_size=12
).filter(lambda name: name not in (".", ".."))


@given(name=NAMES, entity_id=NAMES)
def test_an_href_survives_clients_that_remove_needless_escapes(name: str, entity_id: str) -> None:
    """As yarl does below aiohttp and fsspec; requests and httpx are less eager."""
    made = signer().href_maker("http://here/", name, name, entity_id)(name, name)
    path, _, query = made.partition("?")
    assert not set(_escaped(path)) & set("!$&()*,-.:;=@_~")
    assert not set(_escaped(query)) & set("!$()*,-./:?@_~")
    assert requote_uri(made) == made == str(httpx.URL(made))
    assert verified(signer(), made).entity_id == entity_id


def _escaped(part: str) -> list[str]:
    return [chr(int(code, 16)) for code in re.findall("%([0-9A-F]{2})", part)]
