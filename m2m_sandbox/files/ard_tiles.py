"""The files of an ARD tile, and the bundles that they are packed into [REFERENCE §15]."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import orjson

from m2m_sandbox.files.landsat_metadata import mtl_json, mtl_xml
from m2m_sandbox.pixels.bands import rasters_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

_RASTERS = {"SR": ("SR_B", "SR_QA_", "SR_ATMOS", "SR_CLOUD"), "ST": ("ST_",), "TA": ("TOA_",), "BT": ("BT_",)}
"""Product of a tile → how the names of its rasters begin. Tiles name their products as LandsatLook does."""

_BUNDLES = ("META", "SR", "ST", "TOA", "BT", "QA")

_QUALITY = ("QA_PIXEL.TIF", "QA_RADSAT.TIF")
"""The quality bands that every bundle of rasters contains."""

THUMBNAILS = {"thumb_large.jpeg": (512, 2**18), "thumb_small.jpeg": (128, 2**15)}
"""Pictures in natural color: their maximum width and height, and the file size to which they are padded."""

_TILE_ID_PARTS = 6


def split_bundle_id(bundle_id: str) -> tuple[str, str]:
    """Return a product's display id, and what a tile's bundle contains; empty for the bundle of a scene.

    >>> split_bundle_id("LC09_CU_003004_20230909_20230914_02_SR")
    ('LC09_CU_003004_20230909_20230914_02', 'SR')
    >>> split_bundle_id("LC08_L2SP_047027_20201204_20210313_02_T1")
    ('LC08_L2SP_047027_20201204_20210313_02_T1', '')
    """
    head, _, part = bundle_id.rpartition("_")
    is_tile = part in _BUNDLES and head.count("_") == _TILE_ID_PARTS - 1
    return (head, part) if is_tile else (bundle_id, "")


def tile_files(facts: SceneFacts) -> list[str]:
    """Return the endings of a tile's files: 42 of a tile of Landsat 8 or 9."""
    rasters = [f"{name}.TIF" for name in rasters_of(facts.sensor, "ARD", facts.satellite)]
    return [*rasters, *TEXTS, *THUMBNAILS]


def bundle_files(facts: SceneFacts, bundle: str) -> list[str]:
    """Return the endings of the files in a bundle: META, SR, ST, TOA, BT or QA."""
    files = tile_files(facts)
    if bundle == "META":
        return [*TEXTS, *THUMBNAILS]
    if bundle == "QA":
        return [name for name in files if name.startswith(("QA_", "SR_QA_", "SR_CLOUD", "SAA", "SZA", "VAA", "VZA"))]
    product = "TA" if bundle == "TOA" else bundle
    rasters = [name for name in files if name.startswith(_RASTERS[product]) and name.endswith(".TIF")]
    return [*rasters, *_QUALITY, f"{product}_stac.json", "MTL.json", "MTL.xml"]


def _stac_text(product: str, facts: SceneFacts) -> str:
    """Return what LandsatLook's STAC Item of a product states that is of use without its server."""
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": f"{facts.display_id}_{product}",
        "properties": {"datetime": f"{facts.middle:%Y-%m-%dT%H:%M:%S}Z", "platform": f"LANDSAT_{facts.satellite}"},
        "assets": {
            name: {"href": f"{facts.display_id}_{name}.TIF"}
            for name in rasters_of(facts.sensor, "ARD", facts.satellite)
            if name.startswith(_RASTERS[product])
        },
    }
    return orjson.dumps(item).decode()


TEXTS: dict[str, Callable[[SceneFacts], str]] = {
    "MTL.json": mtl_json,
    "MTL.xml": mtl_xml,
    **{f"{product}_stac.json": partial(_stac_text, product) for product in _RASTERS},
}
