"""One byte of a fresh URL tells what reading it will be like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING

import httpx

from stac_bridge.errors import (
    AssetUnavailable,
    BridgeError,
    UpstreamBusy,
    UpstreamFault,
    UpstreamTimeout,
    UpstreamUnreachable,
)

if TYPE_CHECKING:
    from stac_bridge.delivery.hosts import Hosts

__all__ = ["Source", "probe", "refusal", "unreachable"]

_CONTENT_RANGE = re.compile(r"bytes (?:\d+-\d+|\*)/(\d+)$")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes of a file are, and what the host says of them.

    ``name`` is unique for the file, whatever its URL is by now; ``size`` in bytes; ``ranges`` tells whether the
    host serves parts; ``eula`` is the code of the licence that USGS binds the file's use to.
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


async def probe(url: str, name: str, http: httpx.AsyncClient, hosts: Hosts) -> Source:
    """The source behind a URL that M2M gave. Raises AssetUnavailable, UpstreamError."""
    hosts.check(url)
    try:
        async with http.stream("GET", url, headers={"Range": "bytes=0-0"}, follow_redirects=False) as answer:
            if answer.status_code not in (200, 206) or answer.headers.get("content-type", "").startswith("text/html"):
                raise refusal(answer)
            return _described(answer, url, name)
    except httpx.HTTPError as fault:
        raise unreachable(fault) from fault


def _described(answer: httpx.Response, url: str, name: str) -> Source:
    headers = answer.headers
    whole = _CONTENT_RANGE.match(headers.get("content-range", "")) if answer.status_code == 206 else None
    length = headers.get("content-length", "")
    return Source(
        name=name,
        url=url,
        size=int(whole[1]) if whole else int(length) if answer.status_code == 200 and length.isdigit() else None,
        ranges=whole is not None,
        media_type=headers.get("content-type", "application/octet-stream"),
        etag=headers.get("etag"),
        last_modified=headers.get("last-modified"),
        filename=_filename(headers.get("content-disposition", "")),
    )


def _filename(disposition: str) -> str | None:
    message = Message()
    message["Content-Disposition"] = disposition
    return message.get_filename()


def refusal(answer: httpx.Response) -> BridgeError:
    """Why a download host did not give the bytes."""
    waits, status = answer.headers.get("retry-after", ""), answer.status_code
    if status in (404, 410):
        return AssetUnavailable("USGS does not have this file at the address it gave for it.")
    if status in (429, 500, 502, 503, 504):
        return UpstreamBusy(
            f"The USGS download host is busy or down (HTTP {status}); try again later.",
            retry_after=int(waits) if waits.isdigit() else 30,
        )
    return UpstreamFault(
        f"The USGS download host did not accept the address that M2M gave (HTTP {status}); try again."
        if status in (401, 403) or answer.is_redirect
        else f"The USGS download host answered with something that is not the file (HTTP {status})."
    )


def unreachable(fault: httpx.HTTPError) -> UpstreamUnreachable | UpstreamTimeout:
    """Why there was no answer at all."""
    if isinstance(fault, httpx.TimeoutException):
        return UpstreamTimeout("The USGS download host did not answer in time; try again later.", retry_after=30)
    return UpstreamUnreachable(
        f"The USGS download host cannot be reached ({type(fault).__name__}); try again later.", retry_after=30
    )
