"""The download hosts: signed files with Range, files from tape without, pictures for everybody."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from m2m_sandbox.archive.datasets import find_landsat_product
from m2m_sandbox.archive.small import SMALL
from m2m_sandbox.downloads.options import file_of
from m2m_sandbox.files.products import browse_picture, bundle, frame_picture, landsat_file
from m2m_sandbox.files.signing import token_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from m2m_sandbox.downloads.download import Queued
    from m2m_sandbox.downloads.queue import Downloads
    from m2m_sandbox.files.content import Content
    from m2m_sandbox.pixels.pictures import Kind

__all__ = ["FileRoutes"]

_CHUNK = 2**20
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_TYPES = {"TIF": "image/tiff", "txt": "text/plain", "xml": "application/xml"}
_CHANGED = "Sat, 31 Oct 2026 00:00:00 GMT"
_DATA = "/data/collection02/{level}/standard/{instrument}/{year}/{path}/{row}/{display_id}/{filename}"
_TILE = "/tile/collection02/{instrument}/{year}/{region}/{across}/{down}/{display_id}/{filename}"
_LARGE = 2048


class FileRoutes:
    """Routes whose files are computed; ``served`` lists the paths of those that were given.

    The dds host gives an account ``parallel`` files at once.
    """

    def __init__(self, downloads: Downloads, base: str, parallel: int) -> None:
        self.served: list[str] = []
        self._parallel = parallel
        self._downloads = downloads
        self._base = base
        self.routes = [
            Route(_DATA, self._file, methods=["GET", "HEAD"]),
            Route(_TILE, self._file, methods=["GET", "HEAD"]),
            Route("/gen-bundle", self._bundle, methods=["GET", "HEAD"]),
            Route("/gen-browse", self._browse, methods=["GET", "HEAD"]),
            Route("/browse/{dataset}/{name}.jpg", self._frame, methods=["GET", "HEAD"]),
            Route("/thumbnail/{dataset}/{name}.jpg", self._frame, methods=["GET", "HEAD"]),
            Route("/download/{token:path}", self._from_tape, methods=["GET"]),
            Route("/download-staging/{token:path}", self._from_tape, methods=["GET"]),
        ]

    async def _file(self, request: Request) -> Response:
        """``ls_s3``. Exact names only: whoever gets an answer for ``.aux.xml`` reads the whole file as a sidecar."""
        display_id, filename = request.path_params["display_id"], request.path_params["filename"]
        if refused := self._refused(request, filename):
            return refused
        found = await run_in_threadpool(find_landsat_product, display_id)
        if found is None or not filename.startswith(f"{display_id}_"):
            return Response(status_code=404)
        try:
            content = landsat_file(found[1].facts(found[2]), filename.removeprefix(f"{display_id}_"))
        except KeyError:
            return Response(status_code=404)
        self.served.append(request.url.path)
        return await _in_parts(request, content, filename)

    async def _bundle(self, request: Request) -> Response:
        """``ls_zip``."""
        display_id = request.query_params.get("landsat_product_id", "")
        if refused := self._refused(request, display_id):
            return refused
        found = await run_in_threadpool(find_landsat_product, display_id)
        if found is None:
            return Response(status_code=404)
        self.served.append(request.url.path)
        return await _in_parts(request, bundle(found[1].facts(found[2])), f"{display_id}.tar", attached=True)

    def _refused(self, request: Request, filename: str) -> Response | None:
        """Without a signature the host sends people to sign in; a wrong or old one it does not take."""
        signature = request.query_params.get("requestSignature")
        if signature is None:
            return RedirectResponse(f"{self._base}/login", 302)
        download_id = self._downloads.signer.believed(signature, filename)
        return None if self._downloads.read(download_id) else Response(status_code=403)

    async def _browse(self, request: Request) -> Response:
        """Small pictures are everybody's; those of full resolution (``frb``, ``frbj``) need a signature."""
        product_id, size = request.query_params.get("product_id", ""), request.query_params.get("size", "")
        if size.startswith("frb") and (refused := self._refused(request, product_id)):
            return refused
        found = await run_in_threadpool(find_landsat_product, product_id)
        if found is None:
            return Response(status_code=404)
        most = _LARGE if size.startswith("frb") else 128 if size == "thumb" else 512
        picture = await run_in_threadpool(browse_picture, found[1], found[2], most, _kind(request))
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "max-age=3600"})

    async def _frame(self, request: Request) -> Response:
        make = SMALL.get(request.path_params["dataset"])
        archive = make() if make else None
        number = archive.find(request.path_params["name"]) if archive else None
        if archive is None or number is None:
            return Response(status_code=404)
        most = 128 if request.url.path.startswith("/thumbnail/") else 512
        picture = await run_in_threadpool(frame_picture, archive, number, most)
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "max-age=3600"})

    async def _from_tape(self, request: Request) -> Response:
        """``dds``: no Range, no HEAD; the name only in Content-Disposition [REFERENCE §8]."""
        if request.method == "HEAD":
            return Response(status_code=405, headers={"Allow": "GET"})
        queued = self._downloads.read(token_id(request.path_params["token"]))
        if queued is None or not self._downloads.is_ready(queued):
            return Response(status_code=404, headers={"Cache-Control": "no-store"})
        if queued.account.fetching >= self._parallel:
            return Response("Too many downloads at once.", 429, {"Retry-After": "5"})
        name, content = await run_in_threadpool(file_of, queued.dataset, queued.number, queued.product)
        self.served.append(request.url.path)
        headers = {
            "Accept-Ranges": "none",
            "Cache-Control": "no-store, no-cache, must-revalidate",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(content.size),
            "Content-Transfer-Encoding": "binary",
            "Expires": "Thu, 19 Nov 1981 08:52:00 GMT",
            "Last-Modified": _CHANGED,
            "Pragma": "no-cache",
        }
        answer = StreamingResponse(_read_out(queued, content), 200, headers, "application/octet-stream")
        answer.set_cookie("dds-production", f"sandbox-{queued.download_id}", max_age=3600, httponly=True)
        return answer


