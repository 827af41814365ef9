"""Chooses the product to request for a file, from what M2M offers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from stac_bridge.errors import AssetUnavailable, NotFound
from stac_bridge.m2m.models.downloads import Product
from stac_bridge.mapping.products import ProductChoice

_TAR_SYSTEMS = frozenset({"ls_zip", "dds_ms"})
"""Download systems whose bundles are uncompressed tar archives, in spite of their names [REFERENCE §8]."""


@dataclass(frozen=True, slots=True)
class SceneFile:
    """A file of a scene: one of its secondary files, or a whole product.

    ``suffix`` is the part of a secondary file's name after the display id; ``product_code``, or
    ``product_named`` (a pattern of its name), selects a whole product.
    """

    dataset: str
    entity_id: str
    display_id: str
    filename: str
    suffix: str | None = None
    product_code: str | None = None
    product_named: str | None = None

    @property
    def name(self) -> str:
        """A key that is unique for the file."""
        return f"{self.dataset} {self.entity_id} {self.filename} {self.product_code or self.product_named or ''}"

    def bundle(self, product: Product) -> SceneFile:
        """Return the archive that contains this file: the same value for all files of the scene."""
        name, code = f"{self.display_id}.tar", product.code
        return replace(self, filename=name, suffix=None, product_code=code, product_named=None)


@dataclass(frozen=True, slots=True)
class Choice:
    """The product to request; ``member`` is the file's name inside it if the product is an archive."""

    product: Product
    member: str | None = None


def choose(products: Sequence[Product], file: SceneFile) -> Choice:
    """Return what is available: the file itself, otherwise a bundle that contains it.

    Never chooses by id or download system: a bundle exists twice, and which of the two is available changes as the
    scene ages; the same files are listed below folders and bundles [REFERENCE §8].

    Raises NotFound, AssetUnavailable.
    """
    matches = [product for product in _candidates(products, file) if not product.is_folder]
    for product in matches:
        if product.available:
            return Choice(product)
    # If the file is not listed, a bundle may have it only as long as the bundle's files are not listed at all.
    if file.suffix is not None and (matches or not any(product.secondary for product in products)):
        for product in products:
            if product.available and _is_tar(product):
                return Choice(product, file.filename)
    others = _others(products)
    if not matches:
        raise NotFound(f"USGS offers no file {file.filename!r} of this scene.{others}")
    raise AssetUnavailable(f"USGS lists {file.filename!r}, but it is not available for download now.{others}")


def _others(products: Sequence[Product]) -> str:
    """Return a sentence with what a scene has instead; half of the NAIP scenes have one of two products only."""
    names = {product.name: None for product in products if product.available and not product.is_folder and product.name}
    return f" Available now: {', '.join(names)}." if names else ""


def _candidates(products: Sequence[Product], file: SceneFile) -> Iterable[Product]:
    if file.suffix is None:
        choice = ProductChoice(file.product_code, file.product_named)
        return (product for product in products if choice.fits(product.code, product.name))
    # The same secondary file is listed below several products; it counts once.
    secondary = {(row.entity_id, row.product_id): row for product in products for row in product.secondary}
    name, ending = file.filename.casefold(), f"_{file.display_id}_{file.suffix.replace('.', '_')}".casefold()
    return (
        row
        for row in secondary.values()
        if row.display_id.casefold() == name or row.entity_id.casefold().endswith(ending)
    )


def _is_tar(product: Product) -> bool:
    return product.system in _TAR_SYSTEMS or (product.download_name or "").casefold().endswith(".tar")
