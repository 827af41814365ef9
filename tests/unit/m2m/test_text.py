"""Texts and addresses of M2M, which clients show as HTML or Markdown and follow."""

from __future__ import annotations

import html
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stac_bridge.m2m.models.text import plain_line, plain_text, web_address, without_markup
from stac_bridge.m2m.models.values import as_plain_text

PIECES = st.sampled_from(
    [
        *("<", ">", "</", "<!", "<?", "<!--", "-->", "&", ";", "amp;", "#38;", "#x26;", "lt;", "gt;", "#60;", "&lt"),
        *("img src=x onerror=alert(1)", "script", "svg/onload=alert(1)", "a href=javascript:alert(1)", "b", "p", "br"),
        *("[here](", "[x]:", "javascript:alert(1)", "data:text/html,x", "https://usgs.gov", ")", "\\", "\x00", "\n"),
        *("\u202e", "\ufeff", " ", "1 < 2", "Tier 1", "\u00b5m", "'", '"'),
    ]
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)


class Tags(HTMLParser):
    """The tags, comments and declarations of a text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        # what follows the text on a page may close a tag that it opened
        self.feed(text + "><p>")
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_comment(self, data: str) -> None:
        self.seen.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def times_unescaped(text: str) -> list[str]:
    once = html.unescape(text)
    return [text, once, html.unescape(once)]


@given(TEXTS)
@example("&lt;img src=x onerror=alert(1)&gt;")
@example("&amp;lt;img src=x onerror=alert(1)&amp;gt;")
@example("&amp;amp;amp;amp;amp;amp;lt;svg/onload=alert(1)&gt;")
@example("<<b>img src=x onerror=alert(1)>")
@example("<\x00img src=x onerror=alert(1)>")
@example("<img src=x onerror=alert(1) ")
@example("&am&#112;;lt;b&gt;")
def test_no_text_has_a_tag_however_often_a_client_decodes_it(raw: str) -> None:
    for clean in (without_markup(raw), plain_text(raw) or "", plain_line(raw) or "", as_plain_text(raw) or ""):
        for text in times_unescaped(clean):
            assert Tags(text).seen == ["p"], (clean, text)


@given(TEXTS)
@example("[here](javascript:alert(1))")
@example("[here](<javascript:alert(1)>)")
@example("[here](javascript&#58;alert(1))")
@example("[here](javascript\\:alert(1))")
@example("![x](data:text/html,x)")
@example("[x]: javascript:alert(1)")
def test_no_markdown_link_leads_anywhere_but_to_the_web(raw: str) -> None:
    text = without_markup(raw)
    for start in range(len(text)):
        if text.startswith("](", start):
            assert text[start + 2 :].lstrip().lower().startswith(("http://", "https://")), text
    assert "]:" not in text


@given(TEXTS | st.text())
def test_a_clean_text_stays_as_it_is(raw: str) -> None:
    clean = without_markup(raw)
    assert without_markup(clean) == clean


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LC08_L2SP",
        "1 < 2 > 0",
        "<10%",
        "AT&T",
        "R & D",
        "50%_off",
        "[1] (see below)",
        "\u00b5m, \u4e2d\u6587",
        "x\ty",
    ],
)
def test_text_without_markup_is_kept(text: str) -> None:
    assert without_markup(text) == text


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert(1)", " JavaScript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x"),
        *("file:///etc/passwd", "//host/a.jpg", "a.jpg", "", "https://", "http://[", "ftp://host/a", "https:a"),
        *(
            'https://x/"onmouseover=alert(1)',
            "https://x/<b>",
            "https://x/\r\nSet-Cookie: a",
            "https://x:99999/",
            7,
            None,
        ),
    ],
)
def test_only_an_address_on_the_web_is_an_address(address: object) -> None:
    assert web_address(address) is None


def test_an_address_on_the_web_is_kept() -> None:
    for address in ("https://ims.cr.usgs.gov/a b.jpg?x=1&y=2", "http://landsatlook.usgs.gov/gen-browse?size=thumb"):
        assert web_address(address) == address
