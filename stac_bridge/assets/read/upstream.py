"""One request to a download host; its bytes are used only if the headers prove that they are the requested ones."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import httpx

from stac_bridge.assets.read.probe import (
    PROBE_BYTES,
    Source,
    check_coding,
    host_error,
    is_impostor,
    may_match,
    transport_error,
)
from stac_bridge.errors import UpstreamFault
from stac_bridge.http_headers import read_content_range, read_count

MAX_SKIPPED_BYTES = 16 * 2**20
"""Bytes that are read and discarded if a host with Range sends the whole file for once."""


async def fetch_range(source: Source, wanted: range, http: httpx.AsyncClient) -> AsyncGenerator[bytes, None]:
    """Yield the bytes of the file at ``source.url`` from ``wanted.start`` to its stop, or as far as the host sends.

    Raises AssetUnavailable, UpstreamError: before the first byte if the response is not the file's, in the middle if
    it breaks off or is longer than announced.
    """
    headers = _request_headers(source, wanted)
    try:
        async with http.stream("GET", source.url, headers=headers, follow_redirects=False) as response:
            sent = _check_headers(response, source, wanted)
            async with aclosing(_checked_body(response, sent, source)) as body:
                position = sent.start
                async for chunk in body:
                    part = chunk[max(0, wanted.start - position) : wanted.stop - position]
                    position += len(chunk)
                    if part:
                        yield part
                    if position >= wanted.stop and sent.stop > wanted.stop:
                        return  # the host sent the whole file for a range: do not read the rest
    except httpx.HTTPError as error:
        raise transport_error(error) from error


def file_changed() -> UpstreamFault:
    """Return the error for two responses that are of different versions of a file."""
    return UpstreamFault("This file has changed at USGS while it was read; read it again from its start.")


def _request_headers(source: Source, wanted: range) -> dict[str, str]:
    headers = {"Accept-Encoding": "identity"}  # with compression, lengths and ranges would not be the file's own
    if not source.ranges:
        return headers
    headers["Range"] = f"bytes={wanted.start}-{wanted.stop - 1}"
    if source.etag and not source.etag.startswith("W/"):
        headers["If-Range"] = source.etag
    return headers


def _check_headers(response: httpx.Response, source: Source, wanted: range) -> range:
    """Return which bytes the response contains. Raises AssetUnavailable, UpstreamError if they are of no use."""
    if response.status_code not in (200, 206) or is_impostor(source.name, response):
        raise host_error(response)
    check_coding(response)
    sent, size = _sent_range(response)
    if (source.size is not None and size not in (None, source.size)) or _is_other_version(response, source):
        raise file_changed()
    if sent.start != wanted.start and (sent.start or (wanted.start > MAX_SKIPPED_BYTES and source.ranges)):
        raise UpstreamFault("The USGS download host sent another part of this file than was requested; try again.")
    return sent if source.size is None else range(sent.start, min(sent.stop, source.size))


def _sent_range(response: httpx.Response) -> tuple[range, int | None]:
    """Return the bytes that the headers announce, and the whole file's size. Raises UpstreamFault if they disagree."""
    size = read_count(response.headers.get("content-length"))
    if response.status_code == 200:
        return range(sys.maxsize if size is None else size), size
    content_range = read_content_range(response.headers.get("content-range"))
    if content_range is None or not content_range[0] or (size is not None and size != len(content_range[0])):
        raise UpstreamFault("The USGS download host does not say which part of this file it sent; try again.")
    return content_range


def _is_other_version(response: httpx.Response, source: Source) -> bool:
    pairs = (
        (response.headers.get("etag"), source.etag),
        (response.headers.get("last-modified"), source.last_modified),
    )
    return not all(may_match(theirs, ours) for theirs, ours in pairs)


async def _checked_body(response: httpx.Response, sent: range, source: Source) -> AsyncGenerator[bytes, None]:
    """Yield the body. Raises UpstreamFault if its first bytes are not the file's, or it is longer than announced."""
    body = _limit(response.aiter_bytes(), len(sent))
    if sent.start == 0:
        start = b""
        async for chunk in body:
            start += chunk
            if len(start) >= PROBE_BYTES:
                break
        if is_impostor(source.name, response, start):
            raise host_error(response)
        yield start
    async for chunk in body:
        yield chunk


async def _limit(chunks: AsyncIterator[bytes], max_bytes: int) -> AsyncGenerator[bytes, None]:
    async for chunk in chunks:
        max_bytes -= len(chunk)
        if max_bytes < 0:
            raise UpstreamFault("The USGS download host sent more than it announced; try again later.")
        yield chunk
