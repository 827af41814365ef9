"""Files whose download can be asked for without looking at the scene's options first. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from stac_bridge.m2m.models.downloads import DownloadInput

if TYPE_CHECKING:
    from datetime import date

    from stac_bridge.assets.resolve.product import Wanted
    from stac_bridge.m2m.models.downloads import FileGroups

__all__ = ["file_entity", "from_the_cloud"]

SETTLED = timedelta(days=60)
"""After this a Landsat product's files come from the cloud: the change-over was seen two to four weeks after
processing, and is told to have taken longer [REFERENCE §8]. Where it has not come, the options are asked after all."""

_PRODUCT = re.compile(r"L[COETM]\d\d_(L1|L2S)[A-Z]{1,2}_\d{6}_\d{8}_(\d{8})_02_[A-Z0-9]{2}$")

_HALVES = {"SR": "L2SR", "QA": "L2SR", "ST": "L2ST", "MTL.TXT": "L2ST", "MTL.XML": "L2ST", "ANG.TXT": "L2ST"}
"""Beginnings of file names → the part of a Level-2 product under which M2M has the file [REFERENCE §8]."""


def file_entity(wanted: Wanted, today: date) -> str | None:
    """The entity id of a file of a Landsat Collection 2 scene that was processed long ago.

    None for any other, and where on record nothing tells the id's prefix.
    """
    found = _PRODUCT.match(wanted.display_id)
    if found is None or wanted.file is None or found[2] >= f"{today - SETTLED:%Y%m%d}":
        return None
    prefix = "L1" if found[1] == "L1" else _half(wanted)
    return prefix and f"{prefix}_{wanted.display_id}_{wanted.file.upper().replace('.', '_')}"


def _half(wanted: Wanted) -> str | None:
    """Of Level 2. Which half has the texts is on record only for products that have both."""
    file = (wanted.file or "").upper()
    if file in _HALVES:
        return _HALVES[file] if "_L2SP_" in wanted.display_id else None
    return _HALVES.get(file.partition("_")[0])


def from_the_cloud(entity_id: str, wanted: Wanted, groups: FileGroups) -> DownloadInput | None:
    """What to ask for; None where the file groups do not tell of exactly one product from the cloud."""
    products = groups.product_ids(wanted.file or "", "ls_s3")
    return DownloadInput(entity_id, products.pop()) if len(products) == 1 else None
