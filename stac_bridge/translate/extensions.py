"""The STAC extensions that fields declare by their prefix, in the versions whose combination every reader takes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["EXTENSIONS", "M2M_SCHEMA", "declared", "prefix_of"]

_AT = "https://stac-extensions.github.io"

M2M_SCHEMA = "extensions/m2m/v1.0.0/schema.json"
"""Where the schema of the bridge's own extension is served, below the API's address."""

EXTENSIONS = {
    "eo": f"{_AT}/eo/v1.1.0/schema.json",
    "view": f"{_AT}/view/v1.0.0/schema.json",
    "proj": f"{_AT}/projection/v1.2.0/schema.json",
    "raster": f"{_AT}/raster/v1.1.0/schema.json",
    "classification": f"{_AT}/classification/v1.1.0/schema.json",
    "landsat": f"{_AT}/landsat/v2.0.0/schema.json",
    "sci": f"{_AT}/scientific/v1.0.0/schema.json",
    "alternate": f"{_AT}/alternate-assets/v1.1.0/schema.json",
    "storage": f"{_AT}/storage/v1.0.0/schema.json",
    "auth": f"{_AT}/authentication/v1.1.0/schema.json",
    "order": f"{_AT}/order/v1.1.0/schema.json",
}
"""Prefix → schema. Projection 1.2 is the one that has both proj:code and proj:epsg (stackstac reads the latter)."""

_LANDSAT_NEEDS = {
    "landsat:scene_id": re.compile(r"L[CEMOT][1-9]\d{13}[A-Z]{3}\d{2}"),
    "landsat:collection_category": re.compile(r"A1|A2|T1|T2|RT"),
    "landsat:collection_number": re.compile(r"0[12]"),
    "landsat:wrs_type": re.compile(r"[12]"),
    "landsat:wrs_path": re.compile(r"0(?!00)\d\d|00[1-9]|1\d\d|2[0-2]\d|23[0-3]"),
    "landsat:wrs_row": re.compile(r"0(?!00)\d\d|00[1-9]|1\d\d|2[0-3]\d|24[0-8]"),
    "landsat:cloud_cover_land": None,
    "landsat:correction": re.compile(r"L1TP|L1GT|L1GS|L2SR|L2SP"),
}
"""What the schema asks of each, all at once."""


def declared(used: Collection[str], base: str, properties: Mapping[str, Any] | None = None) -> list[str]:
    """The schemas of the prefixes in use; ``properties`` are an Item's.

    Landsat's schema asks for eight fields at once and knows no path past 233, where the older reference system
    goes to 251: an Item that cannot meet it does not claim to.
    """
    urls = [url for prefix, url in EXTENSIONS.items() if prefix in used]
    if "landsat" in used and properties is not None and not _is_landsat(properties):
        urls.remove(EXTENSIONS["landsat"])
    return [*urls, f"{base}{M2M_SCHEMA}"] if "m2m" in used else urls


def _is_landsat(properties: Mapping[str, Any]) -> bool:
    return all(
        name in properties and (form is None or form.fullmatch(properties[name]))
        for name, form in _LANDSAT_NEEDS.items()
    )


@lru_cache(maxsize=4096)
def prefix_of(name: str) -> str:
    """What stands before the colon of a field's name; empty without one."""
    return name.partition(":")[0] if ":" in name else ""
