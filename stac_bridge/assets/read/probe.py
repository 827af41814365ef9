"""Requests the first bytes of a download URL, and describes the file behind it."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

import httpx

from stac_bridge.assets.read.hosts import HostAllowList
from stac_bridge.errors import (
    AssetUnavailable,
    BridgeError,
    UpstreamBusy,
    UpstreamFault,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from stac_bridge.file_sniffer import find_impostor, is_coded
from stac_bridge.http_headers import read_content_range, read_count, read_filename, read_retry_after, read_text

PROBE_BYTES = 64
"""Bytes that identify a page: a byte order mark and ``<!doctype html`` fit in, or a declaration and ``<Error>``."""

GZIP_START = b"\x1f\x8b"

PROBE_TIMEOUT = 60.0
"""Seconds for a probe with its redirects: a host that sends a byte now and then never exceeds a timeout of httpx."""

MAX_HOPS = 4
"""URLs that are requested, from the one that M2M gave to the one that has the file."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of a file are, and what the host says about them.

    ``name`` identifies the file, whatever its current URL; one of the words in it is the file's real name.
    ``size`` is in bytes, None if the host does not report it; ``ranges`` says whether the host serves ranges.
    ``eula`` is the code of the license that USGS binds the file's use to.

    A member of an archive has ``whole``, the archive's own source, and ``part``, its bytes within it; its ``size`` is
    then the part's, its ``url`` the archive's. The file inside a gzip has ``packed``, the gzip's source; its size is
    not known. ``verified_at`` (Unix seconds) is when the URL last worked.
    """

    name: str
    url: str
    size: int | None
    ranges: bool
    media_type: str
    etag: str | None = None
    last_modified: str | None = None
    filename: str | None = None
    eula: str | None = None
    part: range | None = None
    whole: Source | None = None
    is_gzip: bool = False
    packed: Source | None = None
    verified_at: float = field(default_factory=time.time, compare=False)

    @property
    def file(self) -> Source:
        """The file at the URL: the archive if this is a member of one."""
        return self.whole or self

    def may_equal(self, other: Source) -> bool:
        """Whether both can be the same version of the same file; what one of them lacks is not compared."""
        pairs = (
            (self.size, other.size),
            (self.etag, other.etag),
            (self.last_modified, other.last_modified),
        )
        return self.part == other.part and all(may_match(own, others) for own, others in pairs)


def may_match(first: str | int | None, second: str | int | None) -> bool:
    """Whether two entity tags, dates or sizes may belong to the same file.

    A weak and a strong entity tag are compared without the mark: caches on the way weaken tags.

    >>> may_match('"a"', 'W/"a"'), may_match('"a"', '"b"'), may_match(None, 7)
    (True, False, True)
    """
    return None in (first, second) or str(first).removeprefix("W/") == str(second).removeprefix("W/")


async def probe(
    url: str, name: str, http: httpx.AsyncClient, hosts: HostAllowList, max_seconds: float = PROBE_TIMEOUT
) -> Source:
    """Return the source at a URL from M2M, or at the end of its redirects, within ``max_seconds``.

    Raises AssetUnavailable, UpstreamError.
    """
    try:
        async with asyncio.timeout(max_seconds):
            for _ in range(MAX_HOPS):
                result = await _request_start(url, name, http, hosts)
                if isinstance(result, Source):
                    return result
                url = result
    except TimeoutError:
        raise _timed_out() from None
    raise UpstreamFault("The USGS download host redirects without end; try again later.")


async def _request_start(url: str, name: str, http: httpx.AsyncClient, hosts: HostAllowList) -> Source | str:
    """Return the source, or the URL of a redirect, which the next call checks against the allow-list."""
    hosts.check(url)
    headers = {"Accept-Encoding": "identity", "Range": f"bytes=0-{PROBE_BYTES - 1}"}
    try:
        async with http.stream("GET", url, headers=headers, follow_redirects=False) as response:
            if response.has_redirect_location:
                return urljoin(url, response.headers["location"])
            if not _is_empty(response) and (response.status_code not in (200, 206) or is_impostor(name, response)):
                raise host_error(response)
            check_coding(response)
            start = b""
            async for chunk in response.aiter_bytes():
                start += chunk
                if len(start) > PROBE_BYTES:
                    break  # the host ignores Range; a range is read to its end, so that the connection is reused
            if is_impostor(name, response, start):
                raise host_error(response)
            return replace(_describe(response, url, name), is_gzip=start.startswith(GZIP_START))
    except httpx.HTTPError as error:
        raise transport_error(error) from error
    except httpx.InvalidURL:
        raise UpstreamFault("M2M gave a malformed address for this file; try again later.") from None


def is_impostor(name: str, response: httpx.Response, start: bytes = b"") -> bool:
    """Return whether something was sent in place of the file ``name``, by its headers or its first bytes.

    Without a valid signature, USGS hosts lead to a login page, some of them with status 200 [REFERENCE §8].
    """
    return find_impostor(start, response.headers.get("content-type"), name.split()) is not None


def check_coding(response: httpx.Response) -> None:
    """Raises UpstreamFault for a compressed body: its lengths and ranges are not the file's own."""
    if is_coded(response.headers.get("content-encoding"), ""):
        raise UpstreamFault("The USGS download host compressed this file without being asked to; try again later.")


def _is_empty(response: httpx.Response) -> bool:
    """Return whether the file has no bytes: then no range can be satisfied, and the host answers 416."""
    return response.status_code == 416 and _total_size(response) == 0


def _total_size(response: httpx.Response) -> int | None:
    """Return the whole file's size according to Content-Range."""
    content_range = read_content_range(response.headers.get("content-range"))
    return content_range[1] if content_range else None


def _describe(response: httpx.Response, url: str, name: str) -> Source:
    headers, is_whole = response.headers, response.status_code == 200
    size = read_count(headers.get("content-length")) if is_whole else _total_size(response)
    return Source(
        name=name,
        url=url,
        size=size,
        ranges=not is_whole and size is not None,
        media_type=read_text(headers.get("content-type")) or "application/octet-stream",
        etag=read_text(headers.get("etag")),
        last_modified=read_text(headers.get("last-modified")),
        filename=read_filename(headers.get("content-disposition")),
    )


def host_error(response: httpx.Response) -> BridgeError:
    """Return the error for a download host's response that is not the file."""
    wait, status = read_retry_after(response.headers.get("retry-after"), time.time()), response.status_code
    if status in (404, 410):
        return AssetUnavailable("USGS does not have this file at the address it gave for it.")
    if status in (429, 500, 502, 503, 504):
        return UpstreamBusy(
            f"The USGS download host is busy or down (HTTP {status}); try again later.",
            retry_after=30 if wait is None else math.ceil(wait),
        )
    return UpstreamFault(
        f"The USGS download host did not accept the address that M2M gave (HTTP {status}); try again."
        if status in (401, 403) or response.is_redirect
        else f"The USGS download host answered with something that is not the file (HTTP {status}); try again later.",
        retry_after=30,
    )


def transport_error(error: httpx.HTTPError) -> UpstreamUnreachable | UpstreamTimeout:
    """Return the error for a missing or incomplete response."""
    if isinstance(error, httpx.TimeoutException):
        return _timed_out()
    return UpstreamUnreachable(
        f"The USGS download host cannot be reached ({type(error).__name__}); try again later.", retry_after=30
    )


def _timed_out() -> UpstreamTimeout:
    return UpstreamTimeout("The USGS download host did not answer in time; try again later.", retry_after=30)
