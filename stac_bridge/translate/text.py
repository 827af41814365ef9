"""Cleans M2M's texts about datasets: removes markup, excess whitespace and placeholders."""

from __future__ import annotations

import html
import re

_BREAK = re.compile(r"<\s*/?\s*(?:br|p|div|li|tr|h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_DOI = re.compile(r"10\.[0-9]{4,9}/[^\s\"'<>]+")
_PLACEHOLDERS = frozenset({"", "none", "null", "n/a", "unknown"})


def plain_text(raw: str | None) -> str | None:
    r"""Return text without HTML and with at most one empty line between paragraphs; None if it is a placeholder.

    >>> plain_text("The <b>first</b> release&nbsp;of SRTM.\r\n\r\n\r\nA second<br>line. ")
    'The first release of SRTM.\n\nA second\nline.'
    >>> plain_text(" <p></p>\r\n"), plain_text("None"), plain_text(None)
    (None, None, None)
    """
    if raw is None:
        return None
    without_tags = _TAG.sub("", _BREAK.sub("\n", raw.replace("\r\n", "\n").replace("\r", "\n")))
    # Entities are decoded last, so that an escaped "&lt;b&gt;" stays as text.
    lines = [" ".join(_INVISIBLE.sub("", line).split()) for line in html.unescape(without_tags).split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return None if text.casefold() in _PLACEHOLDERS else text


def split_keywords(raw: str | None) -> list[str]:
    """Return the distinct keywords of a comma-separated list, without placeholders and numbers of ISO topics.

    >>> split_keywords("None,EROS,Imagery ,EROS,010,ISO 19115 Category,,none")
    ['EROS', 'Imagery', 'ISO 19115 Category']
    """
    keywords = (plain_text(keyword) for keyword in (raw or "").split(","))
    return list(dict.fromkeys(" ".join(keyword.split()) for keyword in keywords if keyword and not keyword.isdigit()))


def bare_doi(raw: str | None) -> str | None:
    r"""Return the DOI without an address, prefix or whitespace around it; None if there is none.

    >>> bare_doi("https://doi.org/10.5066/P9OGBGM6 "), bare_doi("doi:10.5066/F7K35S5K")
    ('10.5066/P9OGBGM6', '10.5066/F7K35S5K')
    >>> bare_doi("10.5066/P9XA9T50\xa0")
    '10.5066/P9XA9T50'
    >>> bare_doi("none"), bare_doi("https://doi.org/"), bare_doi(None)
    (None, None, None)
    """
    match = _DOI.search(raw or "")
    return match[0].rstrip(".,;/)") or None if match else None
