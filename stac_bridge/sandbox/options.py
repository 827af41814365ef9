"""What can be downloaded of a scene: products, the files inside them, and which product two ids name [REFERENCE §8]."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from stac_bridge.sandbox.few import SMALL, Few
from stac_bridge.sandbox.holdings import archive_of, dataset, products_of
from stac_bridge.sandbox.landsat import END, Landsat, SceneFacts, landsat
from stac_bridge.sandbox.product_files import bundle, landsat_file, landsat_files, whole_product

if TYPE_CHECKING:
    from stac_bridge.sandbox.archive import Archive

__all__ = ["file_groups_of", "located", "options_of"]

FRESH = 20
"""Days for which a Landsat scene's bundle comes from dds_ms, and not yet from ls_zip."""

_FILES = "landsat_band_files_c2_l2"


def _product(name: str, scene: dict[str, Any], row: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "downloadName": row.get("downloadName"),
        "displayId": scene["displayId"],
        "entityId": scene["entityId"],
        "datasetId": dataset(name)["datasetId"],
        "available": True,
        "filesize": 0,
        "productName": row["name"],
        "productCode": row["code"],
        "bulkAvailable": True,
        "downloadSystem": row["system"],
        "secondaryDownloads": [],
        "fileGroups": None,
        **more,
    }


def options_of(name: str, archive: Archive, number: int) -> list[dict[str, Any]]:
    """The products of one scene."""
    if isinstance(archive, Landsat):
        return _landsat_options(name, archive.facts(number))
    assert isinstance(archive, Few)  # noqa: S101 -- there are two kinds
    scene = archive.scene(number, full=False)
    return [_small_option(name, archive, number, scene, row) for row in products_of(name)]


def _small_option(name: str, archive: Few, number: int, scene: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    available = archive.offers(number, row["code"])
    size = whole_product(archive, number, row["form"])[1].size if available else 0
    return _product(name, scene, row, available=available, bulkAvailable=available, filesize=size)


def _landsat_options(name: str, facts: SceneFacts) -> list[dict[str, Any]]:
    fresh = (END.date() - facts.day).days <= FRESH
    scene = {"displayId": facts.display_id, "entityId": facts.entity_id}
    files = [_file(facts, ending, half) for ending, half in landsat_files(facts).items()]
    whole, options = bundle(facts).size, []
    for row in products_of(name):
        folder, on_premises = row["system"] == "folder", row["system"] == "dds_ms"
        available = folder or on_premises == fresh
        size = 0 if folder else whole
        options.append(
            _product(
                name, scene, row, available=available, bulkAvailable=available, filesize=size, secondaryDownloads=files
            )
        )
    return options


def _file(facts: SceneFacts, ending: str, half: str) -> dict[str, Any]:
    filename = f"{facts.display_id}_{ending}"
    return {
        "id": hashlib.sha256(ending.encode()).hexdigest()[:16],
        "downloadName": ending,
        "displayId": filename,
        "entityId": f"{half}_{facts.display_id}_{ending.replace('.', '_').upper()}",
        "datasetId": dataset(_FILES)["datasetId"],
        "available": True,
        "filesize": landsat_file(facts, ending).size,
        "productName": "Landsat Collection 2 Level-2 Band File",
        "productCode": "D693" if half == "L2ST" else "D691",
        "bulkAvailable": True,
        "downloadSystem": "ls_s3",
        "secondaryDownloads": [],
        "fileGroups": ["ls_c2l2_all"],
        "displayOrder": 6,
    }


_GROUPS = {
    "ls_c2l2_all": ("All Level-2 Files", ""),
    "ls_c2l2_sr_band": ("Surface Reflectance Bands", "SR_B"),
    "ls_c2l2_st_band": ("Surface Temperature Bands", "ST_B"),
}


def file_groups_of(name: str) -> dict[str, Any]:
    """The groups in which the files inside a dataset's products can be asked for, as dataset-file-groups has them."""
    if name != "landsat_ot_c2_l2":
        return {"primary": [], "secondary": []}  # PHP's empty map
    facts = next(one for number in range(99) if (one := landsat().facts(number)).level == "L2SP")
    files = [_file(facts, ending, half) for ending, half in landsat_files(facts).items()]
    return {
        "primary": [],
        "secondary": {dataset(_FILES)["datasetId"]: {ident: _group(ident, files) for ident in _GROUPS}},
    }


def _group(ident: str, files: list[dict[str, Any]]) -> dict[str, Any]:
    label, prefix = _GROUPS[ident]
    members = [
        {
            "name": one["downloadName"],
            "productIds": {one["id"]: one["downloadSystem"]},
            "productName": one["productName"],
            "displayOrder": one["displayOrder"],
        }
        for one in files
        if one["downloadName"].startswith(prefix)
    ]
    return {
        "id": ident,
        "color": None,
        "description": f"Landsat Collection-2 Level-2 {label}",
        "displayOrder": list(_GROUPS).index(ident),
        "icon": None,
        "label": label,
        "files": members,
    }


def located(entity_id: str, product_id: str) -> tuple[str, int, dict[str, Any]] | None:
    """Dataset, scene and product that a pair of ids names."""
    if entity_id.startswith(("L2SR_L", "L2ST_L")):
        display_id = "_".join(entity_id.split("_")[1:8])
        return _product_of("landsat_ot_c2_l2", "displayId", display_id, entity_id, product_id)
    for name in ("landsat_ot_c2_l2", *SMALL):
        if found := _product_of(name, "entityId", entity_id, entity_id, product_id):
            return found
    return None


def _product_of(
    name: str, field: str, identifier: str, entity_id: str, product_id: str
) -> tuple[str, int, dict[str, Any]] | None:
    archive = archive_of(name)
    number = archive.find(identifier, field) if archive else None
    if archive is None or number is None:
        return None
    for product in options_of(name, archive, number):
        for one in (product, *product["secondaryDownloads"]):
            if one["entityId"] == entity_id and one["id"] == product_id:
                return name, number, one
    return None
