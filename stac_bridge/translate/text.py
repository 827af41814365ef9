"""Reads keywords and DOIs from M2M's texts about datasets."""

from __future__ import annotations

import re

from stac_bridge.m2m.models.text import plain_line

_DOI = re.compile(r"10\.[0-9]{4,9}/[^\s\"'<>]+")


def split_keywords(raw: str | None) -> list[str]:
    """Return the distinct keywords of a comma-separated list, without placeholders and numbers of ISO topics.

    >>> split_keywords("None,EROS,Imagery ,EROS,010,ISO 19115 Category,,none")
    ['EROS', 'Imagery', 'ISO 19115 Category']
    """
    keywords = (plain_line(keyword) for keyword in (raw or "").split(","))
    return list(dict.fromkeys(keyword for keyword in keywords if keyword and not keyword.isdigit()))


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
