"""The STAC extensions that an object declares, derived from the prefixes of its fields."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

_SITE = "https://stac-extensions.github.io"

M2M_SCHEMA = "extensions/m2m/v1.0.0/schema.json"
"""The path below the API's address at which it serves the schema of its own extension."""

EXTENSIONS = {
    "eo": f"{_SITE}/eo/v1.1.0/schema.json",
    "view": f"{_SITE}/view/v1.0.0/schema.json",
    "proj": f"{_SITE}/projection/v1.2.0/schema.json",
    "raster": f"{_SITE}/raster/v1.1.0/schema.json",
    "classification": f"{_SITE}/classification/v1.1.0/schema.json",
    "landsat": f"{_SITE}/landsat/v2.0.0/schema.json",
    "sci": f"{_SITE}/scientific/v1.0.0/schema.json",
    "alternate": f"{_SITE}/alternate-assets/v1.2.0/schema.json",
    "storage": f"{_SITE}/storage/v2.0.0/schema.json",
    "auth": f"{_SITE}/authentication/v1.1.0/schema.json",
    "order": f"{_SITE}/order/v1.1.0/schema.json",
    "sat": f"{_SITE}/sat/v1.1.0/schema.json",
    "grid": f"{_SITE}/grid/v1.1.0/schema.json",
    "processing": f"{_SITE}/processing/v1.2.0/schema.json",
    "timestamps": f"{_SITE}/timestamps/v1.1.0/schema.json",
    "render": f"{_SITE}/render/v2.0.0/schema.json",
}
"""Schemas by prefix, in a combination of versions that all readers accept; docs/ecosystem.md has the reasons.

Projection 1.2 is the only version with both proj:code and proj:epsg, and stackstac reads the latter. The versions 2 of
eo and raster forbid eo:bands and raster:bands, so the older ones are declared; ``bands`` has the fields of both.
"""

_UNPREFIXED = {"published": "timestamps", "renders": "render"}
"""Extensions whose fields have no prefix, by field."""

_LANDSAT_FORMATS = {
    "landsat:scene_id": re.compile(r"L[CEMOT][1-9]\d{13}[A-Z]{3}\d{2}"),
    "landsat:collection_category": re.compile(r"A1|A2|T1|T2|RT"),
    "landsat:collection_number": re.compile(r"0[12]"),
    "landsat:wrs_type": re.compile(r"[12]"),
    "landsat:wrs_path": re.compile(r"0(?!00)\d\d|00[1-9]|1\d\d|2[0-2]\d|23[0-3]"),
    "landsat:wrs_row": re.compile(r"0(?!00)\d\d|00[1-9]|1\d\d|2[0-3]\d|24[0-8]"),
    "landsat:cloud_cover_land": None,
    "landsat:correction": re.compile(r"L1TP|L1GT|L1GS|L2SR|L2SP"),
}
"""The fields that the Landsat schema requires and their formats; None: any."""


def declared_extensions(used: Collection[str], base: str, properties: Mapping[str, Any] | None = None) -> list[str]:
    """Return the schema URLs of the prefixes in ``used``. Pass an Item's ``properties``, but not a Collection's.

    The Landsat schema requires eight fields and allows paths up to 233 only, but WRS-1 has paths up to 251. An Item
    that is invalid by it does not declare it.
    """
    urls = [url for prefix, url in EXTENSIONS.items() if prefix in used]
    if "landsat" in used and properties is not None and not _is_valid_landsat(properties):
        urls.remove(EXTENSIONS["landsat"])
    return [*urls, f"{base}{M2M_SCHEMA}"] if "m2m" in used else urls


def _is_valid_landsat(properties: Mapping[str, Any]) -> bool:
    return all(
        name in properties and (pattern is None or pattern.fullmatch(properties[name]))
        for name, pattern in _LANDSAT_FORMATS.items()
    )


def prefix_of(name: str) -> str:
    """Return the prefix of a field's name, before the colon; empty if it belongs to no extension.

    >>> prefix_of("eo:cloud_cover"), prefix_of("published"), prefix_of("gsd")
    ('eo', 'timestamps', '')
    """
    return name.partition(":")[0] if ":" in name else _UNPREFIXED.get(name, "")
