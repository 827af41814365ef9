"""The files inside Landsat's folder products: ids, prefixes and groups [REFERENCE §8]."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.fact_sheets import sheet
from m2m_sandbox.archive.landsat.families import ARD, FAMILIES
from m2m_sandbox.files.products import landsat_file, landsat_files
from m2m_sandbox.pixels.bands import rasters_of

if TYPE_CHECKING:
    from m2m_sandbox.archive.landsat.families import Family
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts

__all__ = ["file_groups_of", "files_of", "split"]

SYSTEMS = ("ls_s3", "dds")
"""Where a file comes from: the cloud, or while its scene is fresh the premises."""

_TEXTS = ("ANG.txt", "MTL.txt", "MTL.xml")
_CODES = {"L1": "D687", "L2SR": "D691", "L2ST": "D693", "ARD": "D771"}
_FAMILIES = {**FAMILIES, ARD.dataset: ARD}


def files_of(facts: SceneFacts, *, fresh: bool) -> list[dict[str, Any]]:
    """The secondary downloads of a scene."""
    return [_file(facts, ending, half, SYSTEMS[fresh]) for ending, half in landsat_files(facts).items()]


def _file(facts: SceneFacts, ending: str, half: str, system: str) -> dict[str, Any]:
    prefix = "ARD" if facts.family.tiled else "L1" if facts.family.level == 1 else half
    return {
        "id": _product_id(facts.family, ending, system),
        "downloadName": ending,
        "displayId": f"{facts.display_id}_{ending}",
        "entityId": f"{prefix}_{facts.display_id}_{ending.upper().replace('.', '_')}",
        "datasetId": sheet(facts.family.files)["dataset"]["datasetId"],
        "available": True,
        "filesize": landsat_file(facts, ending).size,
        "productName": _product_name(facts.family),
        "productCode": _CODES[prefix],
        "bulkAvailable": True,
        "downloadSystem": system,
        "secondaryDownloads": [],
        "fileGroups": [name for name, (_, begins) in _groups(facts.family).items() if _within(ending, begins)],
        "displayOrder": 6,
    }


def _product_name(family: Family) -> str:
    return "C2 ARD Tile Band Download" if family.tiled else f"Landsat Collection 2 Level-{family.level} Band File"


def _product_id(family: Family, ending: str, system: str) -> str:
    """M2M's own where it is known, else made up: one for each kind of file and where it comes from."""
    known = sheet(family.files).get("files", {}).get(ending, {}).get(system)
    return str(known or hashlib.sha256(f"{family.files} {ending} {system}".encode()).hexdigest()[:16])


def split(entity_id: str) -> str | None:
    """The product in whose folder a file lies, by the file's entity id; None for any other id."""
    prefix, _, rest = entity_id.partition("_")
    if prefix not in _CODES:
        return None
    return "_".join(rest.split("_")[: 6 if prefix == "ARD" else 7])


def file_groups_of(name: str) -> dict[str, Any]:
    """As dataset-file-groups tells it: groups of files by the dataset in which the files are."""
    family = _FAMILIES.get(name)
    if family is None:
        return {"primary": [], "secondary": []}  # PHP's empty map
    groups = {ident: _group(family, ident, *said) for ident, said in _groups(family).items()}
    return {"primary": [], "secondary": {sheet(family.files)["dataset"]["datasetId"]: groups}}


def _groups(family: Family) -> dict[str, tuple[str, list[str]]]:
    found: dict[str, tuple[str, list[str]]] = sheet(family.files).get("groups", {})
    return {ident: said for ident, said in found.items() if "_ot_" not in ident or family.sensor == "OLI_TIRS"}


def _within(ending: str, begins: list[str]) -> bool:
    return not begins or ending.startswith(tuple(begins))


def _group(family: Family, ident: str, label: str, begins: list[str]) -> dict[str, Any]:
    level = "ARD" if family.tiled else {1: "L1TP", 2: "L2SP"}[family.level]
    sensors = ("OLI_TIRS", "ETM", "TM") if family.tiled else (family.sensor,)
    rasters = dict.fromkeys(name for sensor in sensors for name in rasters_of(sensor, level))
    endings = [*_TEXTS, *(f"{name}.TIF" for name in rasters)]
    return {
        "id": ident,
        "color": None,
        "description": f"{_product_name(family)}s: {label}",
        "displayOrder": 0,
        "icon": None,
        "label": label,
        "files": [_grouped(family, ending) for ending in endings if _within(ending, begins)],
    }


def _grouped(family: Family, ending: str) -> dict[str, Any]:
    return {
        "name": ending,
        "productIds": {_product_id(family, ending, system): system for system in SYSTEMS},
        "productName": _product_name(family),
        "displayOrder": 5,
    }