async def _read_out(queued: Queued, content: Content) -> AsyncIterator[bytes]:
    """The whole, while the queue shows that it is being read; complete when the last byte has gone."""
    queued.reading += 1
    queued.account.fetching += 1
    try:
        async for chunk in _chunks(content, 0, content.size):
            yield chunk
        queued.complete = True
    finally:
        queued.reading -= 1
        queued.account.fetching -= 1


async def _in_parts(request: Request, content: Content, filename: str, *, attached: bool = False) -> Response:
    """Range as CloudFront does it: one range, else the whole."""
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Type": _TYPES.get(filename.rpartition(".")[2], "application/octet-stream"),
        "ETag": f'"{hashlib.sha256(filename.encode()).hexdigest()[:32]}"',
        "Last-Modified": _CHANGED,
    }
    if attached:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    start, stop, status = 0, content.size, 200
    if found := _RANGE.match(request.headers.get("range", "")):
        start, stop = _bounds(found[1], found[2], content.size)
        if start >= stop:
            return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{content.size}"})
        status, headers["Content-Range"] = 206, f"bytes {start}-{stop - 1}/{content.size}"
    headers["Content-Length"] = str(stop - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_chunks(content, start, stop), status, headers)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return (max(0, size - int(last)), size) if last else (0, size)
    return int(first), min(size, int(last) + 1) if last else size


async def _chunks(content: Content, start: int, stop: int) -> AsyncIterator[bytes]:
    """Computed off the event loop, a megabyte at a time."""
    while start < stop:
        end = min(stop, start + _CHUNK)
        yield await run_in_threadpool(content.read, start, end)
        start = end


def _kind(request: Request) -> Kind:
    """Which of the pictures of a scene is asked for."""
    match request.query_params.get("type"):
        case "tir":
            return "tir"
        case "qb":
            return "qb"
        case _:
            return "refl"
