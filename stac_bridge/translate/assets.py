"""Asset rows → the parts of an Asset that are the same for every scene, made once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stac_bridge.mapping.assets import MEDIA_TYPES
from stac_bridge.translate.access import ORDERABLE, STAGED
from stac_bridge.translate.extensions import prefix_of

if TYPE_CHECKING:
    from stac_bridge.catalog import Entry
    from stac_bridge.mapping.assets import AssetRow, Bit

__all__ = ["AssetTemplate", "asset_templates", "conditions", "product_code", "product_key", "without_files"]

_PICTURES = frozenset({"thumbnail", "overview"})


@dataclass(frozen=True, slots=True)
class AssetTemplate:
    """An asset without its href.

    ``ending`` is what follows the display id in the file's name; ``browse`` names the picture instead.
    ``only`` lists, by property, the values of scenes that have such a file; ``pixel`` is the size of its pixels
    where they are not those of the scene's grid.
    """

    key: str
    said: dict[str, Any]
    ending: str | None
    browse: str | None
    only: tuple[tuple[str, tuple[Any, ...]], ...]
    extensions: frozenset[str]
    pixel: float | None = None
    is_file: bool = False
    """Whether it is one of the scene's own files, not a picture or a whole product."""


def asset_templates(entry: Entry) -> tuple[AssetTemplate, ...]:
    """All assets that a scene of the dataset may have, in the mapping's order, then its products."""
    rows = [_template(row.key or name, row) for name, row in entry.mapping.assets.items()]
    return (*rows, *_products(entry))


def without_files(item: dict[str, Any], why: str) -> dict[str, Any]:
    """The Item whose files carry why they cannot be fetched; pictures are public and do not."""
    assets = {
        key: asset if _PICTURES & {*asset["roles"]} else {**asset, "m2m:unavailable": why}
        for key, asset in item["assets"].items()
    }
    return {**item, "assets": assets}


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
    if row.file:
        extensions.add("auth")
    ending = f"_{row.file}" if row.file else None
    if row.pixel:
        extensions.add("proj")
    only = conditions(row.only)
    return AssetTemplate(key, said, ending, row.browse, only, frozenset(extensions), row.pixel, row.file is not None)


def conditions(only: dict[str, Any]) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    """By property, the values that fit.

    >>> conditions({"platform": ["landsat-4", "landsat-5"], "landsat:correction": "L2SP"})
    (('platform', ('landsat-4', 'landsat-5')), ('landsat:correction', ('L2SP',)))
    """
    return tuple((name, tuple(said) if isinstance(said, list) else (said,)) for name, said in only.items())


def _bit(bit: Bit) -> dict[str, Any]:
    classes = [{"value": value, "name": name, "description": text} for value, (name, text) in enumerate(bit.classes)]
    return {**bit.model_dump(include={"name", "description", "offset", "length"}), "classes": classes}


def _products(entry: Entry) -> list[AssetTemplate]:
    known = entry.mapping.products
    if known is None or entry.learnt is None:
        return []
    templates = []
    for product in sorted(entry.learnt.products, key=lambda one: (one.code, one.name)):
        row = known.get(product.code)
        if row is None and product.code in known:
            continue
        said = {
            "title": product.name or product.code,
            "type": MEDIA_TYPES[row.type if row else "binary"],
            "roles": list(row.roles if row else ("data",)),
            "m2m:product_code": product.code,
        }
        if product.system in STAGED:
            said["order:status"] = ORDERABLE
        key, used = product_key(product.code, product.name), frozenset({"auth", *map(prefix_of, said)}) - {""}
        templates.append(AssetTemplate(key, said, row.suffix if row else "", None, (), used))
    return templates
