"""The download options of a scene, and the product that an entity id and a product id identify [REFERENCE §8]."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.datasets import archive_of, dataset_id, find_landsat_product, products_of
from m2m_sandbox.archive.fact_sheets import sheet, sheets
from m2m_sandbox.archive.landsat.archive import Landsat
from m2m_sandbox.archive.landsat.ard import Tiles
from m2m_sandbox.archive.landsat.families import END
from m2m_sandbox.archive.small import SmallArchive
from m2m_sandbox.downloads.band_files import product_display_id, secondary_downloads
from m2m_sandbox.files.products import bundle, landsat_file, whole_product

if TYPE_CHECKING:
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
    from m2m_sandbox.archive.search import Archive
    from m2m_sandbox.files.content import Content

Product = dict[str, Any]
"""A product as download-options lists it, or one of its ``secondaryDownloads``."""

FRESH_DAYS = 20
"""Days for which a Landsat scene's bundle comes from dds_ms, and not yet from ls_zip."""

FRESH_FILE_DAYS = 2
"""Days for which its band files come from dds, and not yet from ls_s3. M2M's own number is not known."""

STAGED_ONE_IN = 8
"""One in this many places has its newest band files on dds: with all of them there, the first band that a new user
downloads would have to be staged."""

_BROWSE_SIZES = {"browse-jpg": 6291456, "browse-tif": 14680064}
"""The size in bytes that M2M lists for every full-resolution browse [REFERENCE §8]."""


def _product(name: str, scene: dict[str, Any], row: dict[str, Any], **more: Any) -> Product:
    return {
        "id": row["id"],
        "downloadName": row.get("downloadName"),
        "displayId": scene["displayId"],
        "entityId": scene["entityId"],
        "datasetId": dataset_id(name),
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


def download_options(dataset: str, archive: Archive, number: int) -> list[Product]:
    """Return the products of one scene."""
    if isinstance(archive, Landsat | Tiles):
        return _landsat_options(dataset, archive.facts(number))
    assert isinstance(archive, SmallArchive)  # noqa: S101 -- tells mypy that there is no other kind of archive
    scene = archive.scene(number, full=False)
    options = [_single_file_option(dataset, archive, number, scene, row) for row in products_of(dataset)]
    orders = [] if archive.is_scanned(number) else sheet(dataset).get("orders", [])
    return [*options, *(_product(dataset, scene, row, available=False, bulkAvailable=False) for row in orders)]


def _single_file_option(
    dataset: str, archive: SmallArchive, number: int, scene: dict[str, Any], row: dict[str, Any]
) -> Product:
    available = archive.offers(number, row["code"])
    size = whole_product(archive, number, row["form"])[1].size if available else 0
    return _product(dataset, scene, row, available=available, bulkAvailable=available, filesize=size)


def _landsat_options(dataset: str, facts: SceneFacts) -> list[Product]:
    age = (END - facts.day).days
    fresh = age <= FRESH_DAYS and not facts.family.tiled
    on_dds = age <= FRESH_FILE_DAYS and (facts.path + facts.row) % STAGED_ONE_IN == 0 and not facts.family.tiled
    scene = {"displayId": facts.display_id, "entityId": facts.entity_id}
    files = secondary_downloads(facts, fresh=on_dds)
    if facts.family.tiled:
        return [_product(dataset, scene, row, **_tile_state(row, files, facts)) for row in products_of(dataset)]
    size = bundle(facts).size
    return [
        _product(dataset, scene, row, **_landsat_state(row, files, size, fresh=fresh)) for row in products_of(dataset)
    ]


def _tile_state(row: dict[str, Any], files: list[Product], facts: SceneFacts) -> dict[str, Any]:
    """Return the size of a tile's bundle, or the files of its folder. Only the folder lists them [REFERENCE §15]."""
    if row["system"] == "folder":
        return {"secondaryDownloads": files}
    return {"filesize": bundle(facts, row["form"].partition("-")[2]).size}


def _landsat_state(row: dict[str, Any], files: list[Product], size: int, *, fresh: bool) -> dict[str, Any]:
    """Return a product's availability, size and files.

    A scene has a bundle on each of two systems, but only one is available: a fresh scene's on dds_ms, an older one's
    on ls_zip.
    """
    system = row["system"]
    if system == "ls_frb":
        return {"filesize": _BROWSE_SIZES[row["form"]]}
    available = system == "folder" or (system == "dds_ms") == fresh
    return {
        "available": available,
        "bulkAvailable": available,
        "filesize": 0 if system == "folder" else size,
        "secondaryDownloads": files,
    }


@lru_cache(maxsize=1)
def _datasets_by_product() -> dict[str, list[str]]:
    """Return product id → the datasets that offer the product."""
    by_product: dict[str, list[str]] = {}
    for name in sheets():
        for row in (*products_of(name), *sheet(name).get("orders", ())):
            by_product.setdefault(str(row["id"]), []).append(name)
    return by_product


def locate_product(entity_id: str, product_id: str) -> tuple[str, int, Product] | None:
    """Return the dataset, scene number and product that two ids identify; None if there is no such product.

    ``entity_id`` is that of a scene or of a band file.
    """
    display_id = product_display_id(entity_id)
    if display_id:
        scene = find_landsat_product(display_id)
        names, field = [scene[0]] if scene else [], "displayId"
    else:
        names, field = _datasets_by_product().get(product_id, []), "entityId"
    locations = (_locate_in(name, field, display_id or entity_id, (entity_id, product_id)) for name in names)
    return next((location for location in locations if location), None)


def _locate_in(dataset: str, field: str, scene_id: str, ids: tuple[str, str]) -> tuple[str, int, Product] | None:
    """Look for (entity id, product id) among the products and files of one scene."""
    archive = archive_of(dataset)
    number = archive.find(scene_id, field) if archive else None
    if archive is None or number is None:
        return None
    for option in download_options(dataset, archive, number):
        for product in (option, *option["secondaryDownloads"]):
            if (product["entityId"], product["id"]) == ids:
                return dataset, number, product
    return None


def product_file(dataset: str, number: int, product: Product) -> tuple[str, Content]:
    """Return the file name and content of a product that is one file, or of a band file.

    Raises:
        KeyError: for a folder, which has no content of its own.
    """
    archive = archive_of(dataset)
    if isinstance(archive, Landsat | Tiles):
        facts = archive.facts(number)
        if product["displayId"] != facts.display_id:  # a band file's display id is its file name
            ending = str(product["displayId"]).removeprefix(f"{facts.display_id}_")
            return str(product["displayId"]), landsat_file(facts, ending)
    form = next((row["form"] for row in products_of(dataset) if row["id"] == product["id"] and "form" in row), None)
    if archive is None or form is None:
        raise KeyError(product["id"])
    return whole_product(archive, number, str(form))
