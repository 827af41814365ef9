"""The datasets that the sandbox holds, and what M2M says of them."""

from __future__ import annotations

from functools import partial
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

__all__ = [
    "archive_of",
    "dataset",
    "dataset_id",
    "datasets",
    "filters_of",
    "form_of",
    "name_of",
    "named",
    "products_of",
]

_ARCHIVES: dict[str, Callable[[], Archive]] = {
    **{name: partial(landsat, name) for name in FAMILIES},
    ARD.dataset: tiles,
    **SMALL,
}


def name_of(said: object) -> str:
    """A dataset's alias, whatever its case. Raises EndpointError."""
    name = str(said).lower()
    if name not in sheets():
        raise EndpointError("DATASET_INVALID", "An invalid dataset has been provided")
    return name


def archive_of(name: str) -> Archive | None:
    """Its scenes; None where it has none of its own."""
    make = _ARCHIVES.get(name)
    return make() if make else None


def named(display_id: str) -> tuple[str, Landsat | Tiles, int] | None:
    """Dataset, archive and number of a Landsat product, by its own name alone."""
    family = family_of(display_id)
    if family is None:
        return None
    archive = tiles() if family.tiled else landsat(family.dataset)
    number = archive.find(display_id)
    return None if number is None else (family.dataset, archive, number)


def dataset_id(name: str) -> str:
    """Its id."""
    return str(sheet(name)["dataset"]["datasetId"])


def dataset(name: str) -> dict[str, Any]:
    """As dataset-search lists it. Where M2M's own number of scenes is known to be wrong, the facts hold it."""
    archive, said = archive_of(name), sheet(name)["dataset"]
    count = {} if archive is None or "sceneCount" in said else {"sceneCount": len(archive)}
    return {**said, **count, "datasetAlias": name}


def datasets() -> list[dict[str, Any]]:
    """All of them."""
    return [dataset(name) for name in sheets()]


def filters_of(name: str) -> list[dict[str, Any]]:
    """As dataset-filters lists them."""
    return [_filter(label, *said) for label, said in sheet(name).get("filters", {}).items()]


def _filter(label: str, ident: str, kind: str, sql: str, values: Any = None, unusual: Any = None) -> dict[str, Any]:
    """``unusual`` replaces parts of the fieldConfig."""
    like = [{"type": "StringToUpper", "options": []}, {"type": "Application\\Filter\\Like", "options": []}]
    said = {
        "id": ident,
        "legacyFieldId": None,
        "dictionaryLink": "https://www.usgs.gov/centers/eros/science/landsat-collection-2-data-dictionary",
        "fieldConfig": {
            "type": kind,
            "filters": like if kind == "Text" else [],
            "options": {"size": "30"} if kind == "Text" else [] if kind == "Range" else {},
            "validators": [{"type": "Date", "options": {}}] if "YYYY" in label else [],
            "numElements": "5" if kind == "Text" else 1,
            "displayListId": None,
            **(unusual or {}),
        },
        "fieldLabel": label,
        "searchSql": sql,
    }
    return {**said, "valueList": {"": "All", **values}} if values else said


def products_of(name: str) -> list[dict[str, Any]]:
    """The products of a dataset; ``form`` says what the file is, for those that are one file."""
    return list(sheet(name).get("products", ()))


def form_of(name: str, product_id: str) -> str:
    """What the file of a product is. Raises StopIteration for a product that is no one file."""
    return next(str(one["form"]) for one in products_of(name) if one["id"] == product_id)
