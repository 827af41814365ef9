"""What is wanted × what M2M offers → the product to ask for. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stac_bridge.errors import AssetUnavailable, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stac_bridge.m2m.models.downloads import Product

__all__ = ["Choice", "Wanted", "choose"]

_TARS = frozenset({"ls_zip", "dds_ms"})
"""Download systems whose bundles are uncompressed tar archives, whatever they are called [REFERENCE §8]."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of a scene: by its name among the scene's files (``file`` is its ending), or as a whole product."""

    dataset: str
    entity_id: str
    display_id: str
    filename: str
    file: str | None = None
    product_code: str | None = None

    @property
    def name(self) -> str:
        """Unique for what is wanted."""
        return f"{self.dataset} {self.entity_id} {self.filename} {self.product_code or ''}"

    def bundle(self, product: Product) -> Wanted:
        """The archive that has the file, as a whole: one and the same for all files of the scene."""
        return replace(self, filename=f"{self.display_id}.tar", file=None, product_code=product.code)


@dataclass(frozen=True, slots=True)
class Choice:
    """The product to ask for, and where it is an archive, the name of the file inside it that is wanted."""

    product: Product
    member: str | None = None


def choose(products: Sequence[Product], wanted: Wanted) -> Choice:
    """What is available: the file itself, else a bundle that has it. Raises NotFound, AssetUnavailable.

    Never by id or download system: a bundle exists twice, and which of the two is available changes as the
    scene ages; the same files hang on folders and on bundles [REFERENCE §8].
    """
    fitting = [one for one in _candidates(products, wanted) if not one.is_folder]
    for product in fitting:
        if product.available:
            return Choice(product)
    if wanted.file is not None and (fitting or not any(one.secondary for one in products)):
        for product in products:
            if product.available and _is_tar(product):
                return Choice(product, wanted.filename)
    if not fitting:
        raise NotFound(f"USGS offers no file {wanted.filename!r} of this scene.")
    raise AssetUnavailable(f"USGS lists {wanted.filename!r}, but it is not available for download now.")


def _candidates(products: Sequence[Product], wanted: Wanted) -> Iterable[Product]:
    if wanted.file is None:
        return (one for one in products if one.code == wanted.product_code)
    files = {(file.entity_id, file.product_id): file for product in products for file in product.secondary}
    name, ending = wanted.filename.casefold(), f"_{wanted.display_id}_{wanted.file.replace('.', '_')}".casefold()
    return (
        file
        for file in files.values()
        if file.display_id.casefold() == name or file.entity_id.casefold().endswith(ending)
    )


def _is_tar(product: Product) -> bool:
    return product.system in _TARS or (product.download_name or "").casefold().endswith(".tar")
