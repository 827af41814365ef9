"""The files inside Landsat's folder products: their ids and file groups [REFERENCE §8]."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.fact_sheets import sheet
from m2m_sandbox.archive.landsat.families import ARD, FAMILIES
from m2m_sandbox.files.ard_tiles import TEXTS, THUMBNAILS
from m2m_sandbox.files.products import landsat_file, landsat_files, text_files
from m2m_sandbox.pixels.bands import rasters_of

if TYPE_CHECKING:
    from m2m_sandbox.archive.landsat.families import Family
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

_TILE_FILE = re.compile(r"L[A-Z]\d\d_(?:CU|AK|HI)_\d{6}_\d{8}_\d{8}_\d\d_.")
"""The entity id of a file of a tile is its file name [REFERENCE §15]."""

SYSTEMS = ("ls_s3", "dds")
"""The systems that deliver a band file: the cloud's, and dds while the scene is fresh."""

_PRODUCT_CODES = {"L1": "D687", "L2SR": "D691", "L2ST": "D693", "ARD": "D771"}
"""The prefix of a band file's entity id → the code of its product."""

_FAMILIES = {**FAMILIES, ARD.dataset: ARD}


def secondary_downloads(facts: SceneFacts, *, fresh: bool) -> list[dict[str, Any]]:
    """Return a scene's band files as download-options lists them; ``fresh`` ones are on dds."""
    return [_file(facts, ending, prefix, SYSTEMS[fresh]) for ending, prefix in landsat_files(facts).items()]


def _file(facts: SceneFacts, ending: str, level_prefix: str, system: str) -> dict[str, Any]:
    # Level 1 has scenes of several processing levels, but all their files have the same prefix.
    prefix = "L1" if facts.family.level == 1 else level_prefix
    name = f"{facts.display_id}_{ending}"
    return {
        "id": _product_id(facts.family, ending, system),
        "downloadName": ending,
        "displayId": name,
        "entityId": name if facts.family.tiled else f"{prefix}_{facts.display_id}_{ending.upper().replace('.', '_')}",
        "datasetId": sheet(facts.family.files)["dataset"]["datasetId"],
        "available": True,
        "filesize": landsat_file(facts, ending).size,
        "productName": _product_name(facts.family),
        "productCode": _PRODUCT_CODES[prefix],
        "bulkAvailable": True,
        "downloadSystem": system,
        "secondaryDownloads": [],
        "fileGroups": [name for name, (_, prefixes) in _groups(facts.family).items() if _in_group(ending, prefixes)],
        "displayOrder": 6,
    }


def _product_name(family: Family) -> str:
    return "C2 ARD Tile Band Download" if family.tiled else f"Landsat Collection 2 Level-{family.level} Band File"


def _product_id(family: Family, ending: str, system: str) -> str:
    """Return M2M's own product id if it is known, else a hash: one per kind of file and download system."""
    known = sheet(family.files).get("files", {}).get(ending, {}).get(system)
    return str(known or hashlib.sha256(f"{family.files} {ending} {system}".encode()).hexdigest()[:16])


def product_display_id(entity_id: str) -> str | None:
    """Return the display id of the product that a band file is in, given the file's entity id; None for other ids.

    >>> product_display_id("L2SR_LC08_L2SP_047027_20201204_20210313_02_T1_SR_B4_TIF")
    'LC08_L2SP_047027_20201204_20210313_02_T1'
    >>> product_display_id("LC09_CU_003004_20230909_20230914_02_SR_B2.TIF")
    'LC09_CU_003004_20230909_20230914_02'
    """
    if _TILE_FILE.match(entity_id):
        return "_".join(entity_id.split("_")[:6])
    prefix, _, rest = entity_id.partition("_")
    return "_".join(rest.split("_")[:7]) if prefix in _PRODUCT_CODES else None


def dataset_file_groups(name: str) -> dict[str, Any]:
    """Return the data of dataset-file-groups: the file groups by the id of the dataset that lists the files."""
    family = _FAMILIES.get(name)
    if family is None:
        return {"primary": [], "secondary": []}  # PHP's empty map
    groups = {group_id: _group(family, group_id, *facts) for group_id, facts in _groups(family).items()}
    return {"primary": [], "secondary": {sheet(family.files)["dataset"]["datasetId"]: groups}}


def _groups(family: Family) -> dict[str, tuple[str, list[str]]]:
    """Return group id → label and file prefixes. The groups of OLI and TIRS are left out for older sensors."""
    groups: dict[str, tuple[str, list[str]]] = sheet(family.files).get("groups", {})
    return {
        group_id: facts for group_id, facts in groups.items() if "_ot_" not in group_id or family.sensor == "OLI_TIRS"
    }


def _in_group(ending: str, prefixes: list[str]) -> bool:
    """Return whether a file is in a group; a group without prefixes has all files."""
    return not prefixes or ending.startswith(tuple(prefixes))


def _group(family: Family, group_id: str, label: str, prefixes: list[str]) -> dict[str, Any]:
    level = "ARD" if family.tiled else {1: "L1TP", 2: "L2SP"}[family.level]
    sensors = ("OLI_TIRS", "ETM", "TM") if family.tiled else (family.sensor,)
    rasters = dict.fromkeys(name for sensor in sensors for name in rasters_of(sensor, level))
    others = (*TEXTS, *THUMBNAILS) if family.tiled else sorted(text_files(family.sensor))
    endings = [*others, *(f"{name}.TIF" for name in rasters)]
    return {
        "id": group_id,
        "color": None,
        "description": f"{_product_name(family)}s: {label}",
        "displayOrder": 0,
        "icon": None,
        "label": label,
        "files": [_group_file(family, ending) for ending in endings if _in_group(ending, prefixes)],
    }


def _group_file(family: Family, ending: str) -> dict[str, Any]:
    return {
        "name": ending,
        "productIds": {_product_id(family, ending, system): system for system in SYSTEMS},
        "productName": _product_name(family),
        "displayOrder": 5,
    }
