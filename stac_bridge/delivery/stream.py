"""A source and a Range → headers and bytes, through the bridge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from stac_bridge.delivery.probe import refusal, unreachable
from stac_bridge.delivery.ranges import Unsatisfiable, read_range
from stac_bridge.errors import UpstreamFault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from stac_bridge.delivery.probe import Source
    from stac_bridge.delivery.spool import Arriving, Spool

__all__ = ["Delivered", "Streamer", "describe"]

_PASSED_ON = ("content-length", "content-range", "etag", "last-modified")


@dataclass(frozen=True, slots=True)
class Delivered:
    """An answer in the making; ``chunks`` frees its connection when it ends or is closed."""

    status: int
    headers: dict[str, str]
    chunks: AsyncIterator[bytes]


def describe(source: Source) -> dict[str, str]:
    """What a HEAD says: parts are served of every file, by its host or from the spool."""
    headers = {"Accept-Ranges": "bytes", "Content-Type": source.media_type}
    if source.size is not None:
        headers["Content-Length"] = str(source.size)
    if source.etag:
        headers["ETag"] = source.etag
    if source.last_modified:
        headers["Last-Modified"] = source.last_modified
    if source.filename:
        headers["Content-Disposition"] = f'attachment; filename="{source.filename}"'
    return headers


class Streamer:
    """Reads hosts that serve parts as they are asked, and all others by way of the spool."""

    def __init__(self, http: httpx.AsyncClient, spool: Spool) -> None:
        self._http = http
        self._spool = spool

    async def open(
        self,
        source: Source,
        asked: str | None,
        if_range: str | None,
        renew: Callable[[Source], Awaitable[Source]],
    ) -> Delivered:
        """The answer to a Range header (None: the whole). ``renew`` is asked once where the URL has died.

        Raises AssetUnavailable, Staging, UpstreamError.
        """
        wanted = asked if if_range in (None, source.etag, source.last_modified) else None
        if not source.ranges:
            return await self._from_spool(source, wanted, renew)
        answer = await self._get(source, wanted)
        if answer.status_code in (401, 403) or answer.is_redirect:
            await answer.aclose()
            source = await renew(source)
            answer = await self._get(source, wanted)
        if answer.status_code not in (200, 206, 416):
            await answer.aclose()
            raise refusal(answer)
        passed_on = {name.title(): answer.headers[name] for name in _PASSED_ON if name in answer.headers}
        headers = {**describe(source), **passed_on}
        return Delivered(answer.status_code, headers, _through(answer))

    async def _get(self, source: Source, asked: str | None) -> httpx.Response:
        # identity: lengths and ranges are those of the file itself
        headers = {"Accept-Encoding": "identity", **({"Range": asked} if asked else {})}
        try:
            return await self._http.send(
                self._http.build_request("GET", source.url, headers=headers), stream=True, follow_redirects=False
            )
        except httpx.HTTPError as fault:
            raise unreachable(fault) from fault

    async def _from_spool(
        self, source: Source, asked: str | None, renew: Callable[[Source], Awaitable[Source]]
    ) -> Delivered:
        file = await self._started(source, renew)
        headers = describe(source)
        try:
            part = read_range(asked, file.size)
        except Unsatisfiable:
            headers |= {"Content-Range": f"bytes */{file.size}", "Content-Length": "0"}
            return Delivered(416, headers, _nothing())
        wanted = part or range(file.size)
        if wanted:
            await file.reach(wanted.start)
        headers["Content-Length"] = str(len(wanted))
        if part is None:
            return Delivered(200, headers, file.chunks(wanted))
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{file.size}"
        return Delivered(206, headers, file.chunks(wanted))

    async def _started(self, source: Source, renew: Callable[[Source], Awaitable[Source]]) -> Arriving:
        """The file, whose first byte is there; from a new URL where the old one has died."""
        file = await self._spool.file(source, self._http)
        try:
            if file.size:
                await file.reach(0)
        except UpstreamFault:
            file = await self._spool.file(await renew(source), self._http)
        return file


async def _through(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


async def _nothing() -> AsyncIterator[bytes]:
    parts: tuple[bytes, ...] = ()
    for part in parts:
        yield part
