"""The datasets that the sandbox holds, as M2M's dataset endpoints describe them."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

from m2m_sandbox.api.errors import EndpointError
from m2m_sandbox.archive.fact_sheets import sheet, sheets
from m2m_sandbox.archive.landsat.archive import Landsat, landsat
from m2m_sandbox.archive.landsat.ard import Tiles, tiles
from m2m_sandbox.archive.landsat.families import ARD, FAMILIES, family_of
from m2m_sandbox.archive.small import SMALL

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.archive.search import Archive

_ARCHIVES: dict[str, Callable[[], Archive]] = {
    **{name: partial(landsat, name) for name in FAMILIES},
    ARD.dataset: tiles,
    **SMALL,
}


_CLOSED = frozenset(
    {"eo1_ali_priv", "landsat_8_c1", "landsat_ard_tile_c1", "landsat_etm_c1", "landsat_mss_c1", "landsat_tm_c1"}
)
"""Datasets that exist and are closed to all accounts of the sandbox, such as Collection 1 [REFERENCE §7]."""


def name_of(value: object) -> str:
    """Return a dataset's alias, ignoring case. A dataset's id is accepted, too.

    Raises:
        EndpointError: for an unknown or closed dataset.
    """
    name = _aliases_by_id().get(str(value).lower(), str(value).lower())
    if name in _CLOSED:
        raise EndpointError("DATASET_AUTH", "Dataset status is unavailable to this user")
    if name not in sheets():
        raise EndpointError("DATASET_INVALID", "An invalid dataset has been provided")
    return name


@cache
def _aliases_by_id() -> dict[str, str]:
    return {str(document["dataset"]["datasetId"]): name for name, document in sheets().items()}


def archive_of(name: str) -> Archive | None:
    """Return the archive with a dataset's scenes, or None for a dataset without scenes of its own."""
    factory = _ARCHIVES.get(name)
    return factory() if factory else None


def find_landsat_product(display_id: str) -> tuple[str, Landsat | Tiles, int] | None:
    """Find a Landsat product by display id alone: its dataset, its archive and the number of its scene."""
    family = family_of(display_id)
    if family is None:
        return None
    archive = tiles() if family.tiled else landsat(family.dataset)
    number = archive.find(display_id)
    return None if number is None else (family.dataset, archive, number)


def dataset_id(name: str) -> str:
    """Return M2M's id of a dataset."""
    return str(sheet(name)["dataset"]["datasetId"])


def dataset(name: str) -> dict[str, Any]:
    """Return a dataset as dataset-search lists it.

    The number of scenes comes from the fact sheet, so that no archive is built for it. M2M's own number, which is known
    to be wrong for some datasets, takes precedence.
    """
    facts = sheet(name)
    count = {"sceneCount": facts["scene_count"]} if "scene_count" in facts else {}
    return {**count, **facts["dataset"], "datasetAlias": name}


def datasets() -> list[dict[str, Any]]:
    """Return all datasets as dataset-search lists them."""
    return [dataset(name) for name in sheets()]


def filters_of(name: str) -> list[dict[str, Any]]:
    """Return a dataset's filters as dataset-filters lists them."""
    return [_filter(label, *row) for label, row in sheet(name).get("filters", {}).items()]


def _filter(
    label: str, filter_id: str, field_type: str, sql: str, values: Any = None, field_config: Any = None
) -> dict[str, Any]:
    """Build one dataset filter; ``field_config`` overrides members of its fieldConfig."""
    like_filters = [{"type": "StringToUpper", "options": []}, {"type": "Application\\Filter\\Like", "options": []}]
    document = {
        "id": filter_id,
        "legacyFieldId": None,
        "dictionaryLink": "https://www.usgs.gov/centers/eros/science/landsat-collection-2-data-dictionary",
        "fieldConfig": {
            "type": field_type,
            "filters": like_filters if field_type == "Text" else [],
            "options": {"size": "30"} if field_type == "Text" else [] if field_type == "Range" else {},
            "validators": [{"type": "Date", "options": {}}] if "YYYY" in label else [],
            "numElements": "5" if field_type == "Text" else 1,
            "displayListId": None,
            **(field_config or {}),
        },
        "fieldLabel": label,
        "searchSql": sql,
    }
    return {**document, "valueList": {"": "All", **values}} if values else document


def products_of(name: str) -> list[dict[str, Any]]:
    """Return a dataset's products; for a product that is one file, ``form`` is the kind of the file."""
    return list(sheet(name).get("products", ()))


def form_of(name: str, product_id: str) -> str:
    """Return the kind of file of a product. Raises StopIteration for a product that is not a single file."""
    return next(str(product["form"]) for product in products_of(name) if product["id"] == product_id)
