"""The download hosts: signed files with Range, staged files without Range, public browse pictures."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from m2m_sandbox.archive.datasets import find_landsat_product, products_of
from m2m_sandbox.archive.small import SMALL
from m2m_sandbox.downloads.options import product_file
from m2m_sandbox.files.ard_tiles import split_bundle_id
from m2m_sandbox.files.products import browse_picture, bundle, frame_picture, landsat_file
from m2m_sandbox.files.signing import token_download_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from m2m_sandbox.downloads.download import QueuedDownload
    from m2m_sandbox.downloads.queue import DownloadQueue
    from m2m_sandbox.files.content import Content
    from m2m_sandbox.pixels.pictures import Kind

_CHUNK_BYTES = 2**20
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_MEDIA_TYPES = {
    "TIF": "image/tiff",
    "jpeg": "image/jpeg",
    "json": "application/json",
    "txt": "text/plain",
    "xml": "application/xml",
}
_LAST_MODIFIED = "Sat, 31 Oct 2026 00:00:00 GMT"
_SCENE_FILE = "/data/collection02/{level}/standard/{instrument}/{year}/{path}/{row}/{display_id}/{filename}"
_TILE_FILE = "/tile/collection02/{instrument}/{year}/{region}/{across}/{down}/{display_id}/{filename}"
_THUMBNAIL_PIXELS, _BROWSE_PIXELS, _FULL_PIXELS = 128, 512, 2048
"""Maximum width and height of browse pictures, by the size that is requested."""


class FileRoutes:
    """The routes of the file hosts. ``served`` lists the paths of the files served so far.

    ``parallel`` is the maximum number of files that an account may read from the dds host at a time.
    """

    def __init__(self, downloads: DownloadQueue, base: str, parallel: int) -> None:
        self.served: list[str] = []
        self._parallel = parallel
        self._downloads = downloads
        self._base = base
        self.routes = [
            Route(_SCENE_FILE, self._band_file, methods=["GET", "HEAD"]),
            Route(_TILE_FILE, self._band_file, methods=["GET", "HEAD"]),
            Route("/gen-bundle", self._bundle, methods=["GET", "HEAD"]),
            Route("/gen-browse", self._landsat_browse, methods=["GET", "HEAD"]),
            Route("/browse/{dataset}/{name}.jpg", self._frame_browse, methods=["GET", "HEAD"]),
            Route("/thumbnail/{dataset}/{name}.jpg", self._frame_browse, methods=["GET", "HEAD"]),
            Route("/download/{token:path}", self._staged_file, methods=["GET"]),
            Route("/download-staging/{token:path}", self._staged_file, methods=["GET"]),
        ]

    async def _band_file(self, request: Request) -> Response:
        """Serve ``ls_s3``, exact names only: GDAL also requests ``.aux.xml``, and reads any response as a sidecar."""
        display_id, filename = request.path_params["display_id"], request.path_params["filename"]
        if rejection := self._reject(request, filename):
            return rejection
        scene = await run_in_threadpool(find_landsat_product, display_id)
        if scene is None or not filename.startswith(f"{display_id}_"):
            return Response(status_code=404)
        try:
            content = landsat_file(scene[1].facts(scene[2]), filename.removeprefix(f"{display_id}_"))
        except KeyError:
            return Response(status_code=404)
        self.served.append(request.url.path)
        return await _ranged_response(request, content, filename)

    async def _bundle(self, request: Request) -> Response:
        """Serve ``ls_zip``. The id of a tile's bundle is the tile's, followed by what the bundle contains."""
        bundle_id = request.query_params.get("landsat_product_id", "")
        display_id, part = split_bundle_id(bundle_id)
        if rejection := self._reject(request, display_id):
            return rejection
        scene = await run_in_threadpool(find_landsat_product, display_id)
        if scene is None:
            return Response(status_code=404)
        self.served.append(request.url.path)
        content = bundle(scene[1].facts(scene[2]), part)
        return await _ranged_response(request, content, f"{bundle_id}.tar", attached=True)

    def _reject(self, request: Request, filename: str) -> Response | None:
        """Return the response to a request without a valid signature, None if it has one.

        Without a signature the host redirects to its login page; a wrong or expired one gets a 403.
        """
        signature = request.query_params.get("requestSignature")
        if signature is None:
            return RedirectResponse(f"{self._base}/login", 302)
        download_id = self._downloads.signer.verify(signature, filename)
        return None if self._downloads.attempt(download_id) else Response(status_code=403)

    async def _landsat_browse(self, request: Request) -> Response:
        """Serve Landsat's browse. Small pictures are public; full-resolution ones (``frb``, ``frbj``) are signed."""
        product_id, size = request.query_params.get("product_id", ""), request.query_params.get("size", "")
        if size.startswith("frb") and (rejection := self._reject(request, product_id)):
            return rejection
        scene = await run_in_threadpool(find_landsat_product, product_id)
        if scene is None:
            return Response(status_code=404)
        max_pixels = (
            _FULL_PIXELS if size.startswith("frb") else _THUMBNAIL_PIXELS if size == "thumb" else _BROWSE_PIXELS
        )
        picture = await run_in_threadpool(browse_picture, scene[1], scene[2], max_pixels, _browse_kind(request))
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "max-age=3600"})

    async def _frame_browse(self, request: Request) -> Response:
        """Serve the browse pictures of all other datasets."""
        make = SMALL.get(request.path_params["dataset"])
        archive = make() if make else None
        number = archive.find(request.path_params["name"]) if archive else None
        if archive is None or number is None:
            return Response(status_code=404)
        max_pixels = _THUMBNAIL_PIXELS if request.url.path.startswith("/thumbnail/") else _BROWSE_PIXELS
        form = str(products_of(request.path_params["dataset"])[0]["form"])
        picture = await run_in_threadpool(frame_picture, archive, number, max_pixels, form)
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "max-age=3600"})

    async def _staged_file(self, request: Request) -> Response:
        """Serve ``dds``: no Range, no HEAD; the file name only in Content-Disposition [REFERENCE §8]."""
        if request.method == "HEAD":
            return Response(status_code=405, headers={"Allow": "GET"})
        download = self._downloads.attempt(token_download_id(request.path_params["token"]))
        if download is None or not self._downloads.is_ready(download):
            return Response(status_code=404, headers={"Cache-Control": "no-store"})
        if download.account.fetching >= self._parallel:
            return Response("Too many downloads at once.", 429, {"Retry-After": "5"})
        name, content = await run_in_threadpool(product_file, download.dataset, download.number, download.product)
        self.served.append(request.url.path)
        headers = {
            "Accept-Ranges": "none",
            "Cache-Control": "no-store, no-cache, must-revalidate",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(content.size),
            "Content-Transfer-Encoding": "binary",
            "Expires": "Thu, 19 Nov 1981 08:52:00 GMT",
            "Last-Modified": _LAST_MODIFIED,
            "Pragma": "no-cache",
        }
        response = StreamingResponse(_read_out(download, content), 200, headers, "application/octet-stream")
        response.set_cookie("dds-production", f"sandbox-{download.download_id}", max_age=3600, httponly=True)
        return response


