"""The first bytes of a fresh URL tell what reading it will be like."""

from __future__ import annotations

import math
import mimetypes
import re
import time
from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import httpx

from stac_bridge.errors import (
    AssetUnavailable,
    BridgeError,
    UpstreamBusy,
    UpstreamFault,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from stac_bridge.http_headers import read_content_range, read_count, read_retry_after, read_text

if TYPE_CHECKING:
    from stac_bridge.assets.read.hosts import Hosts

__all__ = ["SNIFFED", "Source", "alike", "is_page", "probe", "refusal", "unreachable"]

SNIFFED = 64
"""Bytes that tell a page: white space, a byte order mark and ``<!doctype html`` fit in."""

_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)", re.IGNORECASE)


MOST_HOPS = 4
"""Addresses that are looked at, from the one that M2M gave to where the file is."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of a file are, and what the host says of them.

    ``name`` is unique for the file, whatever its URL is by now, and one of its words is the file's real name;
    ``size`` in bytes; ``ranges`` tells whether the host serves parts. A member of an archive is the ``part`` of
    the file at ``url`` that it is (its ``size`` is then the part's), and knows the ``whole``. ``seen`` is when
    the URL was last known to answer, as ``time.time`` tells it; ``eula`` is the code of the licence that USGS binds
    the file's use to.
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
    seen: float = field(default_factory=time.time, compare=False)

    @property
    def file(self) -> Source:
        """The file at the URL: the archive, where this is a member of one."""
        return self.whole or self

    def resembles(self, other: Source) -> bool:
        """Whether both can be one state of one file; what either does not say does not tell them apart."""
        said = (
            (self.size, other.size),
            (self.etag, other.etag),
            (self.last_modified, other.last_modified),
        )
        return self.part == other.part and all(alike(mine, others) for mine, others in said)


def alike(one: str | int | None, other: str | int | None) -> bool:
    """Whether two entity tags, times or sizes may be of one file; caches between make a tag weak, but no other.

    >>> alike('"a"', 'W/"a"'), alike('"a"', '"b"'), alike(None, 7)
    (True, False, True)
    """
    return None in (one, other) or str(one).removeprefix("W/") == str(other).removeprefix("W/")


async def probe(url: str, name: str, http: httpx.AsyncClient, hosts: Hosts) -> Source:
    """The source behind a URL that M2M gave, or at the end of its redirects. Raises AssetUnavailable, UpstreamError."""
    for _ in range(MOST_HOPS):
        found = await _look(url, name, http, hosts)
        if isinstance(found, Source):
            return found
        url = found
    raise UpstreamFault("The USGS download host leads from one address to the next without end; try again later.")


async def _look(url: str, name: str, http: httpx.AsyncClient, hosts: Hosts) -> Source | str:
    """What is there: the file, or the address of another place, which is not believed before it is checked."""
    hosts.check(url)
    asked = {"Accept-Encoding": "identity", "Range": f"bytes=0-{SNIFFED - 1}"}
    try:
        async with http.stream("GET", url, headers=asked, follow_redirects=False) as answer:
            if answer.has_redirect_location:
                return urljoin(url, answer.headers["location"])
            if not _is_empty(answer) and (answer.status_code not in (200, 206) or is_page(name, answer)):
                raise refusal(answer)
            start = b""
            async for chunk in answer.aiter_bytes():
                start += chunk
                if len(start) > SNIFFED:
                    break  # the whole came; a part is read to its end, which keeps the connection
            if is_page(name, answer, start):
                raise refusal(answer)
            return _described(answer, url, name)
    except httpx.HTTPError as fault:
        raise unreachable(fault) from fault
    except httpx.InvalidURL:
        raise UpstreamFault("M2M gave an address for this file that cannot be read; try again later.") from None


def is_page(name: str, answer: httpx.Response, start: bytes = b"") -> bool:
    """Whether a page for people came in place of the file ``name``, by its type or by its first bytes.

    Without a signature, hosts of USGS lead to a login page, some of them with 200 [REFERENCE §8].
    """
    if any(mimetypes.guess_type(word)[0] == "text/html" for word in name.split()):
        return False
    return answer.headers.get("content-type", "").lower().startswith("text/html") or bool(_PAGE.match(start))


def _is_empty(answer: httpx.Response) -> bool:
    """A file without bytes has none that could be asked for."""
    return answer.status_code == 416 and _whole_size(answer) == 0


def _whole_size(answer: httpx.Response) -> int | None:
    """The file's size, as an answer tells it that holds a part; None where it does not."""
    found = read_content_range(answer.headers.get("content-range"))
    return found[1] if found else None


def _described(answer: httpx.Response, url: str, name: str) -> Source:
    headers, is_whole = answer.headers, answer.status_code == 200
    size = read_count(headers.get("content-length")) if is_whole else _whole_size(answer)
    return Source(
        name=name,
        url=url,
        size=size,
        ranges=not is_whole and size is not None,
        media_type=read_text(headers.get("content-type")) or "application/octet-stream",
        etag=read_text(headers.get("etag")),
        last_modified=read_text(headers.get("last-modified")),
        filename=_filename(headers.get("content-disposition", "")),
    )


def _filename(disposition: str) -> str | None:
    message = Message()
    message["Content-Disposition"] = disposition
    return message.get_filename()


def refusal(answer: httpx.Response) -> BridgeError:
    """Why a download host did not give the bytes."""
    wait, status = read_retry_after(answer.headers.get("retry-after"), time.time()), answer.status_code
    if status in (404, 410):
        return AssetUnavailable("USGS does not have this file at the address it gave for it.")
    if status in (429, 500, 502, 503, 504):
        return UpstreamBusy(
            f"The USGS download host is busy or down (HTTP {status}); try again later.",
            retry_after=30 if wait is None else math.ceil(wait),
        )
    return UpstreamFault(
        f"The USGS download host did not accept the address that M2M gave (HTTP {status}); try again."
        if status in (401, 403) or answer.is_redirect
        else f"The USGS download host answered with something that is not the file (HTTP {status}); try again later.",
        retry_after=30,
    )


def unreachable(fault: httpx.HTTPError) -> UpstreamUnreachable | UpstreamTimeout:
    """Why there was no answer at all, or why it ended too early."""
    if isinstance(fault, httpx.TimeoutException):
        return UpstreamTimeout("The USGS download host did not answer in time; try again later.", retry_after=30)
    return UpstreamUnreachable(
        f"The USGS download host cannot be reached ({type(fault).__name__}); try again later.", retry_after=30
    )
