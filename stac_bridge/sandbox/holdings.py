"""The datasets that the sandbox holds, and what M2M says of them."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from stac_bridge.sandbox.few import SMALL
from stac_bridge.sandbox.landsat import landsat
from stac_bridge.sandbox.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from stac_bridge.sandbox.archive import Archive

__all__ = ["archive_of", "dataset", "datasets", "filters_of", "form_of", "name_of", "products_of"]

_ARCHIVES: dict[str, Callable[[], Archive]] = {"landsat_ot_c2_l2": landsat, **SMALL}


@lru_cache(maxsize=1)
def _facts() -> dict[str, Any]:
    """The files of ``facts/``: dataset, filters and products by the dataset's alias."""
    folder = files("stac_bridge.sandbox").joinpath("facts")
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    return {one.name.removesuffix(".yaml"): yaml.safe_load(one.read_text("utf-8")) for one in found}


def name_of(said: object) -> str:
    """A dataset's alias, whatever its case. Raises Refusal."""
    name = str(said).lower()
    if name not in _facts():
        raise Refusal("DATASET_INVALID", "An invalid dataset has been provided")
    return name


def archive_of(name: str) -> Archive | None:
    """Its scenes; None where it has none of its own."""
    make = _ARCHIVES.get(name)
    return make() if make else None


def dataset(name: str) -> dict[str, Any]:
    """As dataset-search lists it. Where M2M's own number of scenes is known to be wrong, the facts hold it."""
    archive, said = archive_of(name), _facts()[name]["dataset"]
    count = {} if archive is None or "sceneCount" in said else {"sceneCount": len(archive.before)}
    return {**said, **count, "datasetAlias": name}


def datasets() -> list[dict[str, Any]]:
    """All of them."""
    return [dataset(name) for name in _facts()]


def filters_of(name: str) -> list[dict[str, Any]]:
    """As dataset-filters lists them."""
    return [_filter(label, *said) for label, said in _facts()[name].get("filters", {}).items()]


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
    return list(_facts()[name].get("products", ()))


def form_of(name: str, product_id: str) -> str:
    """What the file of a product is. Raises StopIteration for a product that is no one file."""
    return next(str(one["form"]) for one in products_of(name) if one["id"] == product_id)
