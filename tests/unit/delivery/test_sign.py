"""Hrefs: equal within a window, good for their lifetime, and not to be changed."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stac_bridge.delivery import AssetRef, Signer, load_keys
from stac_bridge.errors import BridgeError, Refused

KEY, OTHER = b"0123456789abcdef", b"fedcba9876543210"
WEEK = 7 * 86400
NOW = 1_800_000_000.0
ITEM = "LC08_L2SP_047027_20201204_20210313_02_T1"
FILE = f"{ITEM}_SR_B4.TIF"


def signer(*keys: bytes, now: float = NOW, lifetime: int = WEEK) -> Signer:
    return Signer(keys or (KEY,), lifetime, lambda: now)


def href(made_by: Signer, base: str = "http://here/") -> str:
    return made_by.href_maker(base, "landsat_ot_c2_l2", ITEM, "LC80470272020339LGN00")("red", FILE)


def verified(believer: Signer, address: str) -> AssetRef:
    parts = urlsplit(address)
    return believer.verify(parts.path, parts.query)


def test_an_href_says_what_it_was_made_for() -> None:
    ref = verified(signer(), href(signer()))
    assert (ref.collection, ref.item, ref.key, ref.filename) == ("landsat_ot_c2_l2", ITEM, "red", FILE)
    assert ref.entity_id == "LC80470272020339LGN00"


@pytest.mark.parametrize("name", ["a b", "a/b", "ä", "a%2Fb", "a?b=c&d", "Straße_1.TIF"])
def test_odd_names_survive(name: str) -> None:
    made = signer().href_maker("http://here/", name, name, name)(name, name)
    ref = verified(signer(), made)
    assert (ref.collection, ref.item, ref.key, ref.filename, ref.entity_id) == (name,) * 5


def test_hrefs_of_one_window_are_equal_and_of_the_next_are_not() -> None:
    window = WEEK // 4
    start = NOW // window * window
    assert href(signer(now=start)) == href(signer(now=start + window - 1))
    assert href(signer(now=start)) != href(signer(now=start + window))


@given(st.floats(min_value=0, max_value=WEEK))
def test_an_href_is_good_for_its_whole_lifetime(after: float) -> None:
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


def test_the_address_of_the_server_is_not_signed() -> None:
    assert urlsplit(href(signer(), "https://other.example/stac/")).query == urlsplit(href(signer())).query
    assert verified(signer(), href(signer(), "https://other.example/stac/"))


@given(st.data())
def test_any_change_of_a_character_is_refused(data: st.DataObject) -> None:
    address = href(signer())
    place = data.draw(st.integers(address.index("/collections") + 1, len(address) - 1))
    other = data.draw(st.sampled_from("abcXYZ019_-./%&=?~"))
    changed = address[:place] + other + address[place + 1 :]
    if changed != address:
        with pytest.raises(Refused):
            verified(signer(), changed)


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


def test_a_key_is_made_once_and_kept_for_its_owner_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    (made,) = load_keys([], tmp_path / "data")
    path = tmp_path / "data" / "signing.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert str(path) in caplog.text
    assert made.decode() not in caplog.text
    assert load_keys([], tmp_path / "data") == (made,)
    assert [file.name for file in path.parent.iterdir()] == ["signing.key"]


def test_processes_that_start_together_end_with_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: load_keys([], tmp_path), range(64)))
    assert len(keys) == 1


def test_configured_keys_are_taken_in_order_and_none_is_made(tmp_path: Path) -> None:
    assert load_keys(["0123456789abcdef", "fedcba9876543210"], tmp_path) == (KEY, OTHER)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keys", [["short"], ["0123456789abcdef", ""]])
def test_a_key_that_keeps_no_secret_is_refused(tmp_path: Path, keys: list[str]) -> None:
    with pytest.raises(BridgeError, match="16 characters"):
        load_keys(keys, tmp_path)


def test_without_a_folder_to_keep_it_a_key_lasts_for_the_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert load_keys([], tmp_path / "file" / "data")
    assert "end with this process" in caplog.text
