"""How files are reached: hrefs that are signed and expire, and products that USGS prepares on request."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Protocol

__all__ = ["ORDERABLE", "STAGED", "HrefOf", "auth_schemes"]

_SCHEME = "signed_url"

ORDERABLE = "orderable"
"""The order extension's word for what its provider makes available on request."""

STAGED = frozenset({"dds", "dds_ms", "dds_zip", "zip", "wms", "tram"})
"""Download systems that prepare a file before it can be fetched, or take an order for it [REFERENCE §8]."""


class HrefOf(Protocol):
    """Signs (asset key, file name)."""

    @property
    def expires(self) -> str:
        """When the hrefs do (RFC 3339)."""

    def __call__(self, asset: str, filename: str, /) -> str:
        """The href."""


@lru_cache(maxsize=64)
def auth_schemes(base: str) -> dict[str, Any]:
    """How hrefs are renewed; the same object every time, which nobody changes.

    Assets do not refer to it: browsers take ``auth:refs`` for a login that has to come first, and none has.

    The authentication extension's name for the flow of a signedUrl is that of its examples.
    """
    href = {
        "in": "query",
        "required": True,
        "description": "The href as it stands here, percent-encoded; an expired one is renewed, too.",
        "schema": {"type": "string"},
    }
    flow = {"method": "GET", "authorizationApi": f"{base}sign", "parameters": {"href": href}, "responseField": "href"}
    scheme = {
        "type": "signedUrl",
        "description": "Hrefs are signed already and open without a login until they expire; then /sign renews them.",
        "flows": {"authorizationCode": flow},
    }
    return {_SCHEME: scheme}
