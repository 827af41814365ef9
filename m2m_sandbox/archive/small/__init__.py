"""Datasets small enough to hold in memory: photographs, frames of reconnaissance satellites, elevation, events."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from m2m_sandbox.archive.fact_sheets import sheet
from m2m_sandbox.archive.small.archive import SmallArchive
from m2m_sandbox.archive.small.kinds import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SMALL", "SmallArchive", "corona", "naip", "small_archive"]


@cache
def small_archive(name: str) -> SmallArchive:
    """Return the archive of a small dataset, built on first use. Raises KeyError for any other name."""
    facts = {**sheet(name), "name": name}
    return SmallArchive(ROWS[name](facts["scenes"]), facts)


SMALL: dict[str, Callable[[], SmallArchive]] = {name: partial(small_archive, name) for name in ROWS}
"""The archives of the small datasets by alias."""

corona = SMALL["corona2"]
naip = SMALL["naip"]
