"""Files that can be requested without fetching the scene's download options first. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta

from stac_bridge.assets.resolve.product import SceneFile
from stac_bridge.m2m.models.downloads import DownloadInput, FileGroups

CLOUD_AGE = timedelta(days=60)
"""Age after which a Landsat product's files come from the cloud. The change was seen two to four weeks after
processing, and is said to have taken longer [REFERENCE §8]. If it has not happened, the options are fetched after
all."""

_LANDSAT_PRODUCT = re.compile(r"L[COETM]\d\d_(L1|L2S)[A-Z]{1,2}_\d{6}_\d{8}_(\d{8})_02_[A-Z0-9]{2}$")
"""Level and processing date of a Collection 2 display id."""

_LEVEL_2_PREFIXES = {
    "SR": "L2SR",
    "QA": "L2SR",
    "ST": "L2ST",
    "MTL.TXT": "L2ST",
    "MTL.XML": "L2ST",
    "ANG.TXT": "L2ST",
}
"""Start of a file's suffix → the half of a Level-2 product that has the file in M2M [REFERENCE §8]."""


def file_entity_id(file: SceneFile, today: date) -> str | None:
    """Return the entity id of a file of a Landsat Collection 2 scene that was processed long enough ago.

    None for any other scene, and if the recorded answers do not say which prefix the id has.
    """
    match = _LANDSAT_PRODUCT.match(file.display_id)
    if match is None or file.suffix is None or match[2] >= f"{today - CLOUD_AGE:%Y%m%d}":
        return None
    prefix = "L1" if match[1] == "L1" else _level_2_prefix(file)
    return prefix and f"{prefix}_{file.display_id}_{file.suffix.upper().replace('.', '_')}"


def _level_2_prefix(file: SceneFile) -> str | None:
    """Return the prefix of a Level-2 file. For text files it is known only if the product has both halves (L2SP)."""
    suffix = (file.suffix or "").upper()
    if suffix in _LEVEL_2_PREFIXES:
        return _LEVEL_2_PREFIXES[suffix] if "_L2SP_" in file.display_id else None
    return _LEVEL_2_PREFIXES.get(suffix.partition("_")[0])


def cloud_download(entity_id: str, file: SceneFile, groups: FileGroups) -> DownloadInput | None:
    """Return the download to request; None if the file groups do not name exactly one product in the cloud."""
    products = groups.product_ids(file.suffix or "", "ls_s3")
    return DownloadInput(entity_id, products.pop()) if len(products) == 1 else None
