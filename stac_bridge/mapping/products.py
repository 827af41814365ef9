"""Which product rows of a mapping apply to a product of M2M, and the asset keys of products."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from stac_bridge.mapping.assets import ProductRow


@dataclass(frozen=True, slots=True)
class ProductChoice:
    """Selects the product of an asset among those that M2M offers for a scene: by code, or by a pattern of its name."""

    code: str | None = None
    named: str | None = None

    def fits(self, code: str, name: str) -> bool:
        """Whether this is the product."""
        if self.named is not None:
            return fnmatchcase(name.casefold(), self.named.casefold())
        return code == self.code


def product_rows(rows: Mapping[str, ProductRow | None], code: str, name: str) -> list[ProductRow] | None:
    """Return the rows that apply to a product, in order; empty if none does. None: the product is not a file.

    Rows with the product's code apply before those with a pattern of its name, the longest pattern first.
    """
    if code in rows and rows[code] is None:
        return None
    by_code = [row for key, row in rows.items() if row and not row.named and (row.code or key) == code]
    if by_code:
        return by_code
    matching = [row for row in rows.values() if row and row.named and _choice(row, "").fits(code, name)]
    longest = max((len(row.named or "") for row in matching), default=0)
    return [row for row in matching if len(row.named or "") == longest]


def product_key(code: str, name: str) -> str:
    """Return a product's asset key. It depends on code and name only, so that it is the same for every scene.

    >>> product_key("D183", "Standard Format")
    'd183_standard_format'
    """
    return "_".join([code.lower(), *re.findall(r"[a-z0-9]+", name.lower())])


def product_choice(rows: Mapping[str, ProductRow | None], key: str, display_id: str) -> ProductChoice:
    """Return the product behind an asset key of a scene: that of the row with the key, else the code in the key.

    >>> product_choice({}, "d183_standard_format", "DS1117-2086DA017")
    ProductChoice(code='D183', named=None)
    """
    for name, row in rows.items():
        if row and row.key == key and fnmatchcase(display_id, row.ids):
            return _choice(row, name)
    return ProductChoice(key.partition("_")[0].upper())


def _choice(row: ProductRow, name: str) -> ProductChoice:
    return ProductChoice(None, row.named) if row.named else ProductChoice(row.code or name)
