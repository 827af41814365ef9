"""Views as pictures for the eye."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from m2m_sandbox.pixels.landscape.spectra import kelvin, surface
from m2m_sandbox.pixels.landscape.view import view
from m2m_sandbox.pixels.quality import quality
from m2m_sandbox.pixels.tiff import TILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from m2m_sandbox.archive.landsat.archive import SceneFacts
    from m2m_sandbox.pixels.landscape.view import View

__all__ = ["NATURAL", "Kind", "coloured", "picture"]

Pixels = NDArray[np.uint8]
Kind = Literal["refl", "tir", "qb"]
NATURAL = ("red", "green", "blue")

# Of QA_PIXEL, from the most to the least telling: bit, colour
_FLAGS = ((3, (250, 250, 250)), (4, (60, 50, 80)), (2, (210, 190, 230)), (1, (190, 190, 190)), (5, (120, 220, 255)),
          (7, (40, 90, 200)), (6, (90, 120, 60)))  # fmt: skip


def picture(facts: SceneFacts, most: int, kind: Kind = "refl") -> Pixels:
    """A scene of at most ``most`` pixels across or down, as (height, width, 3); black outside it."""
    grid, level = facts.grid, 0
    while max(-(-grid.width // 2**level), -(-grid.height // 2**level)) > most:
        level += 1
    width, height = -(-grid.width // 2**level), -(-grid.height // 2**level)
    across, down = -(-width // TILE), -(-height // TILE)
    rows = [
        np.hstack([_tile(view(facts, grid, level, column, row), facts, kind) for column in range(across)])
        for row in range(down)
    ]
    return np.vstack(rows)[:height, :width]


def _tile(seen: View, facts: SceneFacts, kind: Kind) -> Pixels:
    drawn = _KINDS[kind](seen, facts)
    return drawn * seen.inside[..., None].astype(np.uint8)


def coloured(seen: View, bands: tuple[str, ...] = NATURAL) -> Pixels:
    """Three bands as red, green and blue, by a curve that keeps both water and cloud from clipping."""
    shown = np.stack([surface(seen, band) for band in bands], -1)
    grey = shown.mean(-1, keepdims=True)
    shown = np.maximum(grey + (shown - grey) * np.float32(1.18) - np.float32(0.004), 0)
    return np.asarray(np.minimum(shown * 296 / (shown + np.float32(0.13)), 255).astype(np.uint8))


def _thermal(seen: View, facts: SceneFacts) -> Pixels:
    """Light is warm."""
    grey = np.clip((kelvin(seen, facts.sun[0]) - 240) * 3, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, -1)


def _flags(seen: View, facts: SceneFacts) -> Pixels:
    bits, drawn = quality(seen, facts.sensor), np.zeros((*seen.inside.shape, 3), np.uint8)
    for bit, colour in reversed(_FLAGS):
        drawn[(bits >> bit & 1) > 0] = colour
    return drawn


_KINDS: dict[str, Callable[[View, SceneFacts], Pixels]] = {
    "refl": lambda seen, _facts: coloured(seen),
    "tir": _thermal,
    "qb": _flags,
}
