"""The datasets that the sandbox holds, and what M2M says of them."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from stac_bridge.sandbox.few import corona, naip
from stac_bridge.sandbox.landsat import landsat
from stac_bridge.sandbox.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.sandbox.archive import Archive

__all__ = ["archive_of", "dataset", "datasets", "filters_of", "name_of", "products_of"]

_ARCHIVES: dict[str, Callable[[], Archive]] = {"landsat_ot_c2_l2": landsat, "naip": naip, "corona2": corona}


@lru_cache(maxsize=1)
def _facts() -> dict[str, Any]:
    said: dict[str, Any] = yaml.safe_load(files("stac_bridge.sandbox").joinpath("facts.yaml").read_text("utf-8"))
    return said


def name_of(said: object) -> str:
    """A dataset's alias, whatever its case. Raises Refusal."""
    name = str(said).lower()
    if name not in _facts()["datasets"]:
        raise Refusal("DATASET_INVALID", "An invalid dataset has been provided")
    return name


def archive_of(name: str) -> Archive | None:
    """Its scenes; None where it has none of its own."""
    make = _ARCHIVES.get(name)
    return make() if make else None


def dataset(name: str) -> dict[str, Any]:
    """As dataset-search lists it."""
    archive = archive_of(name)
    count = 205126692 if archive is None else len(archive.before)
    return {**_facts()["datasets"][name], "datasetAlias": name, "sceneCount": count}


def datasets() -> list[dict[str, Any]]:
    """All of them."""
    return [dataset(name) for name in _facts()["datasets"]]


def filters_of(name: str) -> list[dict[str, Any]]:
    """As dataset-filters lists them."""
    return [_filter(label, *said) for label, said in _facts()["filters"].get(name, {}).items()]


def _filter(label: str, ident: str, kind: str, sql: str, values: dict[str, str] | None = None) -> dict[str, Any]:
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
        },
        "fieldLabel": label,
        "searchSql": sql,
    }
    return {**said, "valueList": {"": "All", **values}} if values else said


def products_of(name: str) -> list[dict[str, Any]]:
    """As dataset-download-options lists them, with name and system for those who need them."""
    keys = ("productCode", "productId", "productName", "downloadName", "downloadSystem")
    return [dict(zip(keys, said, strict=True)) for said in _facts()["products"].get(name, [])]
