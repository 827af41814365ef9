"""Content-Security-Policy: what a browser may do on a page of this server."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlsplit

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The policy of pages without scripts, pictures or requests."""


def script_hash(script: str) -> str:
    """The source expression that allows exactly this inline script.

    >>> script_hash("alert('Hello, world.');")
    "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def origin_of(base: str) -> str:
    """The source expression that allows everything at the host of the API's base URL.

    >>> origin_of("https://stac.example:8443/usgs/")
    'https://stac.example:8443'
    """
    return urlsplit(base)._replace(path="").geturl()
