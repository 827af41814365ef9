"""The hosts that downloads may come from: an allow-list of host names, on any port."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from stac_bridge.errors import UpstreamFault

_PLAIN_URL = re.compile(r"https?://[a-z0-9._\-\[\]:]+(?:[/?#][!-\[\]-~]*)?", re.ASCII | re.IGNORECASE)
"""URLs that every parser splits in the same way: no user, backslash, space or control character. A URL that urlsplit
and httpx understand differently could pass the check and lead to another host."""


class HostAllowList:
    """Allows ``names`` over https, and those that are also in ``plain`` over http, too.

    Names match exactly, so that a loopback name or an IP address is allowed only if it is listed itself.
    ``own_origin`` (scheme, host and port) is allowed as well: the embedded sandbox's.
    """

    def __init__(self, names: Collection[str], plain: Collection[str] = (), own_origin: str | None = None) -> None:
        self._names = {_normalize(name) for name in names}
        self._plain = {_normalize(name) for name in plain}
        self._own_origin = _origin(own_origin) if own_origin else None

    def allows(self, url: str) -> bool:
        """Return whether the URL is plain and its host is allowed."""
        scheme, host, port = _origin_or_nothing(url)
        if self._own_origin and (scheme, host, port) == self._own_origin:
            return True
        return (scheme == "https" and host in self._names | self._plain) or (scheme == "http" and host in self._plain)

    def check(self, url: str) -> None:
        """Raises UpstreamFault if the URL's host is not allowed; the error does not show the URL, which is a secret."""
        if self.allows(url):
            return
        scheme, host, _port = _origin_or_nothing(url)
        raise UpstreamFault(
            f"M2M names a download at {scheme}://{host}, which STAC_BRIDGE_DOWNLOAD_HOSTS does not list; "
            "add the name there if USGS has a new download host."
        )


def _origin_or_nothing(url: str) -> tuple[str, str, int | None]:
    try:
        return _origin(url)
    except ValueError:
        return "", "", None


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    if not _PLAIN_URL.fullmatch(url) or not parts.hostname:
        raise ValueError("not a plain URL, or without a host")
    return parts.scheme.lower(), _normalize(parts.hostname), parts.port


def _normalize(name: str) -> str:
    return name.strip().strip("[]").rstrip(".").casefold()
