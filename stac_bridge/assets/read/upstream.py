"""One asking of a download host: bytes of a file, believed only where the answer says that they are those asked for."""

from __future__ import annotations

import sys
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx

from stac_bridge.assets.read.probe import SNIFFED, alike, is_page, refusal, unreachable
from stac_bridge.errors import UpstreamFault
from stac_bridge.http_headers import read_content_range, read_count

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from stac_bridge.assets.read.probe import Source

__all__ = ["changed", "pieces"]

MOST_SKIPPED = 16 * 2**20
"""Bytes that are read in vain where a host that serves parts answers with the whole for once."""


async def pieces(source: Source, wanted: range, http: httpx.AsyncClient) -> AsyncGenerator[bytes, None]:
    """The bytes of the file at ``source.url`` from ``wanted.start`` on: to its stop, or as far as the host gives them.

    Raises AssetUnavailable, UpstreamError: before the first byte where the answer is not the file's, in the
    middle where it breaks or goes past what it announced.
    """
    try:
        async with http.stream("GET", source.url, headers=_asking(source, wanted), follow_redirects=False) as answer:
            given = _given(answer, source, wanted)
            async with aclosing(_believed(answer, given, source)) as body:
                place = given.start
                async for chunk in body:
                    kept = chunk[max(0, wanted.start - place) : wanted.stop - place]
                    place += len(chunk)
                    if kept:
                        yield kept
                    if place >= wanted.stop and given.stop > wanted.stop:
                        return  # the whole came for a part
    except httpx.HTTPError as fault:
        raise unreachable(fault) from fault


def changed() -> UpstreamFault:
    """What to say when two answers are not of one file."""
    return UpstreamFault("This file has changed at USGS while it was read; read it again from its start.")


def _asking(source: Source, wanted: range) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}  # lengths and ranges are those of the file itself
    if not source.ranges:
        return headers
    headers["Range"] = f"bytes={wanted.start}-{wanted.stop - 1}"
    if source.etag and not source.etag.startswith("W/"):
        headers["If-Range"] = source.etag
    return headers


def _given(answer: httpx.Response, source: Source, wanted: range) -> range:
    """Which bytes the answer holds. Raises AssetUnavailable, UpstreamError where they are of no use."""
    if answer.status_code not in (200, 206) or is_page(source.name, answer):
        raise refusal(answer)
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise UpstreamFault("The USGS download host packs this file in a way it was not asked to; try again later.")
    given, size = _told(answer)
    if (source.size is not None and size not in (None, source.size)) or _is_another(answer, source):
        raise changed()
    if given.start != wanted.start and (given.start or (wanted.start > MOST_SKIPPED and source.ranges)):
        raise UpstreamFault("The USGS download host gave another part of this file than was asked for; try again.")
    return given if source.size is None else range(given.start, min(given.stop, source.size))


def _told(answer: httpx.Response) -> tuple[range, int | None]:
    """The bytes that the answer announces, and the size of the whole. Raises UpstreamFault where it is not plain."""
    size = read_count(answer.headers.get("content-length"))
    if answer.status_code == 200:
        return range(sys.maxsize if size is None else size), size
    found = read_content_range(answer.headers.get("content-range"))
    if found is None or not found[0] or (size is not None and size != len(found[0])):
        raise UpstreamFault("The USGS download host does not say which part of this file it gave; try again.")
    return found


def _is_another(answer: httpx.Response, source: Source) -> bool:
    """Whether the answer is of another state of the file."""
    said = ((answer.headers.get("etag"), source.etag), (answer.headers.get("last-modified"), source.last_modified))
    return not all(alike(theirs, ours) for theirs, ours in said)


async def _believed(answer: httpx.Response, given: range, source: Source) -> AsyncGenerator[bytes, None]:
    """The body, once its first bytes are known to be no page. Raises UpstreamFault past what was announced."""
    body = _bounded(answer.aiter_bytes(), len(given))
    if given.start == 0:
        start = b""
        async for chunk in body:
            start += chunk
            if len(start) >= SNIFFED:
                break
        if is_page(source.name, answer, start):
            raise refusal(answer)
        yield start
    async for chunk in body:
        yield chunk


async def _bounded(chunks: AsyncIterator[bytes], left: int) -> AsyncGenerator[bytes, None]:
    async for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise UpstreamFault("The USGS download host gave more than it announced; try again later.")
        yield chunk
