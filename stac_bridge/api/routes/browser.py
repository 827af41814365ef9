"""STAC Browser at /browser/: the files built by browser/build.py, with a configuration generated per request."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from stac_bridge.api.links import base_of
from stac_bridge.api.page_policy import origin_of, script_hash
from stac_bridge.api.staging import HTML, preferred
from stac_bridge.settings import Settings

BROWSER = "browser"
"""Its path, both under the API's base URL and in the package."""

_PACKAGE = Path(str(files("stac_bridge")))
BUILT = _PACKAGE / BROWSER
"""The folder that browser/build.py writes to."""

_HASHED = ("js/", "css/", "img/", "fonts/")
"""Folders whose file names contain a hash of the content."""

CRS = {
    "EPSG:3031": "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +datum=WGS84 +units=m +no_defs",
    "EPSG:5070": "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +datum=NAD83 +units=m +no_defs",
    **{f"EPSG:{26900 + zone}": f"+proj=utm +zone={zone} +datum=NAD83 +units=m +no_defs" for zone in range(1, 24)},
}
"""The mappings' projections that the map does not have built in; it would request others from a third-party host."""

RELOAD = 5
"""Seconds after which the page about a browser that is being built reloads itself."""

_MISSING = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">{reload}
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 1.125rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1.5rem; }}
h1 {{ font-size: 1.5rem; line-height: 1.3; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{why}</p>
<p>The API itself works: see <a href="../collections">its collections</a> or <a href="../api.html">its
documentation</a>, or open this server in any STAC client.</p>
</main>
</body>
</html>
"""


def is_built(folder: Path) -> bool:
    """Whether the folder contains a browser, rather than nothing or the reason why it could not be built."""
    return (folder / "index.html").is_file()


def is_expected(folder: Path) -> bool:
    """Whether the folder contains a browser, or will contain one in a minute or two."""
    return is_built(folder) or _build_step(folder) is not None


def browser_routes(settings: Settings, title: str, folder: Path) -> list[Route | Mount]:
    """The routes under /browser/; they must precede all others. ``folder`` has the built files, if any.

    Each request looks at the folder, so a browser that is built while the server runs, as by `make serve`, is served
    from then on. Without a browser, all paths return a 503 page with the reason.
    """

    async def config(request: Request) -> Response:
        browser_config = _json(_config(base_of(request), title))
        tiles, _, attribution = settings.basemap.partition(" ")
        basemap = _json({"url": tiles, "attributions": escape(attribution)})
        script = f"window.STAC_BROWSER_CONFIG = {browser_config};\nwindow.STAC_BRIDGE_BASEMAP = {basemap};\n"
        return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    return [
        Route(f"/{BROWSER}/config.js", config, methods=["GET"]),
        Mount(f"/{BROWSER}", _Browser(folder, settings.basemap)),
    ]


def pictures() -> Mount:
    """The preview pictures of Collections."""
    return Mount("/pictures", _Files(directory=_PACKAGE / "pictures"))


def leads_to_browser(request: Request) -> bool:
    """Whether a person requests the landing page: a web browser prefers HTML.

    ``?f=json`` returns JSON to web browsers, too, as in OGC's servers.
    """
    return preferred(request.headers.get("accept", "")) == HTML and request.query_params.get("f") != "json"


class _Files(StaticFiles):
    """Static files, cached for long if their names change with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, with Cache-Control."""
        response = await super().get_response(path, scope)
        if path.startswith(_HASHED):
            cache_control = "public, max-age=31536000, immutable"
        else:
            cache_control = "public, max-age=86400" if path.endswith(".jpg") else "no-cache"
        response.headers["Cache-Control"] = cache_control
        return response


class _Browser(_Files):
    """The files of the browser; until it is built, a page that says why there is none."""

    def __init__(self, folder: Path, basemap: str) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self._folder = folder
        self._basemap = basemap

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        respond = super().__call__ if is_built(self._folder) else _missing_page(self._folder)
        await respond(scope, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, with the policy of the browser's pages and workers."""
        response = await super().get_response(path, scope)
        scripts = _inline_scripts(self._folder / path) if path.endswith(".html") else []
        response.headers["Content-Security-Policy"] = _policy(base_of(Request(scope)), self._basemap, scripts)
        return response


def _policy(base: str, basemap: str, scripts: Sequence[str]) -> str:
    """The Content-Security-Policy of the browser, which may be opened at another origin than that of its API.

    Pictures are redirected to hosts of USGS, and tiles come from the base map's. Bands are unpacked in workers, some by
    WebAssembly, both from data: URLs. A page inside the page (mitm.html) and a service worker save downloads.
    """
    api = origin_of(base)
    pictures = f"'self' {api} https: {'http: ' if basemap.startswith('http:') else ''}data: blob:"
    hashes = "".join(f" {script_hash(script)}" for script in scripts)
    return (
        f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self' 'unsafe-inline'; "
        f"img-src {pictures}; font-src 'self' data:; connect-src 'self' {api} data:; worker-src 'self' blob: data:; "
        "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )


def _inline_scripts(page: Path) -> list[str]:
    return re.findall(r"<script>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL)


def _missing_page(folder: Path) -> Response:
    """The page in place of the browser. It reloads itself while the browser is being built."""
    headers, reload, step = {"Cache-Control": "no-store"}, "", _build_step(folder)
    if step is None:
        title, why = "STAC Browser is not installed on this server", _reason_missing(folder)
    else:
        title = "STAC Browser is being built"
        why = f"This takes a minute or two, and then this page shows it. Current step: {step}."
        reload = f'\n<meta http-equiv="refresh" content="{RELOAD}">'
        headers["Retry-After"] = str(RELOAD)
    return HTMLResponse(_MISSING.format(title=title, why=escape(why), reload=reload), 503, headers)


def _build_step(folder: Path) -> str | None:
    """What a running build is doing; None if no build is running.

    The build locks its status file. The lock ends with the process, so a killed build leaves the file without a lock.
    """
    try:
        with (folder / "building.txt").open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read().strip() or "starting"
    except OSError:
        pass
    return None


def _config(base: str, title: str) -> dict[str, Any]:
    """STAC Browser's settings; ``base`` must equal the self link of the landing page, character by character."""
    return {
        "catalogUrl": base,
        "catalogTitle": title,
        "pathPrefix": f"{urlsplit(base).path}{BROWSER}/",
        "allowExternalAccess": False,
        # Showing a band unrequested would cost a download from the account's quota.
        "displayOverview": False,
        "crs": CRS,
        "historyMode": "hash",
        "socialSharing": [],
        "searchResultsPerPage": 12,
        "itemsPerPage": 12,
        "footerLinks": [
            {"label": "API documentation", "url": f"{base}api.html"},
            {"label": "Licenses", "url": f"{base}{BROWSER}/licences.txt"},
        ],
    }


def _json(value: Any) -> str:
    """JSON for a script; a ``</script>`` in it cannot end the element."""
    return orjson.dumps(value).decode().replace("</", "<\\/")


def _reason_missing(folder: Path) -> str:
    """The error message of a failed build, which the build leaves in missing.txt."""
    message = folder / "missing.txt"
    if message.is_file():
        return message.read_text(encoding="utf-8")
    return "It was not built before this server was installed; `make browser` builds it."
