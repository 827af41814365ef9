"""The download hosts: signed files with Range, files from tape without, pictures for everybody."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from stac_bridge.sandbox.holdings import archive_of, named
from stac_bridge.sandbox.options import file_of
from stac_bridge.sandbox.product_files import browse_picture, bundle, landsat_file, whole_product

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from stac_bridge.sandbox.content import Content
    from stac_bridge.sandbox.downloads import Downloads

__all__ = ["FileRoutes"]

_CHUNK = 2**20
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_TYPES = {"TIF": "image/tiff", "txt": "text/plain", "xml": "application/xml"}
_CHANGED = "Sat, 31 Oct 2026 00:00:00 GMT"
_DATA = "/data/collection02/level-2/standard/oli-tirs/{year}/{path}/{row}/{display_id}/{filename}"


class FileRoutes:
    """Routes whose files are computed; ``served`` lists the paths of those that were given."""

    def __init__(self, downloads: Downloads, base: str) -> None:
        self.served: list[str] = []
        self._downloads = downloads
        self._base = base
        self.routes = [
            Route(_DATA, self._file, methods=["GET", "HEAD"]),
            Route("/gen-bundle", self._bundle, methods=["GET", "HEAD"]),
            Route("/gen-browse", self._browse, methods=["GET", "HEAD"]),
            Route("/browse/DIT/{name}.jpg", self._frame, methods=["GET", "HEAD"]),
            Route("/thumbnail/DIT/{name}.jpg", self._frame, methods=["GET", "HEAD"]),
            Route("/download/{token:path}", self._from_tape, methods=["GET"]),
            Route("/download-staging/{token:path}", self._from_tape, methods=["GET"]),
        ]

    async def _file(self, request: Request) -> Response:
        """``ls_s3``. Exact names only: whoever gets an answer for ``.aux.xml`` reads the whole file as a sidecar."""
        display_id, filename = request.path_params["display_id"], request.path_params["filename"]
        if refused := self._refused(request, filename):
            return refused
        found = await run_in_threadpool(named, display_id)
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
        found = await run_in_threadpool(named, display_id)
        if found is None:
            return Response(status_code=404)
        self.served.append(request.url.path)
        return await _in_parts(request, bundle(found[1].facts(found[2])), f"{display_id}.tar")

    def _refused(self, request: Request, filename: str) -> Response | None:
        """Without a signature the host sends people to sign in; a wrong or old one it does not take."""
        signature = request.query_params.get("requestSignature")
        if signature is None:
            return RedirectResponse(f"{self._base}/login", 302)
        return None if self._downloads.believes(signature, filename) else Response(status_code=403)

    async def _browse(self, request: Request) -> Response:
        found = await run_in_threadpool(named, request.query_params.get("product_id", ""))
        if found is None:
            return Response(status_code=404)
        most = 128 if request.query_params.get("size") == "thumb" else 512
        picture = await run_in_threadpool(browse_picture, found[1], found[2], most)
        return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "max-age=3600"})

    async def _frame(self, request: Request) -> Response:
        archive = archive_of("corona2")
        number = archive.find(request.path_params["name"]) if archive else None
        if archive is None or number is None:
            return Response(status_code=404)
        picture = await run_in_threadpool(_reduced, whole_product(archive, number, "film-tif")[1])
        return Response(picture, media_type="image/jpeg")

    async def _from_tape(self, request: Request) -> Response:
        """``dds``: no Range, no HEAD; the name only in Content-Disposition [REFERENCE §8]."""
        if request.method == "HEAD":
            return Response(status_code=405, headers={"Allow": "GET"})
        queued = self._downloads.of_token(request.path_params["token"])
        if queued is None:
            return Response(status_code=404)
        if not self._downloads.is_ready(queued):
            return Response(status_code=404, headers={"Cache-Control": "no-store"})
        name, content = file_of(queued.dataset, queued.number, queued.product)
        self.served.append(request.url.path)
        headers = {
            "Accept-Ranges": "none",
            "Cache-Control": "no-store, no-cache, must-revalidate",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(content.size),
            "Last-Modified": _CHANGED,
        }
        return StreamingResponse(_chunks(content, 0, content.size), 200, headers, "application/octet-stream")


async def _in_parts(request: Request, content: Content, filename: str) -> Response:
    """Range as CloudFront does it: one range, else the whole."""
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Type": _TYPES.get(filename.rpartition(".")[2], "application/octet-stream"),
        "ETag": f'"{hashlib.sha256(filename.encode()).hexdigest()[:32]}"',
        "Last-Modified": _CHANGED,
    }
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


def _reduced(content: Content) -> bytes:
    import io

    from PIL import Image

    picture = Image.open(io.BytesIO(content.read(0, content.size))).resize((256, 256))
    written = io.BytesIO()
    picture.save(written, "JPEG")
    return written.getvalue()
