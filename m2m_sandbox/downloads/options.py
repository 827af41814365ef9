"""What can be downloaded of a scene: products, the files inside them, and which product two ids name [REFERENCE §8]."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from m2m_sandbox.archive.datasets import archive_of, dataset_id, find_landsat_product, products_of
from m2m_sandbox.archive.fact_sheets import sheets
from m2m_sandbox.archive.landsat.archive import Landsat
from m2m_sandbox.archive.landsat.ard import Tiles
from m2m_sandbox.archive.landsat.families import END
from m2m_sandbox.archive.small import SmallArchive
from m2m_sandbox.downloads.band_files import file_groups_of, files_of, split
from m2m_sandbox.files.products import bundle, landsat_file, whole_product

if TYPE_CHECKING:
    from m2m_sandbox.archive.landsat.scene_facts import SceneFacts
    from m2m_sandbox.archive.search import Archive
    from m2m_sandbox.files.content import Content

__all__ = ["file_groups_of", "file_of", "located", "options_of"]

FRESH = 20
"""Days for which a Landsat scene's bundle comes from dds_ms, and not yet from ls_zip."""

FRESH_FILES = 2
"""Days for which its files come from dds, and not yet from ls_s3. How many they are at M2M is not known."""

STAGED = 8
"""One place in so many has its newest files on dds: with all of them, a newcomer's first band would be staged."""

_BROWSE_SIZES = {"browse-jpg": 6291456, "browse-tif": 14680064}
"""Bytes that M2M names for every full-resolution browse [REFERENCE §8]."""


def _product(name: str, scene: dict[str, Any], row: dict[str, Any], **more: Any) -> dict[str, Any]:
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


def options_of(name: str, archive: Archive, number: int) -> list[dict[str, Any]]:
    """The products of one scene."""
    if isinstance(archive, Landsat | Tiles):
        return _landsat_options(name, archive.facts(number))
    assert isinstance(archive, SmallArchive)  # noqa: S101 -- there are these kinds
    scene = archive.scene(number, full=False)
    return [_small_option(name, archive, number, scene, row) for row in products_of(name)]


def _small_option(
    name: str, archive: SmallArchive, number: int, scene: dict[str, Any], row: dict[str, Any]
) -> dict[str, Any]:
    available = archive.offers(number, row["code"])
    size = whole_product(archive, number, row["form"])[1].size if available else 0
    return _product(name, scene, row, available=available, bulkAvailable=available, filesize=size)


def _landsat_options(name: str, facts: SceneFacts) -> list[dict[str, Any]]:
    age = END - facts.day
    fresh = age.days <= FRESH and not facts.family.tiled
    scene = {"displayId": facts.display_id, "entityId": facts.entity_id}
    files = files_of(
        facts, fresh=age.days <= FRESH_FILES and (facts.path + facts.row) % STAGED == 0 and not facts.family.tiled
    )
    size = bundle(facts).size
    return [_product(name, scene, row, **_state(row, files, size, fresh=fresh)) for row in products_of(name)]


def _state(row: dict[str, Any], files: list[dict[str, Any]], size: int, *, fresh: bool) -> dict[str, Any]:
    """Of the two bundles one can be had: the other system has it not yet, or no more."""
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
def _offering() -> dict[str, list[str]]:
    """The datasets that offer a product, by its id."""
    found: dict[str, list[str]] = {}
    for name in sheets():
        for row in products_of(name):
            found.setdefault(str(row["id"]), []).append(name)
    return found


def located(entity_id: str, product_id: str) -> tuple[str, int, dict[str, Any]] | None:
    """Dataset, scene and product that a pair of ids names."""
    display_id = split(entity_id)
    if display_id:
        found = find_landsat_product(display_id)
        names, field = [found[0]] if found else [], "displayId"
    else:
        names, field = _offering().get(product_id, []), "entityId"
    every = (_product_of(name, field, display_id or entity_id, (entity_id, product_id)) for name in names)
    return next((one for one in every if one), None)


def file_of(name: str, number: int, product: dict[str, Any]) -> tuple[str, Content]:
    """Name and content of a product that is one file, or of a file inside a folder. Raises KeyError for a folder."""
    archive = archive_of(name)
    if isinstance(archive, Landsat | Tiles):
        facts = archive.facts(number)
        if product["displayId"] != facts.display_id:
            ending = str(product["displayId"]).removeprefix(f"{facts.display_id}_")
            return str(product["displayId"]), landsat_file(facts, ending)
    form = next((row["form"] for row in products_of(name) if row["id"] == product["id"] and "form" in row), None)
    if archive is None or form is None:
        raise KeyError(product["id"])
    return whole_product(archive, number, str(form))


def _product_of(name: str, field: str, identifier: str, ids: tuple[str, str]) -> tuple[str, int, dict[str, Any]] | None:
    archive = archive_of(name)
    number = archive.find(identifier, field) if archive else None
    if archive is None or number is None:
        return None
    for product in options_of(name, archive, number):
        for one in (product, *product["secondaryDownloads"]):
            if (one["entityId"], one["id"]) == ids:
                return name, number, one
    return None
