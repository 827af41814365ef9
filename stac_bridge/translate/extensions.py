"""The STAC extensions that fields declare by their prefix, in the versions whose combination every reader takes."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["EXTENSIONS", "prefix_of"]

_AT = "https://stac-extensions.github.io"

EXTENSIONS = {
    "eo": f"{_AT}/eo/v1.1.0/schema.json",
    "view": f"{_AT}/view/v1.0.0/schema.json",
    "proj": f"{_AT}/projection/v1.2.0/schema.json",
    "raster": f"{_AT}/raster/v1.1.0/schema.json",
    "classification": f"{_AT}/classification/v1.1.0/schema.json",
    "landsat": f"{_AT}/landsat/v2.0.0/schema.json",
    "sci": f"{_AT}/scientific/v1.0.0/schema.json",
}
"""Prefix → schema. Projection 1.2 is the one that has both proj:code and proj:epsg (stackstac reads the latter)."""


@lru_cache(maxsize=4096)
def prefix_of(name: str) -> str:
    """What stands before the colon of a field's name; empty without one."""
    return name.partition(":")[0] if ":" in name else ""
