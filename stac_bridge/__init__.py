"""A live STAC API over the USGS/EROS Machine-to-Machine (M2M) archive.

For scripts: ``signing`` renews hrefs while they are read, ``compat`` configures GDAL and helps older readers. Both are
imported when they are first used, so that ``stac-bridge --version`` need not import httpx.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from stac_bridge.client import compat, signing

__version__ = "0.1.0"

__all__ = ["__version__", "compat", "signing"]


def __getattr__(name: str) -> ModuleType:
    """Import a public module. Raises AttributeError for any other name."""
    if name in ("compat", "signing"):
        return import_module(f"stac_bridge.client.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
