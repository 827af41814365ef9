"""What M2M says of a dataset in words → words that can be shown: without markup, blanks and placeholders."""

from __future__ import annotations

import html
import re

__all__ = ["doi", "keywords", "plain"]

_BREAK = re.compile(r"<\s*/?\s*(?:br|p|div|li|tr|h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
_DOI = re.compile(r"10\.[0-9]{4,9}/[^\s\"'<>]+")
_PLACEHOLDERS = frozenset({"", "none", "null", "n/a", "unknown"})


def plain(said: str | None) -> str | None:
    r"""Text as paragraphs with one empty line between, or None where nothing is said.

    >>> plain("The <b>first</b> release&nbsp;of SRTM.\r\n\r\n\r\nA second<br>line. ")
    'The first release of SRTM.\n\nA second\nline.'
    >>> plain(" <p></p>\r\n"), plain("None"), plain(None)
    (None, None, None)
    """
    if said is None:
        return None
    unmarked = _TAG.sub("", _BREAK.sub("\n", said.replace("\r\n", "\n").replace("\r", "\n")))
    lines = [" ".join(_UNSEEN.sub("", line).split()) for line in html.unescape(unmarked).split("\n")]
    whole = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return None if whole.casefold() in _PLACEHOLDERS else whole


def keywords(said: str | None) -> list[str]:
    """Keywords that commas part, each once, without placeholders and the numbers of topic lists.

    >>> keywords("None,EROS,Imagery ,EROS,010,ISO 19115 Category,,none")
    ['EROS', 'Imagery', 'ISO 19115 Category']
    """
    words = (plain(word) for word in (said or "").split(","))
    return list(dict.fromkeys(" ".join(word.split()) for word in words if word and not word.isdigit()))


def doi(said: str | None) -> str | None:
    r"""The DOI alone, out of an address, a prefix, or blanks around it.

    >>> doi("https://doi.org/10.5066/P9OGBGM6 "), doi("doi:10.5066/F7K35S5K"), doi("10.5066/P9XA9T50\xa0")
    ('10.5066/P9OGBGM6', '10.5066/F7K35S5K', '10.5066/P9XA9T50')
    >>> doi("none"), doi("https://doi.org/"), doi(None)
    (None, None, None)
    """
    found = _DOI.search(said or "")
    return found[0].rstrip(".,;/)") or None if found else None