async def _read_out(download: QueuedDownload, content: Content) -> AsyncIterator[bytes]:
    """Yield the whole file. The download's status is Downloading meanwhile, and Complete after the last byte."""
    download.reading += 1
    download.account.fetching += 1
    try:
        async for chunk in _chunks(content, 0, content.size):
            yield chunk
        download.complete = True
    finally:
        download.reading -= 1
        download.account.fetching -= 1


async def _ranged_response(request: Request, content: Content, filename: str, *, attached: bool = False) -> Response:
    """Respond to Range as CloudFront does: a single range, or else the whole file."""
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Type": _MEDIA_TYPES.get(filename.rpartition(".")[2], "application/octet-stream"),
        "ETag": f'"{hashlib.sha256(filename.encode()).hexdigest()[:32]}"',
        "Last-Modified": _LAST_MODIFIED,
    }
    if attached:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    start, stop, status = 0, content.size, 200
    if match := _RANGE.match(request.headers.get("range", "")):
        start, stop = _range_bounds(match[1], match[2], content.size)
        if start >= stop:
            return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{content.size}"})
        status, headers["Content-Range"] = 206, f"bytes {start}-{stop - 1}/{content.size}"
    headers["Content-Length"] = str(stop - start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_chunks(content, start, stop), status, headers)


def _range_bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """Return start and end (exclusive) of a byte range; an empty ``first`` makes ``last`` a suffix length."""
    if not first:
        return (max(0, size - int(last)), size) if last else (0, size)
    return int(first), min(size, int(last) + 1) if last else size


async def _chunks(content: Content, start: int, stop: int) -> AsyncIterator[bytes]:
    """Yield a range in chunks, each computed in a thread so that the event loop is not blocked."""
    while start < stop:
        end = min(stop, start + _CHUNK_BYTES)
        yield await run_in_threadpool(content.read, start, end)
        start = end


def _browse_kind(request: Request) -> Kind:
    """Return which of a scene's pictures is requested."""
    match request.query_params.get("type"):
        case "tir":
            return "tir"
        case "qb":
            return "qb"
        case _:
            return "refl"
