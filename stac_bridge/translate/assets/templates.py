"""Translates asset rows and products to asset templates: the parts of an Asset that are the same for every scene."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from stac_bridge.catalog import Entry
from stac_bridge.m2m.models.datasets import DatasetProduct
from stac_bridge.mapping.assets import MEDIA_TYPES, AssetRow, Band, Bit, ProductRow, Raster
from stac_bridge.mapping.products import product_key, product_rows
from stac_bridge.translate.assets.access import ORDERABLE, STAGED_SYSTEMS
from stac_bridge.translate.extensions import prefix_of

_PICTURE_ROLES = frozenset({"thumbnail", "overview"})

Conditions = tuple[tuple[str, tuple[Any, ...]], ...]
"""Pairs of a property and its accepted values; all of them must hold."""


class Kind(Enum):
    """Where an asset's bytes are."""

    FILE = "one of the scene's own files, below a product that is a folder"
    PRODUCT = "a product of the scene"
    PICTURE = "a picture that M2M links to"


@dataclass(frozen=True, slots=True)
class AssetTemplate:
    """An Asset without its href."""

    key: str
    kind: Kind
    fields: dict[str, Any]
    """The Asset's JSON members."""
    suffix: str
    """The end of the file name: after the display id or, for a product, after the stem."""
    conditions: Conditions
    """The properties of scenes that have this asset."""
    extensions: frozenset[str]
    """Prefixes of the extensions it uses."""
    browse: str = ""
    """Which of the scene's pictures it is."""
    unless: Conditions = ()
    """Scenes that have any of these properties lack the asset."""
    ids: str = "*"
    """The pattern of the display ids of scenes that have this asset."""
    pixel: float | None = None
    """The pixel size of this file in the grid's unit, if it differs from the grid's."""


def asset_templates(entry: Entry) -> tuple[AssetTemplate, ...]:
    """Return all assets that the dataset's scenes can have: the mapping's, in its order, then the products.

    Of several with the same key, a scene has the first one whose conditions it meets.
    """
    rows = [_row_template(row.key or name, row) for name, row in entry.mapping.assets.items()]
    return (*rows, *_product_templates(entry))


def mark_files_unavailable(item: dict[str, Any], reason: str) -> dict[str, Any]:
    """Return the Item with ``m2m:unavailable`` in its files. Pictures have no mark, because they are public."""
    assets = {
        key: asset if _PICTURE_ROLES & {*asset["roles"]} else {**asset, "m2m:unavailable": reason}
        for key, asset in item["assets"].items()
    }
    return {**item, "assets": assets}


def _row_template(key: str, row: AssetRow) -> AssetTemplate:
    fields: dict[str, Any] = {"title": row.title, "type": MEDIA_TYPES[row.type], "roles": list(row.roles)}
    if row.description:
        fields["description"] = row.description
    if row.gsd:
        fields["gsd"] = row.gsd
    extensions = {"auth", *_describe_pixels(fields, (row.band,) if row.band else (), row.raster)}
    if row.bits:
        fields["classification:bitfields"] = [_bitfield(bit) for bit in row.bits]
        extensions.add("classification")
    if row.pixel:
        extensions.add("proj")
    return AssetTemplate(
        key,
        Kind.PICTURE if row.browse else Kind.FILE,
        fields,
        row.suffix if row.browse else f"_{row.file}",
        conditions_of(row.only),
        frozenset(extensions),
        browse=row.browse or "",
        pixel=row.pixel,
    )


def _describe_pixels(fields: dict[str, Any], bands: tuple[Band, ...], raster: Raster | None) -> set[str]:
    """Add what bands measure and how to read their pixels; return the prefixes of the extensions used.

    Both are written twice: as in STAC 1.1, and as in older extensions, for readers that know only those.
    """
    extensions = set()
    values = raster.model_dump(exclude_none=True) if raster else {}
    common = {f"raster:{name}": values[name] for name in ("scale", "offset", "spatial_resolution") if name in values}
    if bands:
        dumped = [band.model_dump(exclude_none=True) for band in bands]
        fields["bands"] = [_band(band) for band in dumped]
        fields["eo:bands"] = dumped
        extensions.add("eo")
    if raster:
        fields |= {name: values[name] for name in ("data_type", "nodata", "unit") if name in values}
        if common:
            fields["bands"] = [band | common for band in fields.get("bands", [{}])]
        fields["raster:bands"] = [values] * max(1, len(bands))
        extensions.add("raster")
    return extensions


def _band(band: dict[str, Any]) -> dict[str, Any]:
    """Return a band as STAC 1.1 and version 2 of the eo extension have it."""
    plain = ("name", "description")
    return {name if name in plain else f"eo:{name}": value for name, value in band.items()}


def conditions_of(only: dict[str, Any]) -> Conditions:
    """Return the conditions of a row's ``only``, whose values can be single ones or lists.

    >>> conditions_of({"platform": ["landsat-4", "landsat-5"], "landsat:correction": "L2SP"})
    (('platform', ('landsat-4', 'landsat-5')), ('landsat:correction', ('L2SP',)))
    """
    return tuple((name, tuple(value) if isinstance(value, list) else (value,)) for name, value in only.items())


def are_met(conditions: Conditions, properties: dict[str, Any]) -> bool:
    """Whether an Item's properties meet all conditions.

    >>> are_met((("platform", ("landsat-4", "landsat-5")),), {"platform": "landsat-7"}), are_met((), {})
    (False, True)
    """
    return all(properties.get(name) in values for name, values in conditions)


def is_any_met(conditions: Conditions, properties: dict[str, Any]) -> bool:
    """Whether an Item's properties meet any of the conditions.

    >>> is_any_met((("platform", ("landsat-4", "landsat-5")),), {"platform": "landsat-5"}), is_any_met((), {})
    (True, False)
    """
    return any(properties.get(name) in values for name, values in conditions)


def _bitfield(bit: Bit) -> dict[str, Any]:
    classes = [{"value": value, "name": name, "description": text} for value, (name, text) in enumerate(bit.classes)]
    return {**bit.model_dump(include={"name", "description", "offset", "length"}), "classes": classes}


def _product_templates(entry: Entry) -> list[AssetTemplate]:
    rows = entry.mapping.products
    if rows is None or entry.details is None:
        return []
    templates = []
    # Sorted, because M2M's order varies.
    for product in sorted(entry.details.products, key=lambda product: (product.code, product.name)):
        applicable = product_rows(rows, product.code, product.name)
        if applicable is not None:
            templates += [_product_template(product, row) for row in applicable or [ProductRow()]]
    return templates


def _product_template(product: DatasetProduct, row: ProductRow) -> AssetTemplate:
    fields: dict[str, Any] = {"title": row.title or product.name or product.code, "roles": list(row.roles)}
    if row.type:
        fields["type"] = MEDIA_TYPES[row.type]
    if row.description:
        fields["description"] = row.description
    fields["m2m:product_code"] = product.code
    if product.system in STAGED_SYSTEMS:
        fields["order:status"] = ORDERABLE
    _describe_pixels(fields, row.bands, row.raster)
    return AssetTemplate(
        row.key or product_key(product.code, product.name),
        Kind.PRODUCT,
        fields,
        row.suffix,
        conditions_of(row.only),
        frozenset({"auth", *map(prefix_of, fields)}) - {""},
        unless=conditions_of(row.unless),
        ids=row.ids,
    )
