"""A day as text, in the ways that Landsat's ids and M2M's fields write it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

__all__ = ["Spelt", "spelt"]


@dataclass(frozen=True, slots=True)
class Spelt:
    """2020-12-04 as it is, and as 20201204, 2020/12/04 and 2020339."""

    dashes: str
    plain: str
    slashes: str
    of_year: str


@lru_cache(maxsize=4096)
def spelt(day: date) -> Spelt:
    """Kept, because a page of scenes writes the same few days many times."""
    dashes = day.isoformat()
    return Spelt(dashes, dashes.replace("-", ""), dashes.replace("-", "/"), f"{day:%Y%j}")
