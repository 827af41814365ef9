"""Cleans M2M's texts and addresses where they enter: no markup, no invisible characters, only web addresses.

M2M writes descriptions and notices as HTML, and escapes some of it twice. STAC clients show titles as text or HTML and
descriptions as Markdown, so neither HTML nor a Markdown link to anything but the web may be left.
"""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlsplit

_BREAK = re.compile(r"<\s*/?\s*(?:br|p|div|li|tr|h[1-6])\b[^<>]*>", re.IGNORECASE)
_AUTOLINK = re.compile(r"<(https?://[^<>\s]+)>", re.IGNORECASE)
_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[/!?a-zA-Z][^<>]*>", re.DOTALL)
_UNCLOSED = re.compile(r"<(?=[/!?a-zA-Z])")
"""What an HTML parser reads as the start of a tag; the next ``>`` of the page would close it."""

_NESTED = re.compile(r"&(?:(?:amp|#0*38|#x0*26);)+", re.IGNORECASE)
"""An ampersand that was escaped any number of times."""

_ENTITY = re.compile(r"&(?=#?[a-zA-Z0-9])")
_MAX_ROUNDS = 5
"""Rounds of decoding entities and removing tags: each can uncover others. More than two are no accident."""

_INVISIBLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""Control characters other than whitespace, marks that reverse text, and code points that are not characters."""

_LINK_DESTINATION = re.compile(r"\](?=\((?!\s*https?://)|:)", re.IGNORECASE)
"""The middle of a Markdown link, or of a reference definition, whose destination is not on the web."""

_SUSPECT = re.compile(rf"[<&\]]|{_INVISIBLE.pattern}")
_PLACEHOLDERS = frozenset({"", "none", "null", "n/a", "unknown"})


def without_markup(raw: str) -> str:
    r"""Return text without HTML, entities, invisible characters, and Markdown links to anything but the web.

    Escaped markup is markup, too: clients that show a text as HTML would decode it. Each remaining ``<`` is
    followed by something other than a tag name.

    >>> without_markup("The <b>first</b> release&nbsp;of SRTM, 1 &lt; 2 <3, &amp;lt;img src=x onerror=alert(1)&amp;gt;")
    'The first release\xa0of SRTM, 1 < 2 <3, '
    >>> without_markup("a<b, <<b>script>alert(1)<</b>/script>, [here](javascript:alert(1)), [there](https://usgs.gov)")
    'a< b, alert(1), [here] (javascript:alert(1)), [there](https://usgs.gov)'
    """
    if not _SUSPECT.search(raw):
        return raw
    text = raw
    for _ in range(_MAX_ROUNDS):
        before, text = text, _stripped(text)
        if text == before:
            break
    else:
        text = _ENTITY.sub("& ", text)
    return _LINK_DESTINATION.sub("] ", _UNCLOSED.sub("< ", text))


def _stripped(text: str) -> str:
    decoded = _INVISIBLE.sub("", html.unescape(_NESTED.sub("&", text)))
    return _TAG.sub("", _BREAK.sub("\n", _AUTOLINK.sub(r"\1", decoded)))


def plain_text(raw: str | None) -> str | None:
    r"""Return ``without_markup`` with at most one empty line between paragraphs; None if it is a placeholder.

    >>> plain_text("The <b>first</b> release&nbsp;of SRTM.\r\n\r\n\r\nA second<br>line. ")
    'The first release of SRTM.\n\nA second\nline.'
    >>> plain_text(" <p></p>\r\n"), plain_text("None"), plain_text(None)
    (None, None, None)
    """
    if raw is None:
        return None
    plain = without_markup(raw.replace("\r\n", "\n").replace("\r", "\n"))
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(" ".join(line.split()) for line in plain.split("\n"))).strip()
    return None if text.casefold() in _PLACEHOLDERS else text


def plain_line(raw: str | None) -> str | None:
    r"""Return ``plain_text`` on one line.

    >>> plain_line("Maintenance<br>on &lt;i&gt;Wednesday&lt;/i&gt;")
    'Maintenance on Wednesday'
    """
    text = plain_text(raw)
    return text and " ".join(text.split())


def web_address(value: Any) -> str | None:
    r"""Return an address on the web; None for anything else, such as ``javascript:`` or ``data:``.

    >>> web_address(" https://ims.cr.usgs.gov/a.jpg "), web_address("javascript:alert(1)"), web_address("//x/a.jpg")
    ('https://ims.cr.usgs.gov/a.jpg', None, None)
    >>> web_address("https:///a.jpg"), web_address("http://[a"), web_address("https://x.example/\r\nSet-Cookie: a=b")
    (None, None, None)
    """
    if not isinstance(value, str):
        return None
    address = value.strip()
    try:
        parts = urlsplit(address)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return address if is_web and not re.search(r"[\x00-\x1f\x7f<>\"\\\ud800-\udfff]", address) else None
