"""Translates asset rows and products to asset templates: the parts of an Asset that are the same for every scene."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stac_bridge.mapping.assets import MEDIA_TYPES
from stac_bridge.translate.access import ORDERABLE, STAGED_SYSTEMS
from stac_bridge.translate.extensions import prefix_of

if TYPE_CHECKING:
    from stac_bridge.catalog import Entry
    from stac_bridge.mapping.assets import AssetRow, Bit

_PICTURE_ROLES = frozenset({"thumbnail", "overview"})

Conditions = tuple[tuple[str, tuple[Any, ...]], ...]
"""Pairs of a property and its accepted values; all of them must hold."""


@dataclass(frozen=True, slots=True)
class AssetTemplate:
    """An Asset without its href."""

    key: str
    fields: dict[str, Any]
    """The Asset's JSON members."""
    suffix: str | None
    """The end of the file name, after the display id; None for a browse image."""
    browse: str | None
    """Which of the scene's browse images it is; None for a file."""
    conditions: Conditions
    """The properties of scenes that have this asset."""
    extensions: frozenset[str]
    """Prefixes of the extensions it uses."""
    pixel: float | None = None
    """The pixel size of this file in the grid's unit, if it differs from the grid's."""
    is_file: bool = False
    """Whether it is one of the scene's own files, not a browse image or a product."""


def asset_templates(entry: Entry) -> tuple[AssetTemplate, ...]:
    """Return all assets that the dataset's scenes can have: the mapping's, in its order, then the products."""
    rows = [_row_template(row.key or name, row) for name, row in entry.mapping.assets.items()]
    return (*rows, *_product_templates(entry))


def mark_files_unavailable(item: dict[str, Any], reason: str) -> dict[str, Any]:
    """Return the Item with ``m2m:unavailable`` in its files. Pictures have no mark, because they are public."""
    assets = {
        key: asset if _PICTURE_ROLES & {*asset["roles"]} else {**asset, "m2m:unavailable": reason}
        for key, asset in item["assets"].items()
    }
    return {**item, "assets": assets}


def product_key(code: str, name: str) -> str:
    """Return a product's asset key. It depends on code and name only, so that it is the same for every scene.

    >>> product_key("D183", "Standard Format")
    'd183_standard_format'
    """
    return "_".join([code.lower(), *re.findall(r"[a-z0-9]+", name.lower())])


def product_code(key: str) -> str:
    """Return the product code from an asset key that ``product_key`` made.

    >>> product_code("d183_standard_format")
    'D183'
    """
    return key.partition("_")[0].upper()


def _row_template(key: str, row: AssetRow) -> AssetTemplate:
    fields: dict[str, Any] = {"title": row.title, "type": MEDIA_TYPES[row.type], "roles": list(row.roles)}
    if row.description:
        fields["description"] = row.description
    if row.gsd:
        fields["gsd"] = row.gsd
    extensions = set()
    # Bands are written twice: as in STAC 1.1, and as in older extensions, for readers that know only those.
    if row.band:
        band = row.band.model_dump(exclude_none=True)
        fields["bands"] = [{name: band[name] for name in ("name", "description") if name in band}]
        fields["eo:bands"] = [band]
        extensions.add("eo")
    if row.raster:
        raster = row.raster.model_dump(exclude_none=True)
        fields |= {name: raster[name] for name in ("data_type", "nodata", "unit") if name in raster}
        fields["raster:bands"] = [raster]
        extensions.add("raster")
    if row.bits:
        fields["classification:bitfields"] = [_bitfield(bit) for bit in row.bits]
        extensions.add("classification")
    if row.file:
        extensions.add("auth")
    if row.pixel:
        extensions.add("proj")
    return AssetTemplate(
        key,
        fields,
        f"_{row.file}" if row.file else None,
        row.browse,
        conditions_of(row.only),
        frozenset(extensions),
        row.pixel,
        row.file is not None,
    )


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


def _bitfield(bit: Bit) -> dict[str, Any]:
    classes = [{"value": value, "name": name, "description": text} for value, (name, text) in enumerate(bit.classes)]
    return {**bit.model_dump(include={"name", "description", "offset", "length"}), "classes": classes}


def _product_templates(entry: Entry) -> list[AssetTemplate]:
    rows = entry.mapping.products
    if rows is None or entry.learnt is None:
        return []
    templates = []
    # Sorted, because M2M's order varies.
    for product in sorted(entry.learnt.products, key=lambda product: (product.code, product.name)):
        row = rows.get(product.code)
        if row is None and product.code in rows:
            continue  # the mapping has null for a product that is not a file
        fields = {
            "title": product.name or product.code,
            "type": MEDIA_TYPES[row.type if row else "binary"],
            "roles": list(row.roles if row else ("data",)),
            "m2m:product_code": product.code,
        }
        if product.system in STAGED_SYSTEMS:
            fields["order:status"] = ORDERABLE
        key = product_key(product.code, product.name)
        extensions = frozenset({"auth", *map(prefix_of, fields)}) - {""}
        templates.append(AssetTemplate(key, fields, row.suffix if row else "", None, (), extensions))
    return templates
