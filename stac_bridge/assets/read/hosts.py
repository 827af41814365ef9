"""Where downloads may come from: an allow-list of host names, on any port."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stac_bridge.errors import UpstreamFault

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Hosts"]

_PLAIN = re.compile(r"https?://[a-z0-9._\-\[\]:]+(?:[/?#][!-\[\]-~]*)?", re.ASCII | re.IGNORECASE)
"""What every reader of URLs takes apart in the same way: no user, no backslash, blank or control character."""


class Hosts:
    """The list. ``names`` may be reached by https; those that also stand in ``plain`` by http, too.

    Names match exactly, so a loopback name or an address counts only when it is listed itself. ``own_origin``
    (scheme, host and port) is one more place: the embedded sandbox's.
    """

    def __init__(self, names: Collection[str], plain: Collection[str] = (), own_origin: str | None = None) -> None:
        self._names = {_folded(name) for name in names}
        self._plain = {_folded(name) for name in plain}
        self._own = _origin(own_origin) if own_origin else None

    def check(self, url: str) -> None:
        """Raises UpstreamFault where the list does not have the URL's host; its text does not show the URL."""
        try:
            scheme, host, port = _origin(url)
        except ValueError:
            scheme, host, port = "", "", None
        if self._own and (scheme, host, port) == self._own:
            return
        if (scheme == "https" and host in self._names | self._plain) or (scheme == "http" and host in self._plain):
            return
        raise UpstreamFault(
            f"M2M names a download at {scheme}://{host}, which STAC_BRIDGE_DOWNLOAD_HOSTS does not list; "
            "add the name there if USGS has a new download host."
        )


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    if not _PLAIN.fullmatch(url) or not parts.hostname:
        raise ValueError("an address that is not plain, or without a host")
    return parts.scheme.lower(), _folded(parts.hostname), parts.port


def _folded(name: str) -> str:
    return name.strip().strip("[]").rstrip(".").casefold()
