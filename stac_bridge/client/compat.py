"""Helpers for readers: GDAL, which remembers a 503, and those that know only older STAC extensions than ours."""

from __future__ import annotations

import ctypes
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

_GDAL_MODULES = ("rasterio._env", "osgeo._gdal", "pyogrio._vsi", "fiona._env")
"""The compiled modules of packages that bring a GDAL of their own, each with its own cache."""


def gdal_options(api: str, **options: str) -> dict[str, str]:
    """Return the options with which GDAL reads the hrefs of the server at ``api``; ``options`` add to them.

    They are for ``rasterio.Env(**…)``, ``odc.stac.configure_rio(**…)`` and ``os.environ``. By default, GDAL remembers
    a 503 for the life of the process: a file that was opened while USGS prepared it would never open there again.

    >>> gdal_options("https://stac.example.com/", GDAL_HTTP_TIMEOUT="60")  # doctest: +NORMALIZE_WHITESPACE
    {'GDAL_DISABLE_READDIR_ON_OPEN': 'EMPTY_DIR', 'GDAL_HTTP_MAX_RETRY': '10', 'GDAL_HTTP_RETRY_DELAY': '2',
     'CPL_VSIL_CURL_NON_CACHED': '/vsicurl/https://stac.example.com', 'GDAL_HTTP_TIMEOUT': '60'}
    """
    return {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_HTTP_MAX_RETRY": "10",
        "GDAL_HTTP_RETRY_DELAY": "2",
        "CPL_VSIL_CURL_NON_CACHED": f"/vsicurl/{api.rstrip('/')}",
        **options,
    }


def clear_gdal_cache() -> int:
    """Make GDAL forget what it read and what failed, so that a file that once was a 503 can be opened again.

    Calls ``VSICurlClearCache`` of each GDAL that this process has loaded (rasterio, osgeo, pyogrio and fiona each bring
    their own), and returns how many there were. rasterio itself has no function for this. Raises RuntimeError if the
    system does not let Python reach the function of a GDAL that is loaded; Linux and macOS do.
    """
    loaded = [sys.modules[name] for name in _GDAL_MODULES if name in sys.modules]
    for module in loaded:
        _clear_cache_of(module)
    return len(loaded)


def _clear_cache_of(module: ModuleType) -> None:
    try:
        clear = ctypes.CDLL(str(module.__file__)).VSICurlClearCache
    except (AttributeError, OSError) as error:
        raise RuntimeError(
            f"The cache of the GDAL of {module.__name__} cannot be cleared here; "
            "read with the option CPL_VSIL_CURL_NON_CACHED, which gdal_options returns."
        ) from error
    clear.restype, clear.argtypes = None, []
    clear()


def for_stackstac(items: Iterable[Any]) -> list[dict[str, Any]]:
    """Return Items as dictionaries that stackstac places on their own grid, in their own CRS.

    pystac migrates ``proj:epsg`` to ``proj:code`` when it reads an Item, and stackstac reads only the former.
    Takes pystac Items, an ItemCollection or dictionaries, and does not modify them.

    >>> item = {"properties": {"proj:code": "EPSG:32610"}, "assets": {"pan": {"proj:code": None}}}
    >>> for_stackstac([item])[0]["properties"]["proj:epsg"]
    32610
    """
    return [_add_epsg(item if isinstance(item, dict) else item.to_dict(transform_hrefs=False)) for item in items]


def _add_epsg(item: dict[str, Any]) -> dict[str, Any]:
    assets = {key: {**asset, **_epsg(asset)} for key, asset in item["assets"].items()}
    return {**item, "properties": {**item["properties"], **_epsg(item["properties"])}, "assets": assets}


def _epsg(fields: dict[str, Any]) -> dict[str, int]:
    """Return ``proj:epsg`` for a ``proj:code`` of EPSG, or nothing."""
    authority, _, code = str(fields.get("proj:code")).partition(":")
    return {"proj:epsg": int(code)} if authority == "EPSG" and code.isdigit() else {}
