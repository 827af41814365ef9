"""Asset rows → the parts of an Asset that are the same for every scene, made once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stac_bridge.mapping.model import MEDIA_TYPES

if TYPE_CHECKING:
    from stac_bridge.catalog import Entry
    from stac_bridge.mapping.model import AssetRow, Bit

__all__ = ["AssetTemplate", "asset_templates", "product_code", "product_key"]


@dataclass(frozen=True, slots=True)
class AssetTemplate:
    """An asset without its href.

    ``ending`` is what follows the display id in the file's name; ``browse`` names the picture instead.
    ``only`` lists property values without which the scene has no such file.
    """

    key: str
    said: dict[str, Any]
    ending: str | None
    browse: str | None
    only: tuple[tuple[str, Any], ...]
    extensions: frozenset[str]


def asset_templates(entry: Entry) -> tuple[AssetTemplate, ...]:
    """All assets that a scene of the dataset may have, in the mapping's order, then its products."""
    rows = [_template(key, row) for key, row in entry.mapping.assets.items()]
    return (*rows, *_products(entry))


def product_key(code: str, name: str) -> str:
    """A product's asset key: stable while code and name are.

    >>> product_key("D183", "Standard Format")
    'd183_standard_format'
    """
    return "_".join([code.lower(), *re.findall(r"[a-z0-9]+", name.lower())])


def product_code(key: str) -> str:
    """The product code in an asset key that ``product_key`` made.

    >>> product_code("d183_standard_format")
    'D183'
    """
    return key.partition("_")[0].upper()


def _template(key: str, row: AssetRow) -> AssetTemplate:
    said: dict[str, Any] = {"title": row.title, "type": MEDIA_TYPES[row.type], "roles": list(row.roles)}
    if row.description:
        said["description"] = row.description
    if row.gsd:
        said["gsd"] = row.gsd
    extensions = set()
    if row.band:
        band = row.band.model_dump(exclude_none=True)
        said["bands"] = [{name: band[name] for name in ("name", "description") if name in band}]
        said["eo:bands"] = [band]
        extensions.add("eo")
    if row.raster:
        raster = row.raster.model_dump(exclude_none=True)
        said |= {name: raster[name] for name in ("data_type", "nodata", "unit") if name in raster}
        said["raster:bands"] = [raster]
        extensions.add("raster")
    if row.bits:
        said["classification:bitfields"] = [_bit(bit) for bit in row.bits]
        extensions.add("classification")
    ending = f"_{row.file}" if row.file else None
    return AssetTemplate(key, said, ending, row.browse, tuple(row.only.items()), frozenset(extensions))


def _bit(bit: Bit) -> dict[str, Any]:
    classes = [{"value": value, "name": name, "description": text} for value, (name, text) in enumerate(bit.classes)]
    return {**bit.model_dump(include={"name", "description", "offset", "length"}), "classes": classes}


def _products(entry: Entry) -> list[AssetTemplate]:
    known = entry.mapping.products
    if known is None or entry.learnt is None:
        return []
    templates = []
    for product in entry.learnt.products:
        row = known.get(product.code)
        said = {
            "title": product.name or product.code,
            "type": MEDIA_TYPES[row.type if row else "binary"],
            "roles": list(row.roles if row else ("data",)),
        }
        key = product_key(product.code, product.name)
        templates.append(AssetTemplate(key, said, row.suffix if row else "", None, (), frozenset()))
    return templates
