"""Datasets small enough to be written out: photographs, frames of spy satellites, elevation, events."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from m2m_sandbox.archive.fact_sheets import sheet
from m2m_sandbox.archive.small.archive import Few
from m2m_sandbox.archive.small.kinds import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SMALL", "Few", "corona", "few", "naip"]


@cache
def few(name: str) -> Few:
    """The scenes of a small dataset, made at their first use. Raises KeyError for any other name."""
    facts = {**sheet(name), "name": name}
    return Few(ROWS[name](facts["scenes"]), facts)


SMALL: dict[str, Callable[[], Few]] = {name: partial(few, name) for name in ROWS}
"""The archives of the small datasets by alias."""

corona = SMALL["corona2"]
naip = SMALL["naip"]
