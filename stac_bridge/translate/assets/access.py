"""How clients get files: signed hrefs that expire, and products that USGS prepares on request."""

from __future__ import annotations

from typing import Any, Protocol

_SCHEME = "signed_url"

ORDERABLE = "orderable"
"""The order extension's status of a file that its provider makes available on request."""

STAGED_SYSTEMS = frozenset({"dds", "dds_ms", "dds_zip", "zip", "wms", "tram"})
"""Download systems that prepare a file before it can be downloaded, or take an order for it [REFERENCE §8]."""


class HrefMaker(Protocol):
    """Makes the signed hrefs of one Item's assets."""

    @property
    def expires(self) -> str:
        """When the hrefs expire (RFC 3339)."""

    def __call__(self, asset: str, filename: str, url: str | None = None, /) -> str:
        """Return the signed href of an asset (its key) and file name; ``url`` is where a public picture is."""


def auth_schemes(base: str) -> dict[str, Any]:
    """Return ``auth:schemes``, which describes how to renew hrefs.

    Assets have no ``auth:refs`` to it, because STAC Browser would ask users for a login, and no login exists.

    The authentication extension has no flow name for signedUrl; ``authorizationCode`` is the one in its examples.
    """
    href = {
        "in": "query",
        "required": True,
        "description": "The href from the Item, percent-encoded; it can have expired.",
        "schema": {"type": "string"},
    }
    flow = {"method": "GET", "authorizationApi": f"{base}sign", "parameters": {"href": href}, "responseField": "href"}
    scheme = {
        "type": "signedUrl",
        "description": "Hrefs are already signed and need no login until they expire; then /sign renews them.",
        "flows": {"authorizationCode": flow},
    }
    return {_SCHEME: scheme}
