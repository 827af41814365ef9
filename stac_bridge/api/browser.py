"""STAC Browser at /browser/: the files that browser/build.py made, set to this catalogue when a page is opened."""

from __future__ import annotations

import fcntl
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from stac_bridge.api.links import base_of
from stac_bridge.api.staging import HTML, preferred

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from stac_bridge.settings import Settings

__all__ = ["BROWSER", "BUILT", "browser_routes", "is_expected", "leads_to_browser", "pictures"]

BROWSER = "browser"
"""Where it is, below the API's address and below the package."""

_PACKAGE = Path(str(files("stac_bridge")))
BUILT = _PACKAGE / BROWSER
"""The folder that browser/build.py fills."""

_HASHED = ("js/", "css/", "img/", "fonts/")
"""Folders whose files have a hash of their content in their names."""

CRS = {
    "EPSG:3031": "+proj=stere +lat_0=-90 +lat_ts=-71 +lon_0=0 +datum=WGS84 +units=m +no_defs",
    "EPSG:5070": "+proj=aea +lat_0=23 +lon_0=-96 +lat_1=29.5 +lat_2=45.5 +datum=NAD83 +units=m +no_defs",
    **{f"EPSG:{26900 + zone}": f"+proj=utm +zone={zone} +datum=NAD83 +units=m +no_defs" for zone in range(1, 24)},
}
"""Every projection of the mappings that the map does not know by itself; it would ask a host elsewhere for them."""

RELOAD = 5
"""Seconds after which the page about a browser that is being built loads again."""

_ABSENT = """<!doctype html>
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
    """Whether the folder has a browser to serve, rather than nothing or why there is none."""
    return (folder / "index.html").is_file()


def is_expected(folder: Path) -> bool:
    """Whether the folder has a browser, or will have one in a minute or two."""
    return is_built(folder) or _step(folder) is not None


def browser_routes(settings: Settings, title: str, folder: Path) -> list[Route | Mount]:
    """The routes below /browser/, to stand before all others. ``folder`` is looked at by each request.

    A browser that is built while the server runs, as `make serve` does, is served from then on.
    """
    public_url = str(settings.public_url) if settings.public_url else None

    async def config(request: Request) -> Response:
        said = _config(base_of(request, public_url), title)
        tiles, _, whose = settings.basemap.partition(" ")
        basemap = {"url": tiles, "attributions": escape(whose)}
        script = f"window.STAC_BROWSER_CONFIG = {_json(said)};\nwindow.STAC_BRIDGE_BASEMAP = {_json(basemap)};\n"
        return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    return [
        Route(f"/{BROWSER}/config.js", config, methods=["GET"]),
        Mount(f"/{BROWSER}", _Browser(directory=folder, html=True, check_dir=False)),
    ]


def pictures() -> Mount:
    """The pictures on the cards of Collections."""
    return Mount("/pictures", _Files(directory=_PACKAGE / "pictures"))


def leads_to_browser(request: Request) -> bool:
    """Whether the landing page was asked for by a person: a browser's address line wants HTML most.

    ``?f=json`` shows the JSON all the same, as OGC's servers do.
    """
    return preferred(request.headers.get("accept", "")) == HTML and request.query_params.get("f") != "json"


class _Files(StaticFiles):
    """Files that are kept as long as their names say that they do not change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, with how long to keep it."""
        answer = await super().get_response(path, scope)
        if path.startswith(_HASHED):
            kept = "public, max-age=31536000, immutable"
        else:
            kept = "public, max-age=86400" if path.endswith(".jpg") else "no-cache"
        answer.headers["Cache-Control"] = kept
        return answer


class _Browser(_Files):
    """The files of the browser; in place of all of them a page that explains why, as long as there is none."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        folder = Path(str(self.directory))
        answer = super().__call__ if is_built(folder) else _absent(folder)
        await answer(scope, receive, send)


def _absent(folder: Path) -> Response:
    """The page in place of a browser: it loads again by itself while one is being built."""
    headers, reload, step = {"Cache-Control": "no-store"}, "", _step(folder)
    if step is None:
        title, why = "This server came without STAC Browser", _why(folder)
    else:
        title = "STAC Browser is being built"
        why = f"This takes a minute or two, and this page then shows it by itself. The build is at: {step}."
        reload = f'\n<meta http-equiv="refresh" content="{RELOAD}">'
        headers["Retry-After"] = str(RELOAD)
    return HTMLResponse(_ABSENT.format(title=title, why=escape(why), reload=reload), 503, headers)


def _step(folder: Path) -> str | None:
    """What a build that is under way is doing; None without one.

    Its process locks the file, and the lock ends with it: a build that was killed leaves the file and no lock.
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
    """STAC Browser's own settings; ``base`` is the self link of the landing page, letter by letter."""
    return {
        "catalogUrl": base,
        "catalogTitle": title,
        "pathPrefix": f"{urlsplit(base).path}{BROWSER}/",
        "allowExternalAccess": False,
        # a band that is shown without being asked for would cost a download of the account's quota
        "displayOverview": False,
        "crs": CRS,
        "historyMode": "hash",
        "socialSharing": [],
        "searchResultsPerPage": 12,
        "itemsPerPage": 12,
        "footerLinks": [
            {"label": "API documentation", "url": f"{base}api.html"},
            {"label": "Licences", "url": f"{base}{BROWSER}/licences.txt"},
        ],
    }


def _json(said: Any) -> str:
    """JSON that ends no script."""
    return orjson.dumps(said).decode().replace("</", "<\\/")


def _why(folder: Path) -> str:
    """What the build said when it could not be made."""
    said = folder / "missing.txt"
    if said.is_file():
        return said.read_text(encoding="utf-8")
    return "It was not built where this server was installed from; `make browser` builds it."
